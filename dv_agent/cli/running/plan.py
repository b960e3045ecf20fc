"""The command ``dv-agent plan``: a model writes a coverage plan, and the plan is judged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dv_agent.cli.terminal import complain, overwrite, say, say_json, tell_of_dotenv
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.agents.models.chat_model import ModelSettings
    from dv_agent.designs.loader import DesignFolder
    from dv_agent.eval.plan_writing.judge_plan import JudgedPlan
    from dv_agent.eval.plan_writing.plan_record import PlanRequest
    from dv_agent.eval.plan_writing.plan_score import PlanScore


def plan(
    design: Annotated[str, typer.Option(help="Name of a design, or path of its folder.")],
    model: Annotated[
        str | None, typer.Option(envvar="DV_AGENT_MODEL", help="provider:name, such as openai:gpt-5.")
    ] = None,
    judge: Annotated[Path | None, typer.Option(help="Judge this plan.yaml instead of asking a model.")] = None,
    base_url: Annotated[
        str | None, typer.Option(envvar="DV_AGENT_BASE_URL", help="Address of an OpenAI-compatible server.")
    ] = None,
    max_calls: Annotated[int, typer.Option(min=1, max=50, help="Calls of the model; a faulty plan is told why.")] = 4,
    max_cycles: Annotated[
        int, typer.Option(min=1, help="Cycles of the tests that close the plan, and on each seeded bug.")
    ] = 50_000,
    beats: Annotated[int, typer.Option(min=0, help="Random beats that may hit a bin.")] = 1_000_000,
    context_tokens: Annotated[int, typer.Option(min=1_000, help="Most tokens of prompt and reply together.")] = 64_000,
    max_tokens: Annotated[int, typer.Option(min=16, help="Most output tokens of one reply.")] = 12_000,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds after which an attempt is given up.")] = 120,
    no_expert: Annotated[bool, typer.Option("--no-expert", help="Judge not the design's own plan beside it.")] = False,
    simulator: Annotated[
        str, typer.Option(envvar="DV_AGENT_SIMULATOR", help="Which simulator judges: icarus, verilator or native.")
    ] = "icarus",
    out: Annotated[
        Path | None, typer.Option(help="Folder of the record, in which the same command goes on; default: a new one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Play the track `plan`: a model writes the plan of a design from its specification; nothing of it is executed.

    Examples:

      dv-agent plan --design kv_pack --model openai:gpt-5

      dv-agent plan --design kv_pack --judge mine.yaml --beats 100000
    """
    from dv_agent.agents.records.writer import new_folder
    from dv_agent.designs.benchmark.fingerprint import fingerprint
    from dv_agent.designs.files.documents import replace_text
    from dv_agent.designs.loader import find_design
    from dv_agent.eval.plan_writing.judge_plan import judge_plan
    from dv_agent.eval.plan_writing.plan_record import SCORE, PlanRequest

    if (model is None) == (judge is None):
        raise UsageError("say who wrote the plan: --model NAME, or --judge FILE")
    folder = find_design(design)
    asked = PlanRequest(
        design=folder.design.name, hashes=fingerprint(folder), cycles=max_cycles, beats=beats, simulator=simulator,
        expert=not no_expert,
    )  # fmt: skip
    said = {"base_url": base_url, "context_tokens": context_tokens, "max_tokens": max_tokens, "timeout": timeout}
    settings = _usable({"model": model, **said}, out) if model else None
    home = out or new_folder(Path("runs"), folder.design.name, "plan", model)
    if settings:
        asked, (text, calls, fault) = _written(folder, home, asked, max_calls, settings)
    else:
        text, calls, fault = _given(judge or Path(), home, asked), 0, ""
    seen = sys.stderr.isatty()
    result = judge_plan(folder, text, fault, asked, overwrite if seen else lambda _: None)
    if seen:
        overwrite()
    replace_text(home / SCORE, result.model_dump_json(indent=1) + "\n")
    if as_json:
        say_json({"design": folder.design.name, "calls": calls, **result.model_dump(mode="json"), "record": str(home)})
    else:
        _tell(result, calls, home)
    if result.fault:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _tell(result: JudgedPlan, calls: int, home: Path) -> None:
    for name, score in (("plan", result.written), ("expert", result.expert)):
        if score:
            say(_line(name, score))
    if result.fault:
        say(f"the plan does not load: {result.fault}")
    say(f"calls: {calls}\nrecord: {home}")


def _usable(said: dict[str, Any], out: Path | None) -> ModelSettings:
    """Return the settings of the model; of a new record they are checked before there is a folder."""
    from dv_agent.agents.models.chat_model import ModelSettings
    from dv_agent.agents.models.providers import endpoint_of
    from dv_agent.eval.plan_writing.plan_record import REQUEST

    tell_of_dotenv()
    settings = ModelSettings(**said)
    if out is None or not (out / REQUEST).exists():
        endpoint_of(settings).require(settings)
    return settings


def _written(
    folder: DesignFolder, home: Path, asked: PlanRequest, max_calls: int, settings: ModelSettings
) -> tuple[PlanRequest, tuple[str, int, str]]:
    """Return the request with its model; and the text of the plan, the calls that it took, and its fault."""
    from dv_agent.eval.plan_writing.judge_plan import plan_of_model
    from dv_agent.eval.plan_writing.plan_record import begin_record

    words = {"model": settings.model, "max_calls": max_calls, "reply_tokens": settings.reply_tokens}
    asked = asked.model_copy(update=words)
    begin_record(home, asked)
    return asked, plan_of_model(folder, settings, max_calls, home, complain)


def _given(path: Path, home: Path, asked: PlanRequest) -> str:
    """Return the text of a plan.yaml, which is kept in the record."""
    from dv_agent.designs.files.documents import read_text, replace_text
    from dv_agent.eval.plan_writing.plan_record import PLAN, begin_record

    text = read_text(path)
    begin_record(home, asked)
    replace_text(home / PLAN, text)
    return text


def _line(name: str, score: PlanScore) -> str:
    from dv_agent.designs.text.wording import counted

    return (
        f"{name:<7} {score.bins:>5} bins, {score.reachable_percent:.1f} % can be hit; "
        f"{counted(score.tests, 'test')} in {score.cycles:,} cycles close it; "
        f"{score.kills} of {counted(score.bugs, 'seeded bug')} killed "
        f"({score.kills_per_bin:.3f} a bin)"
    )

"""The command ``dv-agent run``: runs one agent on one design with one budget."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.shared_options import BUDGET, MODEL, MOST_SEED, Effort, GoalName, RoleStyle, TrackOption, given
from dv_agent.cli.shared_options import option as _option
from dv_agent.cli.terminal import complain, say_json, tell_of_dotenv, warn_of_foreign
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.agents.runs.launch import FinishedRun
    from dv_agent.agents.runs.request import RunRequest
    from dv_agent.prompts.unnoticed import Unnoticed

NO_MODEL = (
    "No model is set, so the built-in `search` agent proposed the tests. Set one with --model openai:gpt-5 "
    "(key in OPENAI_API_KEY or .env), or --model openai:NAME --base-url URL for a local server; see docs/models.md."
)


class AgentName(StrEnum):
    """The agent that proposes tests."""

    null = "null"
    random = "random"
    crv = "crv"
    sweep = "sweep"
    search = "search"
    oracle = "oracle"
    llm = "llm"
    tools = "tools"


def _config(context: typer.Context, path: Path | None) -> Path | None:
    from dv_agent.cli.running.options_file import read_config

    return read_config(context, path)


def _unnoticed(mutants: Path | None, design: str | None) -> tuple[Unnoticed, ...]:
    if mutants is None:
        return ()
    if design is None:
        raise UsageError("--mutants goes with --design; a run that is resumed or replayed holds what was told")
    from dv_agent.designs.loader import find_design
    from dv_agent.eval.mutants.feedback import unnoticed_of

    return unnoticed_of(mutants, find_design(design))


def run(
    context: typer.Context,
    design: Annotated[str | None, _option("DESIGN", "Name of a design, or path of its folder.")] = None,
    agent: Annotated[AgentName | None, _option("AGENT", "Who proposes tests: the floor (null), random, constrained "
        "random (crv), a loop script (sweep), guided search, the witnesses (oracle), or a language model, in one "
        "prompt a turn (llm) or with tools (tools). Default: llm with --model, else search.")] = None,
    seed: Annotated[int, _option("SEED", "Fixes every choice of the agent.", min=0, max=MOST_SEED)] = 0,
    simulator: Annotated[str | None, _option("SIMULATOR", "Which simulator runs the RTL; if not given: icarus, and "
        "verilator for a goal with code coverage.")] = None,
    goal: Annotated[GoalName | None, _option("GOAL", "What to cover: the plan (functional), lines, branches, "
        "expressions and signals of the RTL (code, counted by Verilator), or both. Default: functional; of a design "
        "without plan.yaml both, where Verilator is installed.")] = None,
    track: Annotated[TrackOption, _option("TRACK", "What a model is given: the plan and its holes (closure), the "
        "specification alone (blind), the RTL alone (rtl), or both to hunt a bug (hunt); see docs/tracks.md.")]
        = TrackOption.closure,
    bug: Annotated[str | None, _option("BUG", "Run on a copy of the RTL with this seeded bug in it.")] = None,
    unguided: Annotated[bool, typer.Option("--unguided", help="Ablation: `search` without hole guidance.")] = False,
    out: Annotated[Path, _option("OUT", "Folder for run records.")] = Path("runs"),
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this folder.")] = None,
    config: Annotated[Path | None, typer.Option(callback=_config, is_eager=True,
        help="YAML file with options: one `name: value` a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    max_cycles: Annotated[int | None, _option("MAX_CYCLES", "Simulated clock cycles; 200,000 if not given.", BUDGET,
        min=1)] = None,
    max_calls: Annotated[int | None, _option("MAX_CALLS", "Calls of the model; 50 if not given.", BUDGET,
        min=1)] = None,
    max_tokens_total: Annotated[int | None, _option("MAX_TOKENS_TOTAL", "Tokens of all calls.", BUDGET, min=1)] = None,
    max_usd: Annotated[float | None, _option("MAX_USD", "Price of all calls, US dollars.", BUDGET, min=0.0001)] = None,
    max_seconds: Annotated[float | None, _option("MAX_SECONDS", "Wall time; makes a run irreproducible.", BUDGET,
        min=0.1)] = None,
    target: Annotated[float | None, _option("TARGET", "Stop at this percentage of bins; exit 1 if missed.", BUDGET,
        min=0, max=100)] = None,
    patience: Annotated[int | None, _option("PATIENCE", "Stop after so many turns without a new bin.", BUDGET,
        min=1)] = None,
    stop_on_failure: Annotated[bool, typer.Option("--stop-on-failure", envvar="DV_AGENT_STOP_ON_FAILURE",
        help="End at the first failed check.", rich_help_panel=BUDGET)] = False,
    model: Annotated[str | None, _option("MODEL", "provider:name, such as openai:gpt-5; or replay:RUN.", MODEL)] = None,
    prompt_strategy: Annotated[str, _option("PROMPT_STRATEGY",
        "How the model is prompted: a name of `dv-agent prompts list`, or a YAML file.", MODEL)] = "default",
    mutants: Annotated[Path | None, _option("MUTANTS", "Folder of `dv-agent mutate`: tell the model which changes of "
        "the RTL would not be noticed.", MODEL)] = None,
    decoys: Annotated[int, _option("DECOYS", "With --agent tools: mix so many bins that the plan documents as "
        "unreachable among the holes, to score claims.", MODEL, min=0, max=1_000)] = 0,
    cache: Annotated[Path | None, _option("REPLY_CACHE", "SQLite file of replies: identical calls are asked and paid "
        "once.", MODEL)] = None,
    reparse: Annotated[bool, typer.Option("--reparse", rich_help_panel=MODEL,
        help="With --model replay:RUN: read the recorded replies with today's parser.")] = False,
    base_url: Annotated[str | None, _option("BASE_URL", "Address of an OpenAI-compatible server.", MODEL)] = None,
    temperature: Annotated[float | None, _option("TEMPERATURE", "Sampling temperature.", MODEL, min=0, max=2)] = None,
    max_tokens: Annotated[int | None, _option("MAX_TOKENS", "Most output tokens of one reply; sent only if given.",
        MODEL, min=16)] = None,
    reasoning_effort: Annotated[Effort | None, _option("REASONING_EFFORT", "For reasoning models.", MODEL)] = None,
    role_style: Annotated[RoleStyle, _option("ROLE_STYLE", "What becomes of the system message, for servers that "
        "refuse that role.", MODEL)] = RoleStyle.auto,
    llm_seed: Annotated[int | None, _option("LLM_SEED", "Sampling seed, where the model takes one.", MODEL)] = None,
    context_tokens: Annotated[int, _option("CONTEXT_TOKENS", "Most tokens of prompt and reply together.", MODEL,
        min=1_000)] = 32_000,
    requests_per_minute: Annotated[float | None, _option("REQUESTS_PER_MINUTE", "Space the calls.", MODEL,
        min=0.01)] = None,
    timeout: Annotated[float, _option("TIMEOUT", "Seconds after which an attempt is given up.", MODEL, min=0.1)] = 120,
    retry_seconds: Annotated[float, _option("RETRY_SECONDS", "No new attempt starts after so long.", MODEL,
        min=0)] = 300,
) -> None:  # fmt: skip
    """Close the coverage of a design: propose tests, simulate, check, sample, repeat.

    Every option may stand in the environment as DV_AGENT_NAME, or in a YAML file (--config) as name: value.

    Examples:

      dv-agent run --design mxint_softmax

      dv-agent run --design mxint_softmax --model openai:gpt-5 --max-usd 2

      dv-agent run --design mxint_softmax --model openai:qwen3 --base-url http://127.0.0.1:11434/v1

      dv-agent run --design mxint_softmax --agent random --seed 3 --target 80 --json

      dv-agent run --design mxint_softmax --bug S2 --stop-on-failure

      dv-agent run --design mxint_softmax --agent tools --model openai:gpt-5 --decoys 8

      dv-agent run --model replay:runs/20261120T120000Z_mxint_softmax_llm_openai-gpt-5_1a2b3c

      dv-agent run --resume runs/20261120T120000Z_mxint_softmax_llm_openai-gpt-5_1a2b3c
    """
    from dv_agent.agents.runs.request import RunRequest

    settings = None
    if model:
        settings = {
            "model": model, "base_url": base_url, "temperature": temperature, "max_tokens": max_tokens,
            "reasoning_effort": reasoning_effort.value if reasoning_effort else None, "llm_seed": llm_seed,
            "role_style": role_style.value,
            "context_tokens": context_tokens, "requests_per_minute": requests_per_minute, "timeout": timeout,
            "retry_seconds": retry_seconds,
        }  # fmt: skip
    if design is None and resume is None and not (model or "").startswith("replay:"):
        raise UsageError("say which design: --design NAME; `dv-agent designs list` names them")
    said = given(context)
    request = RunRequest(
        design=design, agent=agent.value if agent else None, seed=seed, max_cycles=max_cycles, max_calls=max_calls,
        max_tokens_total=max_tokens_total, max_usd=max_usd, max_seconds=max_seconds, target=target, patience=patience,
        stop_on_failure=stop_on_failure, guided=not unguided, bug=bug, simulator=simulator, resume=resume,
        goal=goal.value if goal else None, track=track.value, out=out,
        model=settings, prompt_strategy=prompt_strategy, decoys=decoys,
        cache=cache, reparse=reparse, base_url=base_url, unnoticed=_unnoticed(mutants, design),
        given=said, timeout=timeout if "timeout" in said else None,
        retry_seconds=retry_seconds if "retry_seconds" in said else None, requests_per_minute=requests_per_minute,
    )  # fmt: skip
    if not quiet:
        tell_of_dotenv()
        warn_of_foreign(design)
    _end(_launched(request, as_json, quiet), target)


def _launched(request: RunRequest, as_json: bool, quiet: bool) -> FinishedRun:
    """Run to the end, and tell what came of it."""
    from dv_agent.agents.runs.launch import launch
    from dv_agent.agents.runs.progress import Unwatched
    from dv_agent.cli.interrupt import Interrupt
    from dv_agent.eval.report.output import write_report

    if as_json:
        finished = launch(request, Unwatched(), write_report, Interrupt())
        say_json(finished.summary())
        return finished
    from dv_agent.cli.running.display import Display

    display = Display(quiet)
    finished = launch(request, display, write_report, Interrupt())
    display.report(finished)
    if finished.header.agent == "search":
        display.note(NO_MODEL)
    return finished


def _end(finished: FinishedRun, target: float | None) -> None:
    """Leave with the exit code of what came of the run, unless that is 0."""
    if finished.header.status == "interrupted":
        raise typer.Exit(ExitCode.INTERRUPTED)
    if finished.header.nothing_checked:
        complain(f"dv-agent: nothing was checked: {finished.header.nothing_checked}")
        raise typer.Exit(ExitCode.NOTHING_CHECKED)
    if finished.failures or (target is not None and not finished.target_met):
        raise typer.Exit(ExitCode.CHECK_FAILED)

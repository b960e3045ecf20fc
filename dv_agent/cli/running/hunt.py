"""The command ``dv-agent hunt``: does a model find one bug, with its place, and stay silent on clean RTL?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.shared_options import MOST_SEED
from dv_agent.cli.terminal import say, say_json, tell_of_dotenv
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.eval.hunting.play_hunt import HuntReport


def hunt(
    cases: Annotated[Path, typer.Argument(help="YAML file of cases: designs with a bug, a mutant, or as they are.")],
    model: Annotated[
        str, typer.Option(envvar="DV_AGENT_MODEL", help="provider:name, such as openai:gpt-5; or floor:random.")
    ],
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Draws the order of the cases; keep it secret.")] = 0,
    base_url: Annotated[
        str | None, typer.Option(envvar="DV_AGENT_BASE_URL", help="Address of an OpenAI-compatible server.")
    ] = None,
    max_calls: Annotated[int, typer.Option(min=1, help="Calls of the model, each trial.")] = 30,
    max_cycles: Annotated[int, typer.Option(min=1, help="Simulated clock cycles, each trial.")] = 50_000,
    context_tokens: Annotated[int, typer.Option(min=1_000, help="Most tokens of prompt and reply together.")] = 128_000,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds after which an attempt is given up.")] = 120,
    out: Annotated[Path, typer.Option(help="Folder of the hunt; the same command goes on.")] = Path("runs/hunt"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Play the track `hunt`: in each trial the RTL holds one bug or none, and the model reports it by tools.

    Examples:

      dv-agent hunt cases.yaml --seed 731 --model openai:gpt-5

      dv-agent hunt cases.yaml --seed 731 --model floor:random --out runs/floor

      dv-agent hunt cases.yaml --model openai:by-hand --base-url http://127.0.0.1:8765/v1 --timeout 3000
    """
    from dv_agent.agents.runs.request import RunRequest
    from dv_agent.cli.interrupt import Interrupt
    from dv_agent.cli.running.display import Display
    from dv_agent.eval.hunting.case_list import read_cases
    from dv_agent.eval.hunting.floor_hunter import FLOOR
    from dv_agent.eval.hunting.play_hunt import play_hunt

    if model.startswith("replay:"):
        raise UsageError("a hunt asks a model; replay one of its runs with dv-agent run --model replay:RUN")
    trials = read_cases(cases, seed)
    settings = {"model": model, "base_url": base_url, "context_tokens": context_tokens, "timeout": timeout}
    request = RunRequest(
        agent="tools", track="hunt", model=settings, max_calls=max_calls, max_cycles=max_cycles, simulator="icarus"
    )
    if not quiet:
        tell_of_dotenv()

    def tell(number: int, count: int) -> None:
        if not (quiet or as_json):
            say(f"trial {number + 1} of {count}")

    watcher, floor = Display(quiet=True), model == FLOOR
    report = play_hunt(trials, request, f"tools {model}", out, watcher, Interrupt, tell, floor)
    if as_json:
        say_json(report.model_dump(mode="json"))
    else:
        _show(report, out)
    if len(report.trials) < len(trials):
        raise typer.Exit(ExitCode.INTERRUPTED)


def _show(report: HuntReport, out: Path) -> None:
    say(f"{'trial':>5}  {'design':<18} {'RTL':<6} {'found':<6} {'calls':>6} {'cycles':>8} {'wrong reports':>14}")
    for one in report.trials:
        kind, calls, cycles = "clean" if one.clean else "bug", one.calls, one.cycles
        found = "" if one.clean else "yes" if one.found else "shown" if one.shown else "no"
        numbers = f"{calls if calls is not None else '':>6} {cycles if cycles is not None else '':>8}"
        say(f"{one.number:>5}  {one.design:<18} {kind:<6} {found:<6} {numbers} {one.wrong:>14}")
    score = report.score
    say(
        f"found with the right place: {score.found} of {counted(score.bugs, 'bug')} (a test failed on {score.shown}); "
        f"reports on clean RTL: {score.alarmed} of {score.clean}; wrong reports in all: {score.wrong}"
    )
    say(f"record: {out}")

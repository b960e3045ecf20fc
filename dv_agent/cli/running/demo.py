"""The command ``dv-agent demo``: in one minute a bug is found, shrunk, and shown as a waveform in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.terminal import complain, say
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.agents.runs.launch import FinishedRun
    from dv_agent.designs.benchmark.seeded_bugs import Bug

MOST_CYCLES = 100_000


def demo(
    design: Annotated[str | None, typer.Option(help="A design with seeded bugs; else the smallest one.")] = None,
    bug: Annotated[str | None, typer.Option(help="Its bug; else the first easy one.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the record.")] = Path("runs"),
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Find a seeded bug on real RTL, shrink the test that shows it, and show its waveform. Needs no model and no key.

    Example:

      dv-agent demo
    """
    from dv_agent.agents.runs.launch import launch
    from dv_agent.agents.runs.request import RunRequest
    from dv_agent.cli.interrupt import Interrupt
    from dv_agent.cli.running.display import Display
    from dv_agent.eval.report.output import write_report

    name = design or _smallest()
    chosen = _bug_of(name, bug)
    say(f"In a copy of the RTL of {name} there is a bug now ({chosen.id}). Nobody tells the agent where.")
    say("Tests are proposed, simulated, and every output is compared with the reference model, until a check fails:")
    request = RunRequest(
        design=name, agent="search", bug=chosen.id, max_cycles=MOST_CYCLES, stop_on_failure=True, out=out
    )
    finished = launch(request, Display(), write_report, Interrupt())
    if finished.header.status == "interrupted":
        raise typer.Exit(ExitCode.INTERRUPTED)
    _tell(finished, chosen)
    page = finished.folder / "report.html"
    say(f"the page shows all of it: {page}")
    if show:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            complain("no browser found; open the file above")


def _smallest() -> str:
    from dv_agent.cli.designs.listing import known_designs

    found = [one for one in known_designs() if one["bugs"]]
    if not found:
        raise UsageError("no design with seeded bugs is known here: say which one with --design")
    name: str = min(found, key=lambda one: one["rtl_lines"])["name"]
    return name


def _bug_of(design: str, wanted: str | None) -> Bug:
    from dv_agent.designs.benchmark.seeded_bugs import load_bugs
    from dv_agent.designs.loader import find_design
    from dv_agent.errors import UnknownNameError

    bugs = {one.id: one for one in load_bugs(find_design(design))}
    if wanted is not None and wanted not in bugs:
        raise UnknownNameError(f"seeded bug of {design}", wanted, bugs)
    if not bugs:
        raise UsageError(f"{design} has no seeded bugs: `dv-agent designs list` says which designs have")
    ordered = sorted(bugs.values(), key=lambda one: ("easy", "medium", "hard").index(one.difficulty))
    return bugs[wanted] if wanted else ordered[0]


def _tell(finished: FinishedRun, bug: Bug) -> None:
    """Say what was found; nothing found is no success."""
    if not finished.triaged.findings:
        say(f"the bug was not found within {counted(MOST_CYCLES, 'cycle')}: {bug.description}")
        raise typer.Exit(ExitCode.CHECK_FAILED)
    finding = finished.triaged.findings[0]
    say(f"FOUND: {finding.headline}")
    for line in finding.lines():
        say(f"  {line}")
    say(f"what the bug is: {bug.description}")

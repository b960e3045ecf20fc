"""The command ``dv-agent regress``: what a change of the RTL does, by the recorded tests that reach it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.terminal import complain, overwrite, say, say_json, warn_of_foreign
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode

if TYPE_CHECKING:
    from dv_agent.eval.regression.regress import Regressed


def regress(
    run: Annotated[Path, typer.Argument(help="Folder of the run whose tests are played, made at the base.")],
    base: Annotated[str, typer.Option(help="The git revision to compare with, such as main or HEAD~1.")],
    design: Annotated[str | None, typer.Option(help="Where the design is, if not under its own name.")] = None,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="How many of the recorded tests are played at most; "
        "those that say most about the change come first.")] = 0.25,
    least: Annotated[int, typer.Option(min=1, help="So many are played in any case, where there are so many.")] = 20,
    markdown: Annotated[Path | None, typer.Option(help="Write a comment for a pull request into this file.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML into this file.")] = None,
    waves: Annotated[Path | None, typer.Option(help="Write waveforms of the smallest differing test on both into this "
        "folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:  # fmt: skip
    """Play recorded tests on changed RTL and on its base: failed checks, differences, lost coverage; exit code 1.

    A run with --goal code or both knows which tests come near the change. docs/ci.md has a job for GitHub.

    Example:

      dv-agent regress runs/20261120T120000Z_fifo_search_1a2b3c --base main --design fifo --markdown comment.md
    """
    from dv_agent.agents.records.reader import read_whole_run
    from dv_agent.agents.records.recorded_names import recorded_simulator
    from dv_agent.designs.files.output_places import require_file_place, require_folder_place
    from dv_agent.designs.loader import find_design, find_recorded_design
    from dv_agent.eval.exchange.optional_packages import package
    from dv_agent.eval.regression.base_rtl import base_rtl
    from dv_agent.eval.regression.regress import regress as play
    from dv_agent.runners.registry import find_simulator

    for file, option in ((markdown, "--markdown"), (junit, "--junit")):
        require_file_place(file, option)
    require_folder_place(waves, "--waves")
    if junit:
        package("junitparser")  # before the tests are played
    warn_of_foreign(design)
    recorded = read_whole_run(run)
    header = recorded.header
    folder = find_design(design) if design else find_recorded_design(header.design, header.design_folder)
    progress = overwrite if sys.stderr.isatty() and not as_json else lambda words: None
    with scratch_folder() as room:
        found = play(
            recorded, folder, base_rtl(folder, base, room / "base"), find_simulator(recorded_simulator(header)), share,
            least, waves, progress,
        )  # fmt: skip
    progress("")
    _write(found, folder.design.name, markdown, junit)
    if as_json:
        say_json(found.summary())
    else:
        _tell(found)
    if found.nothing_checked:
        complain(f"dv-agent: nothing was checked: {found.nothing_checked}")
        raise typer.Exit(ExitCode.NOTHING_CHECKED)
    if not found.clean:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _write(found: Regressed, design: str, markdown: Path | None, junit: Path | None) -> None:
    """Write the files that were asked for."""
    from dv_agent.designs.files.documents import replace_text

    if markdown:
        from dv_agent.eval.regression.pull_request import comment_text

        replace_text(markdown, comment_text(found, design))
    if junit:
        from dv_agent.eval.regression.junit_result import junit_result

        replace_text(junit, junit_result(found, design))


def _tell(found: Regressed) -> None:
    reached = "" if found.reached is None else f", {found.reached} reach the change"
    say(f"{counted(len(found.tests), 'test')} of {found.of} played{reached}; base {found.base.commit[:12]}")
    for name, lines in found.base.now.items():
        say(f"changed: {name}, {counted(len(lines), 'line')}")
    for number, why in found.refused.items():
        say(f"REFUSED test {number}: {why}")
    for number, failures in found.failed.items():
        say(f"FAILED test {number}: {failures[0]}")
    for one in found.compared.shown if found.compared else ():
        say(f"DIFFERENT {one}")
    for name in found.lost:
        say(f"LOST {name}")
    for note in found.notes:
        say(f"note: {note}")
    if not found.tests and not found.refused:
        say("the RTL is the base's: nothing was played")
    elif found.clean:
        say("no check failed, nothing differs, no coverage was lost")

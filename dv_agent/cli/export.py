"""The command ``dv-agent export``: a run in a form that other tools read."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.terminal import complain, overwrite, say, say_json
from dv_agent.designs.text.wording import counted

if TYPE_CHECKING:
    from dv_agent.eval.cocotb_project.write_project import Exported


class Form(StrEnum):
    """What a run is exported as."""

    cocotb = "cocotb"


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run, such as runs/20261120T120000Z_...")],
    out: Annotated[Path, typer.Argument(help="What is written: a new folder.")],
    form: Annotated[Form, typer.Option("--as", help="cocotb: a project that runs without dv-agent.")],
    kills: Annotated[bool, typer.Option("--kills/--no-kills", help="Keep the tests that kill the design's seeded bugs; "
        "they are looked for on the simulator.")] = True,
    design: Annotated[str | None, typer.Option(help="Where the design is, if not under its own name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:  # fmt: skip
    """Write the tests of a run as something that other tools use. docs/export.md says more.

    Example:

      dv-agent export runs/20261120T120000Z_mxint_softmax_search_1a2b3c softmax_tests --as cocotb
    """
    from dv_agent.agents.records.reader import read_run
    from dv_agent.agents.records.recorded_names import recorded_simulator
    from dv_agent.designs.loader import find_design, find_recorded_design
    from dv_agent.eval.cocotb_project.write_project import export_project
    from dv_agent.runners.registry import find_simulator

    recorded = read_run(run)
    header = recorded.header
    original = find_design(design) if design else find_recorded_design(header.design, header.design_folder)
    progress = overwrite if sys.stderr.isatty() and not as_json else lambda words: None
    simulator = find_simulator(recorded_simulator(header))
    done = export_project(recorded, original, simulator, out, kills, progress)
    progress("")
    if as_json:
        say_json(_summary(done))
        return
    chosen = done.chosen
    say(f"{counted(len(chosen.tests), 'test')} of {done.run_tests} keep {counted(chosen.bins, 'bin')}: {done.folder}")
    if chosen.kills:
        say(f"seeded bugs killed: {', '.join(one.bug for one in chosen.kills)}")
    for one in done.unseen:
        complain(f"dv-agent: not kept: {one.bug}, killed by the check {one.check}, which the project does not make")
    say(f"run them: cd {done.folder} && pip install -r requirements.txt && pytest")


def _summary(done: Exported) -> dict[str, object]:
    return {
        "folder": str(done.folder), "tests": [one.index for one in done.chosen.tests], "run_tests": done.run_tests,
        "bins": done.chosen.bins, "kills": {one.bug: one.test for one in done.chosen.kills},
        "not_kept": [one.bug for one in done.unseen],
    }  # fmt: skip

"""The command ``dv-agent export``: a run, or a plan, in a form that other tools read."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.terminal import complain, overwrite, say, say_json
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError

if TYPE_CHECKING:
    from dv_agent.designs.loader import DesignFolder
    from dv_agent.eval.cocotb_project.write_project import Exported


class Form(StrEnum):
    """What a run is exported as."""

    cocotb = "cocotb"
    junit = "junit"
    lcov = "lcov"
    cobertura = "cobertura"
    ucis = "ucis"
    testplan = "testplan"
    inspect = "inspect"


def export(
    run: Annotated[str, typer.Argument(help="Folder of a run, such as runs/20261120T120000Z_...; for a testplan the "
        "name or the folder of a design; for inspect the folder of an evaluation.")],
    out: Annotated[Path, typer.Argument(help="A folder for cocotb (a new one) and inspect, else a file.")],
    form: Annotated[Form, typer.Option("--as", help="cocotb: a project that runs without dv-agent. junit: its tests. "
        "lcov, cobertura: code coverage of its RTL. ucis: its functional coverage. testplan: a plan, as HJSON. "
        "inspect: an evaluation, as logs that the viewer of inspect_ai opens.")],
    kills: Annotated[bool, typer.Option("--kills/--no-kills", help="cocotb: keep the tests that kill the design's "
        "seeded bugs; they are looked for on the simulator.")] = True,
    design: Annotated[str | None, typer.Option(help="Where the design is, if not under its own name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:  # fmt: skip
    """Write the tests, results or coverage of a run as something that other tools use. docs/export.md says more.

    Examples:

      dv-agent export runs/20261120T120000Z_mxint_softmax_search_1a2b3c softmax_tests --as cocotb

      dv-agent export runs/20261120T120000Z_mxint_softmax_search_1a2b3c coverage.xml --as ucis

      dv-agent export mxint_softmax testplan.hjson --as testplan

      dv-agent export runs/evals/accelerators logs --as inspect
    """
    if design and form in (Form.junit, Form.testplan, Form.inspect):
        raise UsageError(f"--design: nothing of a design is looked up for {form.value}; leave it out")
    if not kills and form is not Form.cocotb:
        raise UsageError(f"--no-kills is for --as cocotb; no bugs are looked for in {form.value}")
    if form is Form.cocotb:
        _project(Path(run), out, kills, design, as_json)
        return
    if form is Form.inspect:
        _logs(Path(run), out, as_json)
        return
    from dv_agent.designs.files.documents import replace_text

    text = _text(run, form, design)
    replace_text(out, text)
    if as_json:
        say_json({"file": str(out), "form": form.value, "characters": len(text)})
    else:
        say(f"{form.value}: {out}")


def _text(run: str, form: Form, design: str | None) -> str:
    from dv_agent.agents.records.reader import read_whole_run
    from dv_agent.designs.loader import find_design
    from dv_agent.eval.exchange.code_files import cobertura_text, lcov_text
    from dv_agent.eval.exchange.junit_file import junit_text
    from dv_agent.eval.exchange.recorded_results import recorded_results
    from dv_agent.eval.exchange.testplan_file import testplan_text
    from dv_agent.eval.exchange.ucis_file import ucis_text

    if form is Form.testplan:
        return testplan_text(find_design(run))
    if form is Form.junit:
        return junit_text(read_whole_run(Path(run)))
    results = recorded_results(Path(run), _design_of(Path(run), design))
    return {Form.lcov: lcov_text, Form.cobertura: cobertura_text, Form.ucis: ucis_text}[form](results)


def _logs(evaluation: Path, out: Path, as_json: bool) -> None:
    from dv_agent.designs.files.documents import make_folders, replace_text
    from dv_agent.eval.exchange.inspect_logs import inspect_logs

    logs = dict(inspect_logs(evaluation))
    make_folders(out)
    for name, text in logs.items():
        replace_text(out / name, text)
    if as_json:
        say_json({"folder": str(out), "form": Form.inspect.value, "files": list(logs)})
    else:
        say(f"inspect: {counted(len(logs), 'log')} in {out}; they open with: inspect view --log-dir {out}")


def _design_of(run: Path, design: str | None) -> DesignFolder:
    """Return the design of a run, without its seeded bug."""
    from dv_agent.agents.records.reader import read_header
    from dv_agent.designs.loader import find_design, find_recorded_design

    header = read_header(run)
    return find_design(design) if design else find_recorded_design(header.design, header.design_folder)


def _project(run: Path, out: Path, kills: bool, design: str | None, as_json: bool) -> None:
    from dv_agent.agents.records.reader import read_whole_run
    from dv_agent.agents.records.recorded_names import recorded_simulator
    from dv_agent.eval.cocotb_project.write_project import export_project
    from dv_agent.runners.registry import find_simulator

    recorded = read_whole_run(run)
    original = _design_of(run, design)
    progress = overwrite if sys.stderr.isatty() and not as_json else lambda words: None
    simulator = find_simulator(recorded_simulator(recorded.header))
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

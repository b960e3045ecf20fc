"""Output of ``report.html`` into a run folder."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.runs.goal import recorded_plan
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.loader import DesignFolder, find_recorded_design
from dv_agent.errors import UsageError
from dv_agent.eval.report.code_lines import code_sources
from dv_agent.eval.report.data.load_run import load_run
from dv_agent.eval.report.data.run_data import RunData
from dv_agent.eval.report.page import render_report

NAME = "report.html"


def write_report(folder: Path, design: DesignFolder | None = None) -> Path:
    """Read the run in `folder` and write its report into it, atomically: a reader sees the old report or the new one.

    Args:
        design: folder of the run's design, if it is not found under its own name.

    Returns:
        The path of ``report.html``.

    Raises:
        InputFileError: not a run folder, or a file in it is broken.
        OutputError: the report cannot be written.
    """
    run = load_run(folder)
    home = design or _design(run)
    if home is None:
        html = render_report(run, None)
    else:
        plan = recorded_plan(folder, run.header, home)
        hashes = fingerprint(home)
        sources = code_sources(home, plan, run.header.hashes.get("rtl", ""), hashes["rtl"])
        html = render_report(run, plan, title=home.design.title, hashes_now=hashes, sources=sources)
    path = folder / NAME
    replace_text(path, html)
    return path


def _design(run: RunData) -> DesignFolder | None:
    """Return the design with the name in the record; None if it is missing, because the report is useful without it."""
    try:
        return find_recorded_design(run.header.design)
    except UsageError:
        return None

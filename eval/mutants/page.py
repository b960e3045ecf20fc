"""``report.html`` of a folder of mutants: one static page in the style of a run's report."""

from __future__ import annotations

import json
from pathlib import Path

from dv_agent.designs.files.documents import replace_text
from dv_agent.eval.mutants.data_model import VERDICTS, Mutant, Outcome
from dv_agent.eval.mutants.summary import MutationResult, by_check, by_kind, by_module, by_source, counts
from dv_agent.eval.report.environment import make_environment

NAME = "report.html"
_FOLDER = Path(__file__).parent / "templates"
_MOST = 400
_MOST_LINES = 60


def write_page(result: MutationResult) -> Path:
    """Write the page into the folder of the result, atomically.

    Raises:
        OutputError: it cannot be written.
    """
    path = Path(result.folder) / NAME
    replace_text(path, render(result))
    return path


def render(result: MutationResult) -> str:
    """Return the page; everything that RTL or a test says is escaped, and shortened to a bounded size."""
    pairs = result.pairs()
    groups = {name: [_row(*pair) for pair in pairs if pair[1].verdict == name] for name in VERDICTS}
    tables = (("tests", by_source(result)), ("kind of change", by_kind(result)), ("module", by_module(result)))
    context = {
        "settings": result.settings, "selection": result.selection, "left": result.left,
        "total": counts([outcome for _, outcome in pairs]), "verdicts": VERDICTS,
        "tables": [(title, groups) for title, groups in tables if groups], "checks": by_check(result),
        "groups": {name: rows[:_MOST] for name, rows in groups.items()},
        "more": {name: max(len(rows) - _MOST, 0) for name, rows in groups.items()},
    }  # fmt: skip
    return make_environment(_FOLDER).get_template("mutants.html.jinja").render(context)


def _row(mutant: Mutant, outcome: Outcome) -> dict[str, object]:
    lines = mutant.diff.splitlines()
    shown = [(_class(line), line) for line in lines[2 : 2 + _MOST_LINES]]
    return {"mutant": mutant, "change": mutant.change, "outcome": outcome, "diff": shown,
            "more": max(len(lines) - 2 - _MOST_LINES, 0), "steps": _steps(outcome)}  # fmt: skip


def _class(line: str) -> str:
    return {"+": "plus", "-": "minus", "@": "place"}.get(line[:1], "")


def _steps(outcome: Outcome) -> str:
    if outcome.shortest is None:
        return ""
    text = json.dumps(outcome.shortest.data, indent=None, separators=(", ", ": "))
    return text if len(text) <= 6_000 else f"{text[:6_000]} ... {len(text) - 6_000:,} more characters in mutants.jsonl"

"""Rendering of a Board as one HTML file that loads nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from dv_agent.coverage.structure import TIERS
from dv_agent.eval.board.design_board import BinLine, DesignBoard
from dv_agent.eval.board.design_rows import in_order
from dv_agent.eval.board.equal_seconds import EqualSeconds
from dv_agent.eval.board.leaderboard import Board, Comparison
from dv_agent.eval.board.page.environment import FOLDER, environment
from dv_agent.eval.board.page.identity import facts, short_identity
from dv_agent.eval.board.page.sentences import sentences
from dv_agent.eval.board.pictures.bin_strips import Strips, bin_strips
from dv_agent.eval.board.pictures.cost_chart import cost_charts
from dv_agent.eval.board.pictures.curve_chart import CurveChart, curve_chart
from dv_agent.eval.board.pictures.scatter_chart import scatter_chart
from dv_agent.eval.board.pictures.style import Style, styles
from dv_agent.eval.board.track_columns import track_columns
from dv_agent.eval.board.trials.metrics import COVERAGE, KILLS


@dataclass(frozen=True, slots=True)
class DesignPart:
    """One design as the page shows it.

    Attributes:
        lines: its bins, the bins hit by the fewest trials first.
        places: (trial, test) -> index in `board.first_tests`.
    """

    board: DesignBoard
    charts: tuple[CurveChart, ...]
    strips: Strips | None
    lines: tuple[BinLine, ...]
    places: Mapping[tuple[str, int], int]
    never: int
    only_ceiling: int


def render_board(board: Board, beside: EqualSeconds | None = None) -> str:
    """Return the HTML page of `board`, with the table of equal seconds if there is one."""
    drawn, labels = styles(board.rows), {row.key: row.label for row in board.rows}
    script = (FOLDER / "sort.js").read_text(encoding="utf-8")
    overall = [curve_chart(axis, curves, drawn, bands=False) for axis, curves in board.curves.items()]
    context = {
        "board": board, "styles": drawn, "labels": labels,
        "identity": short_identity(board), "facts": facts(board), "tiers": TIERS,
        "charts": [chart for chart in overall if chart], "costs": cost_charts(board, drawn),
        "scatter": scatter_chart(board, drawn), "designs": [_design(one, board, drawn) for one in board.designs],
        "matrices": [(metric, _matrix(board, metric)) for metric in (COVERAGE, KILLS) if _matrix(board, metric)],
        "columns": [row for row in board.rows if row.key in drawn],
        "asking": [row for row in board.rows if "tokens" in row.figures],
        "reports": {one.id: one.report for one in board.trials},
        "sources": {one.id: f"{labels[one.row]}, seed {one.seed}" for one in board.trials},
        "sentences": sentences(board), "track_columns": track_columns(board), "equal_seconds": beside,
        "script": Markup(script),  # noqa: S704  (a file of this package; it holds nothing from a record)
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }  # fmt: skip
    return environment().get_template("board.html.jinja").render(context)


def _design(one: DesignBoard, board: Board, drawn: Mapping[str, Style]) -> DesignPart:
    charts = [curve_chart(axis, curves, drawn) for axis, curves in one.curves.items()]
    return DesignPart(
        board=one,
        charts=tuple(chart for chart in charts if chart),
        strips=bin_strips(one, drawn),
        lines=tuple(reversed(in_order(one.bin_lines))),
        places={(first.trial, first.test): place for place, first in enumerate(one.first_tests)},
        never=sum(not line.hits for line in one.bin_lines),
        only_ceiling=sum(bool(line.hits) and line.first is None for line in one.bin_lines),
    )


def _matrix(board: Board, metric: str) -> dict[tuple[str, str], tuple[Comparison, float]]:
    """Return (row, column) -> the comparison, and the mean difference of row minus column."""
    mine = [one for one in board.comparisons if one.metric == metric]
    return {(one.one, one.other): (one, one.mean) for one in mine} | {
        (one.other, one.one): (one, -one.mean) for one in mine
    }

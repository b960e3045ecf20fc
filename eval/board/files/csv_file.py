"""The board as CSV: for each row one line over all designs, then one line per design; each line has its identity."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from dv_agent.eval.board.leaderboard import Board, Figure, Row
from dv_agent.eval.board.rows.figures import NAMES

ALL = "all"
_HEAD = ("row", "kind", "agent", "model", "strategy", "rank", "design", "task_version", "checksum", "trials", "scored",
         "failed")  # fmt: skip
_SUFFIXES = ("", "_low", "_high", "_median", "_n")
_IDENTITY = ("suite", "suite_version", "simulator", "dv_agent", "identity")


def to_csv(board: Board) -> str:
    """Return comma-separated text with a header line. Cells that a spreadsheet would read as a formula start with a
    quote.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [name for name in NAMES if any(name in row.figures for row in board.rows)]
    one = board.identity
    stands_on = (one.suite, one.suite_version, one.simulator, one.project, board.identity_digest)
    writer.writerow([*_HEAD, *(f"{name}{suffix}" for name in names for suffix in _SUFFIXES), *_IDENTITY])
    for head, figures in _lines(board):
        numbers = [text for name in names for text in _numbers(figures.get(name))]
        writer.writerow([_safe(cell) for cell in (*head, *numbers, *stands_on)])
    return text.getvalue()


def _lines(board: Board) -> Iterator[tuple[Sequence[object], Mapping[str, Figure]]]:
    for row in board.rows:
        head = _head(row)
        yield (*head, ALL, "", "", row.trials, row.scored, row.failed), row.figures
        for design in board.designs:
            cell = board.cell(row.key, design.design)
            if cell:
                mine = [one for one in board.trials if (one.row, one.design) == (row.key, design.design)]
                counts = len(mine), design.scored.get(row.key, 0), sum(one.status == "failed" for one in mine)
                yield (*head, design.design, design.task_version, design.checksum, *counts), cell.figures


def _head(row: Row) -> tuple[object, ...]:
    model = row.model.model if row.model else ""
    return row.label, row.kind, row.agent, model, row.strategy, row.rank or ""


def _numbers(figure: Figure | None) -> Iterator[float | str]:
    if figure is None:
        yield from [""] * len(_SUFFIXES)
        return
    for value in (figure.mean, figure.low, figure.high, figure.median, figure.n):
        yield "" if value is None else float(f"{value:.6g}")


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell

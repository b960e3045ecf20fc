"""The board as Markdown, for a README or a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dv_agent.designs.text.visible import visible
from dv_agent.eval.board.equal_seconds import EqualSeconds
from dv_agent.eval.board.leaderboard import Board, Cell, Row
from dv_agent.eval.board.page.figure_text import NONE, count, interval, percent, plain, probability, signed
from dv_agent.eval.board.page.identity import short_identity, verified
from dv_agent.eval.board.track_columns import track_columns
from dv_agent.eval.board.trials.metrics import title_of

_COLUMNS = (
    "rank", "entry", "bins hit", "IEEE 1800", "bugs killed", "lift over random", "cycles", "tokens", "US dollars", "n",
)  # fmt: skip
_SPECIAL = re.compile(r"([\\*_{}\[\]#~!])")
_ENTITIES = {ord(one): f"&#{ord(one)};" for one in "<>&`|"}


def to_markdown(board: Board, beside: EqualSeconds | None = None) -> str:
    """Return the leaderboard, the table of equal seconds if there is one, the designs and the pairs as Markdown."""
    return "\n".join(_lines(board, beside)) + "\n"


def plain_table(board: Board) -> str:
    """Return the leaderboard for a terminal: one aligned line per row, then the notes that a reader must know."""
    head = ("rank", "entry", "bins hit, %", "95 %", "bugs killed, %", "n")
    lines = [head, *(_plain(row) for row in board.rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return visible("\n".join([*shown, *(f"! {note}" for note in board.notes)]))


def _plain(row: Row) -> tuple[str, ...]:
    coverage, kills = row.figures.get("coverage"), row.figures.get("kills")
    kind = "" if row.kind == "entry" else f" ({row.kind})"
    return (
        str(row.rank or NONE), row.label + kind, percent(coverage.mean if coverage else None),
        interval(coverage) if coverage else "", percent(kills.mean if kills else None), f"{row.scored}/{row.trials}",
    )  # fmt: skip


def _lines(board: Board, beside: EqualSeconds | None) -> Iterator[str]:
    yield f"# Leaderboard: {_text(board.identity.suite)}"
    yield ""
    for note in board.notes:
        yield f"> {_text(note)}"
        yield ">"
    yield ""
    yield from _leaderboard(board)
    yield ""
    yield from _track(board)
    if beside:
        yield from _equal_seconds(beside)
    yield from _designs(board)
    yield ""
    yield from _pairs(board)
    yield ""
    stands = f"Stands on: {_text(short_identity(board))}. Verified: {_text(verified(board))}."
    yield f"Made by `{_code(board.command)}`. {stands}"


def _leaderboard(board: Board) -> Iterator[str]:
    yield (
        "Bins hit and bugs killed in percent, mean over designs with its 95 % interval (bootstrap over designs); n "
        "trials. Rank: 1 + the number of rows that are better by more than chance explains, on the designs that rows "
        "have in common; rows without a rank are listed apart."
    )
    yield ""
    yield from _table(_COLUMNS, [_row(row) for row in board.rows])


def _equal_seconds(beside: EqualSeconds) -> Iterator[str]:
    yield _text(beside.words)
    yield ""
    head = ("design", "bins", "at", *map(_text, beside.agents))
    yield from _table(head, [tuple(map(_text, row)) for row in beside.rows()])
    yield ""


def _track(board: Board) -> Iterator[str]:
    names = track_columns(board)
    if not names:
        return
    yield f"Track {_text(board.identity.track)}, in percent:"
    yield ""
    lines = [(_text(row.label), *(_figure(row, name) for name in names)) for row in board.rows]
    yield from _table(("entry", *map(title_of, names)), lines)
    yield ""


def _row(row: Row) -> tuple[str, ...]:
    kind = "" if row.kind == "entry" else f" ({row.kind})"
    shown = [_figure(row, name) for name in ("coverage", "ieee", "kills", "lift_random")]
    costs = [_figure(row, name, with_interval=False) for name in ("cycles", "tokens", "usd")]
    return (str(row.rank or NONE), f"{_text(row.label)}{kind}", *shown, *costs, f"{row.scored} of {row.trials}")


def _figure(row: Row, name: str, *, with_interval: bool = True) -> str:
    figure = row.figures.get(name)
    if figure is None:
        return NONE
    return f"{plain(figure.mean, name)} {interval(figure, name) if with_interval else ''}".strip()


def _designs(board: Board) -> Iterator[str]:
    yield "Bins hit in percent, mean (least to most) over n trials:"
    yield ""
    lines = []
    for design in board.designs:
        shown = [_cell(board.cell(row.key, design.design)) for row in board.rows]
        lines.append((_text(design.design), count(design.bins), *shown, _text(design.uninformative)))
    yield from _table(("design", "bins", *(_text(row.label) for row in board.rows), "tells little"), lines)


def _cell(cell: Cell | None) -> str:
    figure = cell.figures.get("coverage") if cell else None
    if cell is None or figure is None:
        return NONE
    return f"{percent(figure.mean)} ({percent(cell.least)} to {percent(cell.most)}), {figure.n}"


def _pairs(board: Board) -> Iterator[str]:
    labels = {row.key: _text(row.label) for row in board.rows}
    method = board.method
    yield (
        "Paired differences of bins hit, in points; p of the sign-flip test over designs, adjusted for "
        f"{method.pairs} pairs (level {method.level:g}, smallest reachable p {method.smallest_p:.3g}):"
    )
    yield ""
    lines = [
        (labels[one.one], labels[one.other], f"{signed(one.mean)} {_ends(one.low, one.high)}".strip(),
         probability(one.adjusted_p), "yes" if one.separated else "no", f"{one.n} on {one.designs}")
        for one in board.comparisons
        if one.metric == "coverage"
    ]  # fmt: skip
    yield from _table(("one", "other", "one less other", "adjusted p", "separated", "n pairs on designs"), lines)


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{signed(low)}, {signed(high)}]"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def _text(text: str) -> str:
    """Return `text` on one line, without characters that have a meaning in Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", visible(" ".join(text.split()))).translate(_ENTITIES)


def _code(text: str) -> str:
    return visible(" ".join(text.split())).replace("`", "'")

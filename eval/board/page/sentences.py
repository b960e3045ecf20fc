"""Summary of a board in two or three sentences."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.text.wording import counted
from dv_agent.eval.board.leaderboard import Board, Row
from dv_agent.eval.board.page.figure_text import interval, percent, signed
from dv_agent.eval.board.trials.metrics import COVERAGE


def sentences(board: Board) -> tuple[str, ...]:
    """Return the best row and how certain its lead is; empty if no row has a score."""
    return tuple(_sentences(board))


def _sentences(board: Board) -> Iterator[str]:
    ranked = [row for row in board.rows if row.rank is not None]
    if not ranked:
        return
    best = ranked[0]
    figure = best.figures[COVERAGE]
    yield (
        f"{best.label} hits most bins: {percent(figure.mean)} % {interval(figure)} in the mean over "
        f"{counted(figure.designs, 'design')}, n {figure.n}. {_beaten(board, best, ranked)}"
    )
    yield from _over_random(board, ranked)


def _beaten(board: Board, best: Row, ranked: list[Row]) -> str:
    parted = {frozenset((one.one, one.other)) for one in board.comparisons if one.metric == COVERAGE and one.separated}
    equals = [row.label for row in ranked[1:] if frozenset((best.key, row.key)) not in parted]
    if not ranked[1:]:
        return ""
    if not equals:
        return "Every other ranked row is separated from it."
    more = f" and {len(equals) - 3} more" if len(equals) > 3 else ""
    return f"Not separated from it: {', '.join(equals[:3])}{more}."


def _over_random(board: Board, ranked: list[Row]) -> Iterator[str]:
    lifted = [row for row in ranked if "lift_random" in row.figures and row.kind == "entry"]
    if lifted:
        top = max(lifted, key=lambda row: row.figures["lift_random"].mean)
        figure = top.figures["lift_random"]
        yield (
            f"At equal cycles the best entry over random is {top.label}, with {signed(figure.mean)} points "
            f"{interval(figure, 'lift_random')}, n {figure.n}."
        )

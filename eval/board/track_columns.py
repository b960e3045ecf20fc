"""Which figures a board shows for its track, beside those that every board has."""

from __future__ import annotations

from dv_agent.eval.board.leaderboard import Board

_BUGS = ("mutants_first", "mutants", "hard_at_calls_1", "hard_at_calls_4", "at_calls_1", "at_calls_4")
_OF_TRACK: dict[str, tuple[str, ...]] = {
    "closure": (
        "log_area_calls", "area_cycles", "area_tokens", "at_calls_1", "at_calls_2", "at_calls_4", "at_calls_8",
        "at_cycles_5000", "at_cycles_20000", "at_cycles_50000",
    ),
    "blind": _BUGS,
    "rtl": _BUGS,
}  # fmt: skip


def track_columns(board: Board) -> tuple[str, ...]:
    """Return the names of the figures of the board's track that some row has."""
    wanted = _OF_TRACK.get(board.identity.track, ())
    return tuple(name for name in wanted if any(name in row.figures for row in board.rows))

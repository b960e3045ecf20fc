"""The identity of a board (simulator, budget, versions, designs) as text."""

from __future__ import annotations

from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.report.wording import plural

_NAMES = {"usd": "US dollars"}


def short_identity(board: Board) -> str:
    """Return one line for the foot of every table; its final digest covers versions and checksums of all designs."""
    one = board.identity
    track = "" if one.track == "closure" else f" · track {one.track}"
    words = f"{one.suite} {one.suite_version}{track} · {simulator(board)} · {budget(board)} · dv-agent {one.project}"
    return f"{words} · identity {board.identity_digest}"


def simulator(board: Board) -> str:
    """Return the simulator's name and version, without empty parts."""
    return board.identity.simulator.removesuffix(" ()")


def budget(board: Board) -> str:
    """Return the bounds that are set."""
    bounds = board.identity.budget.model_dump()
    return ", ".join(f"{value:,} {_NAMES.get(name, name)}" for name, value in bounds.items() if value is not None)


def facts(board: Board) -> tuple[tuple[str, str], ...]:
    """Return (name, value) pairs, one per line of the page."""
    one = board.identity
    return (
        ("Suite", f"{one.suite}, version {one.suite_version}"),
        *((("Track", one.track),) if one.track != "closure" else ()),
        ("Simulator", simulator(board)),
        ("Budget of a trial", budget(board) or "no bound"),
        ("dv-agent", one.project),
        ("Identity", board.identity_digest),
        ("Verified", verified(board)),
    )


def verified(board: Board) -> str:
    """Return whether the trials were verified when this board was made."""
    if board.verified is None:
        return "no: scores are those of the records; dv-agent board --verify makes every trial again"
    return f"{plural(board.verified, 'trial')} made again for this board"

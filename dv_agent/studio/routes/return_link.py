"""What a form holds, and where it leads back to."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.responses import RedirectResponse

from dv_agent.coverage.code.group import GOALS, Goal
from dv_agent.errors import UnknownNameError, UsageError


def to_session(name: str, node: int | None, **more: str) -> RedirectResponse:
    """To the page of a session; at its current node if `node` is None."""
    query = urlencode({**({} if node is None else {"node": node}), **more})
    return RedirectResponse(f"/sessions/{quote(name)}{'?' if query else ''}{query}", 303)


def file_lines(text: str) -> str:
    """`text` with the line ends of files: browsers send those of the network."""
    return text.replace("\r\n", "\n")


def goal_choice(text: str) -> Goal | None:
    """The goal in the form; None for the default of the design.

    Raises:
        UsageError: no such goal.
    """
    found = next((one for one in GOALS if one == text), None)
    if text and found is None:
        raise UnknownNameError("goal", text, GOALS)
    return found


def whole_number(name: str, text: str) -> int:
    """The number in the field `name`.

    Raises:
        UsageError: there is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise UsageError(f"{name}: {text[:40]!r} is no number")
    return int(text)

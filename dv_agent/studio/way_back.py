"""Where a form leads back to, and what a browser makes of its text."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.responses import RedirectResponse


def to_session(name: str, node: int | None, **more: str) -> RedirectResponse:
    """To the page of a session; at its current node if `node` is None."""
    query = urlencode({**({} if node is None else {"node": node}), **more})
    return RedirectResponse(f"/sessions/{quote(name)}{'?' if query else ''}{query}", 303)


def file_lines(text: str) -> str:
    """`text` with the line ends of files: browsers send those of the network."""
    return text.replace("\r\n", "\n")

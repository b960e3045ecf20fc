"""The tool `search_rtl`: the lines of the RTL that hold a text."""

from __future__ import annotations

from dv_agent.agents.toolbox.arguments import SearchRtl
from dv_agent.agents.toolbox.read_sources import Files
from dv_agent.agents.toolbox.text import ToolError, fenced_data
from dv_agent.designs.text.wording import counted

PAGE = 40
_MARGIN = 400


def search_rtl(files: Files, asked: SearchRtl, room: int) -> str:
    """Return the lines that hold `asked.text`, letter case apart, with file and line; one page.

    Raises:
        ToolError: no line holds it, or the page does not exist.
    """
    wanted = asked.text.lower()
    found = [
        f"{name}:{number}: {line.strip()[:200]}"
        for name, text in files
        for number, line in enumerate(text.splitlines(), 1)
        if wanted in line.lower()
    ]
    if not found:
        raise ToolError(f"no line of the RTL holds {asked.text[:80]!r}; it is searched as plain text, not as a pattern")
    if asked.first >= len(found):
        raise ToolError(f"first: it is in {counted(len(found), 'line')}, numbered from 0")
    page = found[asked.first : asked.first + PAGE]
    rest = len(found) - asked.first - len(page)
    more = f"\nlist on with first={asked.first + PAGE} ({rest} more)" if rest else ""
    return fenced_data(f"{counted(len(found), 'line')}", "\n".join(page), room - _MARGIN) + more

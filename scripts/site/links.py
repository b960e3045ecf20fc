"""Links of the repository's Markdown, in which paths are those of its files, as links of the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Set

PAGES = {
    "README.md": "index.md",
    "coverage/README.md": "coverage-plans.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""File of the repository outside docs/ -> page of the site."""
_SOURCES = {page: source for source, page in PAGES.items()}
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
_PICTURE = re.compile(r"!\[([^\[\]]*)\]\(([^()\s]+)\)")


def rewritten(markdown: str, page: str, known: Set[str]) -> str:
    """Return the text of `page` with the links of a page of the site.

    Args:
        known: all pages and files of the site.
    """
    here = posixpath.dirname(_SOURCES.get(page, f"docs/{page}"))

    def link(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        path, mark, anchor = target.partition("#")
        if not path or ":" in path:
            return found[0]
        place = _place(posixpath.normpath(posixpath.join(here, path)))
        if place not in known:  # a file of the repository
            return words
        return f"[{words}]({posixpath.relpath(place, posixpath.dirname(page) or '.')}{mark}{anchor})"

    def picture(found: re.Match[str]) -> str:
        if ":" in found[2]:
            return found[0]
        place = _place(posixpath.normpath(posixpath.join(here, found[2])))
        return f"![{found[1]}]({posixpath.relpath(place, posixpath.dirname(page) or '.')})"

    return "".join(
        part if part.startswith("```") else _LINK.sub(link, _PICTURE.sub(picture, part))
        for part in re.split(r"(^```.*?^```)", markdown, flags=re.S | re.M)
    )


def _place(path: str) -> str:
    """Return where a file of the repository is in the site."""
    return PAGES.get(path, path.removeprefix("docs/") if path.startswith("docs/") else f"../{path}")

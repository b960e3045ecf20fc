"""The documentation as a site (`mkdocs build`): pages from outside docs/, reference pages made from the code, links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from links import PAGES, rewritten
from mkdocs.structure.files import File, Files
from reference_pages import reference_pages

ROOT = Path(__file__).parents[2]
LEFT_OUT = ("README.md",)
"""Pages of docs/ for those who read the repository."""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the repository's other folders, and those that are made from the code."""
    for name in LEFT_OUT:
        if found := files.get_file_from_path(name):
            files.remove(found)
    for source, place in PAGES.items():
        files.append(File.generated(config, place, content=(ROOT / source).read_text(encoding="utf-8")))
    for place, text in reference_pages().items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Make links into the repository links into the site, or words where the site has no such page."""
    return rewritten(markdown, page.file.src_uri, {one.src_uri for one in files})

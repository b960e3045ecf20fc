"""The lists of pages name all of them, and a table of figures is the one that the program makes."""

from __future__ import annotations

from documented_lines import ROOT

from dv_agent.eval.tracks.board import TrackBoard
from dv_agent.eval.tracks.output import to_markdown

DOCS = ROOT / "docs"


def test_readme_and_the_list_of_docs_name_every_page() -> None:
    pages = {page.name for page in DOCS.glob("*.md")} - {"README.md"}
    listed, linked = (DOCS / "README.md").read_text(), (ROOT / "README.md").read_text()
    assert len(pages) > 30
    assert {name for name in pages if f"`{name}`" not in listed} == set()
    assert {name for name in pages if f"](docs/{name})" not in linked} == set()


def test_the_shipped_board_of_tracks_tells_the_figures_of_its_json() -> None:
    folder = DOCS / "leaderboard/tracks"
    made = to_markdown(TrackBoard.model_validate_json((folder / "tracks.json").read_text()))
    assert (folder / "tracks.md").read_text() == made
    table = [line for line in made.partition("\n## ")[0].splitlines() if line.startswith("|")]
    assert len(table) == 7
    assert "\n".join(table) in (folder / "README.md").read_text()

"""Output of a board of tracks: JSON, Markdown and one HTML page, written from the same object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jinja2

from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.text.wording import counted
from dv_agent.eval.tracks.board import BoardTrack, TrackBoard
from dv_agent.eval.tracks.sentences import SURE, amount, answer, figure_text, lead_words, verdict
from dv_agent.eval.tracks.titles import WORDS, Column

NAME = "tracks"
TEMPLATES = (Path(__file__).parent / "templates", Path(__file__).parents[1] / "report" / "templates")


def write_track_board(board: TrackBoard, folder: Path) -> tuple[Path, ...]:
    """Write ``tracks.json``, ``.md`` and ``.html`` into `folder`.

    Raises:
        OutputError: the folder cannot be written.
    """
    texts = {"json": board.model_dump_json(indent=1) + "\n", "md": to_markdown(board), "html": to_html(board)}
    for ending, text in texts.items():
        replace_text(folder / f"{NAME}.{ending}", text, make_folder=True)
    return tuple(folder / f"{NAME}.{ending}" for ending in texts)


def to_html(board: TrackBoard) -> str:
    """Return the page; it loads nothing, and whatever a record says is escaped."""
    loader = jinja2.FileSystemLoader([str(path) for path in TEMPLATES])
    rooms = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    words = {
        "SURE": SURE,
        "amount": amount,
        "answer": answer,
        "counted": counted,
        "figure_text": figure_text,
        "lead_words": lead_words,
    }
    return rooms.get_template("tracks.html.jinja").render(
        board=board, columns={one.track: shown_columns(one) for one in board.tracks}, **words
    )


def to_markdown(board: TrackBoard) -> str:
    """Return the same as Markdown."""
    return "\n".join([*_summary(board), *(line for track in board.tracks for line in _markdown(track))]) + "\n"


def shown_columns(track: BoardTrack) -> tuple[Column, ...]:
    """Return the figures that some row of a track has."""
    return tuple(one for one in WORDS[track.track].columns if any(one.name in row.figures for row in track.rows))


def _summary(board: TrackBoard) -> Iterator[str]:
    """Yield a table with a line a track: who is better, in what, how sure, at what cost."""
    yield from ("# Tracks", "", "| track | who is better | in what | how sure | a record costs |", "|---" * 5 + "|")
    for track in board.tracks:
        found = answer(track)
        cells = (found.who, found.what, found.sure, found.cost) if found else ("nobody has a score yet", "", "", "")
        yield f"| {track.track} | {' | '.join(_plain(one) or '-' for one in cells)} |"
    yield ""


def _markdown(track: BoardTrack) -> Iterator[str]:
    columns = shown_columns(track)
    yield from (f"## {track.track}", "", f"Given: {track.given}. {_plain(verdict(track))}", "")
    yield "| row | records | " + " | ".join(one.title for one in columns) + " | to the best floor |"
    yield "|---" * (len(columns) + 3) + "|"
    for row in track.rows:
        cells = [figure_text(row.figures.get(one.name), one) for one in columns]
        lead = lead_words(row.lead) if row.lead else "-"
        kind = "" if row.kind == "entry" else f" ({row.kind})"
        yield f"| {_plain(row.label)}{kind} | {row.records} | " + " | ".join(cells) + f" | {_plain(lead)} |"
    yield ""
    yield from (f"{_plain(row.label)}: {_plain(row.note)}" for row in track.rows if row.note)
    yield ""


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")

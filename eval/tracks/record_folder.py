"""The folder of a board of tracks: a folder a track, in it a folder a row, in it a folder a record."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from dv_agent.agents.records.reader import MAX_FILE, is_there, read_header
from dv_agent.agents.records.schema import COVERAGE, HEADER, TURNS
from dv_agent.designs.bounds import PlainText
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import open_plain, read_json
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import OutputError, UsageError
from dv_agent.eval.evaluation.spec import CEILING, MODEL_AGENTS
from dv_agent.eval.hunting.play_hunt import HUNT, Hunt
from dv_agent.eval.hunting.play_hunt import SCORE as HUNT_SCORE
from dv_agent.eval.plan_writing.plan_record import CALLS, PLAN, REQUEST, read_request
from dv_agent.eval.plan_writing.plan_record import SCORE as PLAN_SCORE

TrackTitle = Literal["closure", "blind", "rtl", "hunt", "plan"]
TRACK_TITLES: tuple[TrackTitle, ...] = get_args(TrackTitle)
OF_RUNS = ("closure", "blind", "rtl")
"""Tracks whose records are runs."""
RUN, MUTANTS, SUBTLE, ROW = "run", "mutants", "subtle", "row.json"
RowKind = Literal["entry", "floor", "ceiling"]
_OF_A_RUN, _OF_A_PLAN = (HEADER, TURNS, COVERAGE), (REQUEST, CALLS, PLAN, PLAN_SCORE)


class RowWords(Frozen):
    """What ``row.json`` says of a row.

    Attributes:
        label: its name on the board.
        note: what a reader must know of it, such as that nobody recorded which model it was.
    """

    schema_version: int = Field(default=1, ge=1, le=1)
    # Within Annotated: a bound in a default is undone by that of the type.
    label: Annotated[PlainText, Field(min_length=1, max_length=200)]
    note: Annotated[PlainText, Field(max_length=500)] = ""


def row_words(label: str, note: str) -> RowWords:
    """Return what a user says of a row.

    Raises:
        UsageError: the label is empty, or one of them is too long or holds control characters.
    """
    try:
        return RowWords(label=label, note=note)
    except ValidationError as error:
        one = error.errors()[0]
        name = {"label": "--row"}.get(str(one["loc"][0]), "--note")
        raise UsageError(f"{name}: {one['msg'].removeprefix('Value error, ')}") from None


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One row of one track: `home` is its folder, `records` are those in it, in the order of their names."""

    track: TrackTitle
    home: Path
    words: RowWords
    records: tuple[Path, ...]


def track_rows(folder: Path) -> Iterator[TrackRow]:
    """Yield the rows of all tracks, in the order of `TRACK_TITLES` and of their names.

    Raises:
        InputFileError: a row without a readable ``row.json``.
    """
    for track in TRACK_TITLES:
        for home in _folders(folder / track):
            words = read_json(home / ROW, RowWords)
            yield TrackRow(track, home, words, tuple(_folders(home)))


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())


def kind_of_agent(agent: str) -> RowKind:
    """Return what a row of an agent is: agents without a model are floors, the oracle is the ceiling."""
    if agent == CEILING:
        return "ceiling"
    return "entry" if agent in MODEL_AGENTS else "floor"


def add_record(folder: Path, record: Path, words: RowWords, track: TrackTitle | None = None) -> Path:
    """Copy a record into a row, and return where it stands; nothing else in the folder changes.

    Args:
        record: a run, the folder of a hunt, or the folder of a written plan.
        track: of a run of an agent without a model; other records name their own.

    Raises:
        UsageError: no such record, or one that is there already or of another track.
        InputFileError: a file of it is a link or too large.
    """
    found, name, files = _what(record)
    if track and found == "closure" and kind_of_agent(read_header(record).agent) != "entry":
        found = track
    if track and track != found:
        raise UsageError(f"{record} is a record of the track {found}, not of {track}")
    home = folder / found / slug(words.label)
    place = home / name
    if place.exists():
        raise UsageError(f"{place} is there already; give the record another folder name or the row another label")
    if not is_there(home / ROW):
        replace_text(home / ROW, words.model_dump_json(indent=1) + "\n", make_folder=True)
    into = place / RUN if found in OF_RUNS else place
    for file in files:
        _copy(record / file, into / file)
    return place


def slug(label: str) -> str:
    """Return a name of a folder for a label."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-").lower()[:60]
    if not name:
        raise UsageError("a row needs a label with a letter or digit in it")
    return name


def _what(record: Path) -> tuple[TrackTitle, str, list[Path]]:
    """Return the track of a record, the name of its folder in a row, and its files."""
    if is_there(record / HUNT):
        trials = read_json(record / HUNT, Hunt).trials
        runs = [Path(f"{one.number:03}", RUN, name) for one in trials for name in _OF_A_RUN]
        names = [Path(HUNT), Path(HUNT_SCORE), *runs]
        return "hunt", record.resolve().name, [name for name in names if is_there(record / name)]
    if is_there(record / REQUEST):
        asked = read_request(record)
        return "plan", asked.design, [Path(name) for name in _OF_A_PLAN if is_there(record / name)]
    if is_there(record / HEADER):
        header = read_header(record)
        if header.track == "hunt":
            raise UsageError(f"{record} is one trial of a hunt; add the folder of the hunt")
        files = [Path(name) for name in _OF_A_RUN if is_there(record / name)]
        return header.track, f"{header.design}_s{header.seed}", files
    raise UsageError(f"{record} holds no run, no hunt and no written plan")


def _copy(source: Path, target: Path) -> None:
    with open_plain(source, MAX_FILE) as file:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as copy:
                shutil.copyfileobj(file, copy)
        except OSError as error:
            raise OutputError(f"{target}: cannot be written: {error.strerror}") from None

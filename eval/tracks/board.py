"""The board of tracks: who is better than the best floor, in what, how sure that is, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dv_agent.designs.frozen import Frozen
from dv_agent.eval.board.leaderboard import Figure
from dv_agent.eval.board.rows.figures import figure
from dv_agent.eval.stats.clusters import grouped
from dv_agent.eval.stats.sign_flip import compare
from dv_agent.eval.tracks.record_folder import TRACK_TITLES, RowKind, RowWords, TrackRow, TrackTitle, track_rows
from dv_agent.eval.tracks.row_figures import Measured, expert_plans, measured
from dv_agent.eval.tracks.titles import WORDS

JSON_NAME = "tracks.json"
LEAST_CEILING = 50
"""Percent of the ceiling below which a figure ranks nobody: most subtle mutants may be equivalent."""


class Lead(Frozen):
    """The paired difference of a row's first figure to that of the best floor, over what both have.

    Attributes:
        p: of the sign-flip test over designs; `smallest` is the least that it can be with so many.
    """

    floor: str
    mean: float
    low: float | None = None
    high: float | None = None
    p: float
    smallest: float
    n: int
    designs: int


class BoardRow(Frozen):
    """One row of a track.

    Attributes:
        records: how many it has, on `designs` designs; `waiting` of them have no score yet, for the reason in `why`.
        cells: design -> figures of the row on it.
    """

    label: str
    note: str
    kind: RowKind
    records: int
    designs: int
    waiting: int
    why: str
    figures: dict[str, Figure]
    cells: dict[str, dict[str, float]]
    lead: Lead | None = None


class BoardTrack(Frozen):
    """One track, its best rows first: entries, then floors, then the ceiling.

    Attributes:
        main: the figure that ranks: the first of the track that every row has which is not the ceiling, else the first
            that one has; none of which the ceiling itself reaches less than `LEAST_CEILING`.
    """

    track: TrackTitle
    given: str
    main: str = ""
    rows: tuple[BoardRow, ...]


class TrackBoard(Frozen):
    """All tracks that have rows (``tracks.json``)."""

    schema_version: int = 1
    tracks: tuple[BoardTrack, ...]


def make_track_board(folder: Path) -> TrackBoard:
    """Return the board of a folder of records; needs no model and no simulator.

    Raises:
        InputFileError: a record that is broken.
    """
    rows = list(track_rows(folder))
    found = {title: _track(folder, title, list(_rows_of(title, rows))) for title in TRACK_TITLES}
    return TrackBoard(tracks=tuple(one for one in found.values() if one.rows))


def _rows_of(title: TrackTitle, rows: Sequence[TrackRow]) -> Iterator[TrackRow]:
    """Yield the rows of a track; blind rows of agents without a model, which are given all, stand for `rtl` too."""
    yield from (row for row in rows if row.track == title)
    if title == "rtl":
        own = {row.words.label for row in rows if row.track == title}
        yield from (row for row in rows if row.track == "blind" and row.words.label not in own)


def _track(folder: Path, title: TrackTitle, rows: Sequence[TrackRow]) -> BoardTrack:
    made = [(row, list(measured(folder, row))) for row in rows]
    made = [(row, some) for row, some in made if some and (row.track == title or some[0].kind != "entry")]
    if title == "plan" and (experts := list(expert_plans(rows))):
        words = RowWords(label="the designs' own plans", note="judged beside the written ones")
        made.append((TrackRow("plan", folder, words, ()), experts))
    shown = {row.words.label: _row(title, row, some) for row, some in made}
    main = ranking_figure(title, list(shown.values()))
    floor = max(
        (one for one in shown.values() if one.kind == "floor" and main in one.figures),
        key=lambda one: one.figures[main].mean, default=None,
    )  # fmt: skip
    by_label = {row.words.label: some for row, some in made}
    if floor:
        base = by_label[floor.label]
        shown = {
            name: one if name == floor.label or one.kind == "ceiling"
            else one.model_copy(update={"lead": _lead(by_label[name], base, floor.label, main)})
            for name, one in shown.items()
        }  # fmt: skip
    order = {"entry": 0, "floor": 1, "ceiling": 2}
    best = sorted(shown.values(), key=lambda one: (order[one.kind], -_mean(one, main), one.label))
    return BoardTrack(track=title, given=WORDS[title].given, main=main, rows=tuple(best))


def ranking_figure(title: TrackTitle, rows: Sequence[BoardRow]) -> str:
    """Return the name of the figure that ranks rows, see `BoardTrack.main`."""
    names = [one.name for one in WORDS[title].columns if one.unit == "%" and not one.less]
    low = {name for name in names for row in rows if row.kind == "ceiling" and _mean(row, name) < LEAST_CEILING}
    names = [name for name in names if name not in low] or names
    rows = [row for row in rows if row.kind != "ceiling"]
    shared = [name for name in names if rows and all(name in row.figures for row in rows)]
    some = [name for name in names if any(name in row.figures for row in rows)]
    return next(iter([*shared, *some]), names[0])


def _mean(row: BoardRow, name: str) -> float:
    return row.figures[name].mean if name in row.figures else float("-inf")


def _row(title: TrackTitle, row: TrackRow, records: Sequence[Measured]) -> BoardRow:
    found: dict[str, Figure] = {}
    for column in WORDS[title].columns:
        one = figure(_clusters(records, column.name))
        if one:
            found[column.name] = one
    waiting = [one for one in records if one.hidden]
    designs = sorted({one.cluster for one in records})
    return BoardRow(
        label=row.words.label, note=row.words.note, kind=records[0].kind, records=len(records),
        designs=len(designs), waiting=len(waiting), why=waiting[0].hidden if waiting else "", figures=found,
        cells={name: _cell(title, [one for one in records if one.cluster == name]) for name in designs},
    )  # fmt: skip


def _cell(title: TrackTitle, records: Sequence[Measured]) -> dict[str, float]:
    found = {column.name: _clusters(records, column.name) for column in WORDS[title].columns}
    return {name: sum(values) / len(values) for name, some in found.items() for values in some.values() if values}


def _clusters(records: Sequence[Measured], name: str) -> dict[str, list[float]]:
    return grouped((one.cluster, one.figures.get(name)) for one in records)


def _lead(mine: Sequence[Measured], base: Sequence[Measured], floor: str, name: str) -> Lead | None:
    theirs: Mapping[str, float] = {one.key: one.figures[name] for one in base if name in one.figures}
    pairs = [
        (one.cluster, one.figures[name] - theirs[one.key]) for one in mine if name in one.figures and one.key in theirs
    ]
    found = compare(grouped(pairs))
    if found is None:
        return None
    around = found.interval
    return Lead(
        floor=floor, mean=found.mean, low=around.low if around else None, high=around.high if around else None,
        p=found.p, smallest=found.smallest_p, n=found.n, designs=found.designs,
    )  # fmt: skip

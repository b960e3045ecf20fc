"""What each track shows: its figures, the first of which ranks its rows, and words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dv_agent.eval.tracks.record_folder import TrackTitle


class Column(NamedTuple):
    """A figure of a track.

    Attributes:
        unit: ``%``, or empty for a number.
        less: whether less is better.
    """

    name: str
    title: str
    unit: str = "%"
    less: bool = False


class TrackWords(NamedTuple):
    """A track: what is given, and its figures; the first one ranks."""

    given: str
    columns: tuple[Column, ...]


_COST = (
    Column("calls", "calls", "", less=True),
    Column("tokens", "tokens", "", less=True),
    Column("cycles", "cycles", "", less=True),
)
_JUDGED = (
    Column("mutants", "subtle mutants killed"),
    Column("mutants_first", "by the first reply"),
    Column("hard", "hard bins hit"),
    Column("hard_at_calls_1", "hard bins, first reply"),
    Column("coverage", "bins hit"),
)
WORDS: Mapping[TrackTitle, TrackWords] = {
    "closure": TrackWords(
        "specification, plan and holes",
        (
            Column("coverage", "bins hit"),
            Column("hard", "hard bins hit"),
            Column("at_calls_1", "bins after 1 call"),
            Column("at_cycles_20000", "bins in 20,000 cycles"),
            Column("closed", "designs closed"),
            *_COST,
        ),
    ),
    "blind": TrackWords("specification and test language, no plan", (*_JUDGED, *_COST)),
    "rtl": TrackWords("RTL and test language, no specification, no plan", (*_JUDGED, *_COST)),
    "hunt": TrackWords(
        "specification, and RTL with one bug or none, by tools",
        (
            Column("found", "bugs found with their place"),
            Column("shown", "bugs shown by a failed check"),
            Column("alarmed", "clean RTL reported", less=True),
            Column("found_early", "found within 6 calls"),
            *_COST,
        ),
    ),
    "plan": TrackWords(
        "specification, ports and the plan language",
        (
            Column("kills", "seeded bugs killed by tests that close it"),
            Column("can_be_hit", "bins that can be hit"),
            Column("loads", "plans that load"),
            Column("bins", "bins", ""),
            Column("kills_per_bin", "kills per bin", ""),
            *_COST,
        ),
    ),
}

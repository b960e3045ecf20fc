"""The data class DesignBoard: what a board shows for one design."""

from __future__ import annotations

from dv_agent.coverage.structure import Tier
from dv_agent.designs.frozen import Frozen
from dv_agent.eval.scoring.score import Axis


class RowCurve(Frozen):
    """Mean percentage of bins covered by a row's trials at each point of an axis, with the minimum and maximum of
    any trial.
    """

    row: str
    xs: tuple[float, ...]
    mean: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]
    n: int


class First(Frozen):
    """The trial that covered a bin in the fewest simulated cycles, and the test that covered it."""

    row: str
    trial: str
    seed: int
    test: int
    name: str
    cycles: int


class BinLine(Frozen):
    """One bin, and the rows that hit it.

    Attributes:
        hits: row -> number of scored trials that covered it; rows with none are left out.
        first: None if only trials of the ceiling covered it, or none.
    """

    id: str
    tier: Tier
    description: str
    hits: dict[str, int]
    first: First | None


class ShownTrack(Frozen):
    """One track of a test: one line of compact JSON per step, and the number of steps left out."""

    name: str
    steps: tuple[str, ...]
    more: int = 0


class FirstTest(Frozen):
    """A test that was the first to hit bins; its stimulus is cut to the available space.

    Attributes:
        test: its number in the run of `trial`; `name` is the name given by its author, shortened.
        bins: ids of those bins, the bins hit by the fewest trials first.
    """

    trial: str
    test: int
    name: str
    bins: tuple[str, ...]
    tracks: tuple[ShownTrack, ...]


class BugFate(Frozen):
    """One bug and one row: killed by how many of `n` trials, and how often by which check."""

    kills: int
    n: int
    checks: dict[str, int]


class BugLine(Frozen):
    """One seeded bug."""

    bug: str
    title: str
    difficulty: str
    fates: dict[str, BugFate]


class DesignBoard(Frozen):
    """What a board shows for one design.

    Attributes:
        scored: row -> number of trials that have a score.
        uninformative: why its scores do not separate agents; empty if they do.
        first_tests: every test named in `bin_lines`; tests of the bins hit by the fewest trials first.
    """

    design: str
    title: str
    task_version: int
    checksum: str
    bins: int
    tiers: dict[str, int]
    scored: dict[str, int]
    uninformative: str
    curves: dict[Axis, tuple[RowCurve, ...]]
    bin_lines: tuple[BinLine, ...]
    first_tests: tuple[FirstTest, ...]
    bug_lines: tuple[BugLine, ...]

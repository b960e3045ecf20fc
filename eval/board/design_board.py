"""The noun DesignBoard: what a board says of one design."""

from __future__ import annotations

from dv_agent.coverage.structure import Tier
from dv_agent.designs.frozen import Frozen
from dv_agent.eval.scoring.score import Axis


class RowCurve(Frozen):
    """Mean percentage of bins covered by a row's trials at each place of an axis; least and most of any trial."""

    row: str
    xs: tuple[float, ...]
    mean: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]
    n: int


class First(Frozen):
    """The trial that needed the fewest simulated cycles to cover a bin, and the test that did."""

    row: str
    trial: str
    seed: int
    test: int
    name: str
    cycles: int


class BinLine(Frozen):
    """A bin, and who hit it.

    Attributes:
        hits: row -> scored trials that covered it; rows without any are left out.
        first: None where no trial but the ceiling's covered it.
    """

    id: str
    tier: Tier
    description: str
    hits: dict[str, int]
    first: First | None


class ShownTrack(Frozen):
    """One track of a test: a line of compact JSON a step, and how many steps were left out."""

    name: str
    steps: tuple[str, ...]
    more: int = 0


class FirstTest(Frozen):
    """A test that was first to hit bins, its stimulus cut to what there is room for.

    Attributes:
        test: its number in the run of `trial`; `name` is what its author called it, shortened.
        bins: ids of those bins, those that fewest trials hit first.
    """

    trial: str
    test: int
    name: str
    bins: tuple[str, ...]
    tracks: tuple[ShownTrack, ...]


class BugFate(Frozen):
    """A bug against a row: killed by how many of `n` trials, and by which check how often."""

    kills: int
    n: int
    checks: dict[str, int]


class BugLine(Frozen):
    """A seeded bug."""

    bug: str
    title: str
    difficulty: str
    fates: dict[str, BugFate]


class DesignBoard(Frozen):
    """One design.

    Attributes:
        scored: row -> trials that have a score.
        uninformative: why its scores tell little; empty if they do.
        first_tests: every test that `bin_lines` names, those of the bins that fewest trials hit first.
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

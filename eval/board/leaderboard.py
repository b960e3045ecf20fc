"""The noun Board: everything that a leaderboard shows, as data. All four files are written from it."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import Field

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.designs.frozen import Frozen
from dv_agent.eval.board.design_board import DesignBoard, RowCurve
from dv_agent.eval.evaluation.data_model import Identity
from dv_agent.eval.scoring.score import Axis

Kind = Literal["entry", "floor", "ceiling"]
Status = Literal["scored", "failed", "unfinished", "missing", "foreign", "refused", "unverifiable"]


class Figure(Frozen):
    """A figure over trials; `mean` is over designs of the mean on each, `median` over all trials.

    Attributes:
        low, high: 95 % bootstrap interval of the mean; None where one value alone stands behind it.
        median_low, median_high: of the median, where it is given.
        n: trials behind it, on `designs` designs. A figure without any is left out of the board.
    """

    mean: float
    n: int = Field(ge=1)
    designs: int = Field(ge=1)
    low: float | None = None
    high: float | None = None
    median: float | None = None
    median_low: float | None = None
    median_high: float | None = None


class Reaching(Frozen):
    """What it takes to cover a share of the bins.

    Attributes:
        reached: trials that did, of `n`.
        median: where, over all trials, those that never did counting as infinity; None if that is the median.
    """

    axis: Axis
    share: int
    reached: int
    n: int
    median: float | None


class PassAt(Frozen):
    """pass@k, mean over `designs` designs with at least k trials; None where there is none."""

    k: int
    value: float | None
    n: int
    designs: int


class Counts(Frozen):
    """Something counted by class over all trials of a row."""

    kills_by_check: dict[str, int] = Field(default_factory=dict)
    kills_by_difficulty: dict[str, tuple[int, int]] = Field(default_factory=dict)
    dropped: dict[str, int] = Field(default_factory=dict)
    errors: dict[str, int] = Field(default_factory=dict)
    failures: dict[str, int] = Field(default_factory=dict)
    claims: dict[str, int] = Field(default_factory=dict)


class Row(Frozen):
    """An entry, scored over all designs.

    Attributes:
        key: digest of the entry.
        rank: 1 + the number of rows that are better by more than chance explains; None for the ceiling and for rows
            that are listed apart.
        apart: why it is not ranked: it has no score, misses designs that others share, or does not hold; else empty.
        trials: that were asked for; `scored` of them have a score.
        redone: trials of which an earlier attempt was thrown away.
        figures: name of a metric in `dv_agent.eval.board.metrics` -> figure.
    """

    key: str
    label: str
    kind: Kind
    agent: str
    model: ModelSettings | None
    strategy: str
    options: dict[str, Any]
    rank: int | None
    apart: str = ""
    trials: int
    scored: int
    failed: int
    unfinished: int
    redone: int = 0
    figures: dict[str, Figure]
    reaching: tuple[Reaching, ...]
    pass_at: tuple[PassAt, ...]
    counts: Counts


class Cell(Frozen):
    """A row on one design; `least` and `most` are of the percentage of bins hit."""

    row: str
    design: str
    figures: dict[str, Figure]
    least: float | None = None
    most: float | None = None


class TrialLine(Frozen):
    """One trial.

    Attributes:
        report: where its report is, from the folder of the board; empty where there is none.
        failure: kind, class and message, for a trial that failed.
        doubt: what verification says against it.
        earlier: percentage of bins hit by each attempt that was thrown away; None where that is not known.
        figures: name of a metric -> its value.
    """

    id: str
    row: str
    design: str
    seed: int
    status: Status
    failure: tuple[str, str, str] | None = None
    doubt: str = ""
    earlier: tuple[float | None, ...] = ()
    stop_reason: str = ""
    record: str = ""
    report: str = ""
    figures: dict[str, float] = Field(default_factory=dict)


class Comparison(Frozen):
    """Row `one` less row `other`, on the same designs and seeds.

    Attributes:
        p: of the sign-flip test over designs; `adjusted_p` holds over all pairs of ranked rows, on the designs that
            they share, and is 1 for any other pair.
        n: pairs of trials.
    """

    metric: str
    one: str
    other: str
    mean: float
    low: float | None
    high: float | None
    p: float
    adjusted_p: float
    smallest_p: float
    separated: bool
    n: int
    designs: int


class Ablation(Frozen):
    """Two entries that differ in one thing: `one` has `before`, `other` has `after`. Differences: other less one."""

    what: str
    before: str
    after: str
    one: str
    other: str
    differences: tuple[Comparison, ...]


class Correlation(Frozen):
    """Spearman's correlation of the percentages of bins hit and of bugs killed.

    Attributes:
        overall: over all `n` trials, whatever their design.
        within: mean of the correlations inside the `designs` designs that have one.
        by_design: design -> correlation inside it.
        between_ends: as `within`, over the `between_ends_n` trials of neither the ceiling nor the agent ``null``.
    """

    overall: float | None
    n: int
    within: float | None
    designs: int
    by_design: dict[str, float]
    between_ends: float | None = None
    between_ends_n: int = 0


class Method(Frozen):
    """How the statistics were made."""

    scoring_version: int
    interval: float
    bootstrap_repeats: int
    level: float
    seed: int
    pass_share: int
    pairs: int
    smallest_p: float


class Board(Frozen):
    """``leaderboard.json``.

    Attributes:
        rows: best mean coverage first, then those that are not ranked, the ceiling last.
        common: designs that the ranks are over.
        verified: trials that were made again for this very board; None if nobody did.
        curves: axis -> mean over designs of the rows' curves.
        notes: what a reader has to know before believing a figure.
    """

    schema_version: Literal[1] = 1
    identity: Identity
    command: str
    method: Method
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]
    comparisons: tuple[Comparison, ...]
    ablations: tuple[Ablation, ...]
    curves: dict[Axis, tuple[RowCurve, ...]]
    correlation: Correlation
    designs: tuple[DesignBoard, ...]
    trials: tuple[TrialLine, ...]
    notes: tuple[str, ...]
    common: tuple[str, ...] = ()
    verified: int | None = None

    @property
    def identity_digest(self) -> str:
        """Twelve hexadecimal digits over all that the identity says: equal for boards that may be merged."""
        return hashlib.sha256(self.identity.model_dump_json().encode()).hexdigest()[:12]

    def row(self, key: str) -> Row:
        """The row called `key`."""
        return next(one for one in self.rows if one.key == key)

    def cell(self, row: str, design: str) -> Cell | None:
        """A row on one design."""
        return next((one for one in self.cells if (one.row, one.design) == (row, design)), None)

"""The data class Board: all data of a leaderboard. All four output files are written from it."""

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
    """A figure over trials; `mean` is the mean over designs of the mean per design, `median` is over all trials.

    Attributes:
        low, high: 95 % bootstrap interval of the mean; None if the figure has only one value.
        median_low, median_high: bootstrap interval of the median, where the median is given.
        n: number of trials, on `designs` designs. A figure without trials is left out of the board.
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
    """What is needed to cover a share of the bins.

    Attributes:
        reached: number of trials that covered it, of `n`.
        median: median over all trials of the point where it was covered; trials that never covered it count as
            infinity. None if the median is infinite.
    """

    axis: Axis
    share: int
    reached: int
    n: int
    median: float | None


class PassAt(Frozen):
    """pass@k: mean over `designs` designs with at least k trials; None if there is no such design."""

    k: int
    value: float | None
    n: int
    designs: int


class Counts(Frozen):
    """Counts by class over all trials of a row."""

    kills_by_check: dict[str, int] = Field(default_factory=dict)
    kills_by_difficulty: dict[str, tuple[int, int]] = Field(default_factory=dict)
    dropped: dict[str, int] = Field(default_factory=dict)
    errors: dict[str, int] = Field(default_factory=dict)
    failures: dict[str, int] = Field(default_factory=dict)
    claims: dict[str, int] = Field(default_factory=dict)


class Row(Frozen):
    """One row of the leaderboard: an entry, scored over all designs.

    Attributes:
        key: digest of the entry.
        rank: 1 + the number of rows that are significantly better; None for the ceiling and for rows listed `apart`.
        apart: why the row is not ranked: it has no score, it lacks designs that other rows share, or its verification
            failed; else empty.
        trials: number of trials requested; `scored` of them have a score.
        redone: number of trials with an earlier attempt that was discarded.
        figures: name of a metric in `dv_agent.eval.board.trials.metrics` -> figure.
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
    """One row on one design; `least` and `most` are percentages of bins hit."""

    row: str
    design: str
    figures: dict[str, Figure]
    least: float | None = None
    most: float | None = None


class TrialLine(Frozen):
    """One trial in the board.

    Attributes:
        report: path of its report, relative to the folder of the board; empty if there is none.
        failure: kind, class and message of the failure, for a trial that failed.
        doubt: why verification does not accept it.
        earlier: percentage of bins hit by each discarded attempt; None where it is not known.
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
    """Row `one` minus row `other`, on the same designs and seeds.

    Attributes:
        p: p-value of the sign-flip test over designs; `adjusted_p` is adjusted over all pairs of ranked rows, on the
            designs that they share, and is 1 for every other pair.
        n: number of pairs of trials.
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
    """Two entries that differ in one option, `before` in `one`, `after` in `other`. Differences: `other` minus
    `one`.
    """

    what: str
    before: str
    after: str
    one: str
    other: str
    differences: tuple[Comparison, ...]


class Correlation(Frozen):
    """Spearman's correlation of the percentage of bins hit with the percentage of bugs killed.

    Attributes:
        overall: over all `n` trials of all designs together.
        within: mean over the `designs` designs that have a correlation.
        by_design: design -> correlation over its trials.
        between_ends: as `within`, over the `between_ends_n` trials of rows other than the ceiling and agent ``null``.
    """

    overall: float | None
    n: int
    within: float | None
    designs: int
    by_design: dict[str, float]
    between_ends: float | None = None
    between_ends_n: int = 0


class Method(Frozen):
    """Parameters of the statistics."""

    scoring_version: int
    interval: float
    bootstrap_repeats: int
    level: float
    seed: int
    pass_share: int
    pairs: int
    smallest_p: float


class Board(Frozen):
    """All data of a leaderboard (``leaderboard.json``).

    Attributes:
        rows: sorted by mean coverage, best first; then rows that are not ranked; the ceiling last.
        common: designs that the ranks are computed over.
        verified: number of trials that were verified for this board; None if no verification was done.
        curves: axis -> the rows' curves, each the mean over designs.
        notes: limits that a reader must know before using a figure.
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
        """Return twelve hexadecimal digits that hash the whole identity: equal for boards that may be merged."""
        return hashlib.sha256(self.identity.model_dump_json().encode()).hexdigest()[:12]

    def row(self, key: str) -> Row:
        """Return the row with this `key`."""
        return next(one for one in self.rows if one.key == key)

    def cell(self, row: str, design: str) -> Cell | None:
        """Return one row on one design."""
        return next((one for one in self.cells if (one.row, one.design) == (row, design)), None)

"""The data class TrialScore: all scores of one trial, computed from its records alone.

Every formula is in docs/scores.md.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from dv_agent.agents.models.costs.known_dollars import Priced
from dv_agent.coverage.totals import Totals
from dv_agent.designs.frozen import Frozen
from dv_agent.eval.evaluation.data_model import BugOutcome

SCORING_VERSION = 3
"""Goes up whenever a formula changes: scores that were kept are then computed anew."""

Axis = Literal["cycles", "calls", "tokens", "usd", "seconds"]
AXES: tuple[Axis, ...] = get_args(Axis)
SHARES = (50, 80, 90, 95, 99, 100)
"""Percent of the bins; what it takes to get there is a score."""
AT_CALLS, AT_CYCLES = (1, 2, 4, 8), (5_000, 20_000, 50_000)
"""Where the share of bins covered by then is a score."""


class Progress(Frozen):
    """Columns of equal length, with one entry for every test that covered a bin first, in the order they ran.

    Attributes:
        test: its number in the run; `name` is the name given by its author, shortened.
        cycles: cycles simulated at the end of the test; `calls`, `tokens`, `usd`, `seconds`: used at the end of its
            turn. Replies from a cache count as if they had been paid, so that a curve does not depend on the cache.
        bins: number of bins covered from there on.
    """

    test: tuple[int, ...] = ()
    name: tuple[str, ...] = ()
    cycles: tuple[int, ...] = ()
    calls: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()
    usd: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    bins: tuple[int, ...] = ()

    def along(self, axis: Axis) -> tuple[float, ...]:
        """Return the column of an axis; it never decreases."""
        column: tuple[float, ...] = getattr(self, axis)
        return column


class CoverageScore(Frozen):
    """Scores of the bins hit.

    Attributes:
        covered_by: for each bin of the plan, in plan order, the index of the entry of `progress` that covered it first,
            or -1.
        area: axis -> mean percentage of bins covered between 0 and the limit in the budget; only axes with a limit.
        to_share: axis -> percentage of `SHARES` -> position where it was reached; None if it was not.
        log_area: mean percentage of bins covered over the logarithm of the calls, from 1 to the limit; None for agents
            without a model, without a limit, or with a limit of one call.
        at_calls, at_cycles: percentage of bins covered after so many calls, in so many cycles.
        hard_at_calls: the same of the bins of the tier hard; empty if there are none.
        beyond: number of bins first covered by a test that ended beyond the limit of cycles. They are not counted,
            because the record does not say which of them were covered before the limit. 0 since tests are cut at the
            limit.
    """

    overall: Totals
    tiers: dict[str, Totals]
    progress: Progress
    covered_by: tuple[int, ...]
    area: dict[Axis, float]
    to_share: dict[Axis, dict[int, float | None]]
    log_area: float | None = None
    at_calls: dict[int, float] = Field(default_factory=dict)
    at_cycles: dict[int, float] = Field(default_factory=dict)
    hard_at_calls: dict[int, float] = Field(default_factory=dict)
    beyond: int = 0


class KillCount(Frozen):
    """How many of a number of seeded bugs were killed."""

    kills: int = 0
    bugs: int = 0


class BugScore(Frozen):
    """Scores of the seeded bugs.

    Attributes:
        by_check: check that failed first -> number of kills.
        exposure: simulated cycles, summed over the bugs; for each bug up to its kill.
        per_million_cycles: kills per million cycles of `exposure`; None if `exposure` is 0.
    """

    total: KillCount
    by_difficulty: dict[str, KillCount]
    by_check: dict[str, int]
    exposure: int
    per_million_cycles: float | None
    outcomes: tuple[BugOutcome, ...]


class MutantCount(Frozen):
    """How many mutants of the RTL the tests of a trial kill.

    Attributes:
        killed: a check failed.
        counted: mutants that are not proved equivalent; all of them were tried.
        by_first: of the killed ones those that a test of the first reply killed; None for agents without a model.
        subtle: whether they are mutants that the tests of an earlier campaign, such as random ones, did not kill.
    """

    killed: int = 0
    counted: int = 0
    by_first: int | None = None
    subtle: bool = False


class ClaimCounts(Frozen):
    """Counts of claims about unreachable bins, and of bug reports.

    Attributes:
        found: number of decoys that were claimed, of `decoys` shown.
        precision: right / (right + wrong); None if no claim was decided.
        recall: found / decoys; None without decoys.
        confirmed: number of reports whose test fails a check in a fresh process, of `reports`.
        judged: number of reports whose place could be compared with a seeded bug, or that cannot be right; `diagnosed`
            of these are right, in their test and in the place they name.
    """

    right: int = 0
    wrong: int = 0
    undecided: int = 0
    found: int = 0
    decoys: int = 0
    precision: float | None = None
    recall: float | None = None
    reports: int = 0
    confirmed: int = 0
    judged: int = 0
    diagnosed: int = 0


class ReplyScore(Frozen):
    """Scores of the model's replies.

    Attributes:
        turns: number of turns that asked the model.
        valid: number of these turns in which nothing was dropped and at least one test ran.
        usable: number of these turns in which at least one test ran.
        dropped: class of `dv_agent.agents.llm.reply_parser.Drop` -> number of items (characters for ``oversize``).
        replies: number of calls that were answered; `failed` calls were not, after all retries.
        retries: attempts beyond the first of each call; `errors` counts them by class.
        tool_calls, refused_tool_calls: tool calls of an agent with tools, and how many of them were refused.
    """

    turns: int = 0
    valid: int = 0
    usable: int = 0
    dropped: dict[str, int] = Field(default_factory=dict)
    replies: int = 0
    failed: int = 0
    retries: int = 0
    errors: dict[str, int] = Field(default_factory=dict)
    tool_calls: int = 0
    refused_tool_calls: int = 0


class CostScore(Priced):
    """Cost of a trial.

    Attributes:
        usd, unpriced: see `Priced`.
        model_seconds: seconds spent waiting for the model, part of `seconds`.
        cached_calls, cached_tokens, cached_usd: answered by dv-agent's own cache; not included in the other fields.
        server_cached_tokens: part of `input_tokens` that the server took from its cache.
    """

    cycles: int = 0
    calls: int = 0
    tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    model_seconds: float = 0.0
    cached_calls: int = 0
    cached_tokens: int = 0
    cached_usd: float = 0.0
    server_cached_tokens: int = 0


class TrialScore(Frozen):
    """All scores of a trial.

    Attributes:
        inputs: SHA-256 over the records, the plan and `SCORING_VERSION`, which identifies what was scored.
        bugs: None if no seeded bug was hunted.
        mutants: None if no mutants were tried.
        claims: None for agents that make no claims; `replies`: None for agents without a model.
        failing_tests: number of tests that failed a check on the unchanged design.
    """

    schema_version: Literal[1] = 1
    inputs: str
    coverage: CoverageScore
    bugs: BugScore | None = None
    mutants: MutantCount | None = None
    claims: ClaimCounts | None = None
    replies: ReplyScore | None = None
    cost: CostScore
    turns: int
    tests: int
    refused_tests: int
    failing_tests: int
    stop_reason: str

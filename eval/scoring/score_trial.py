"""From the records of a trial to its score: no model, no simulator."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from dv_agent.coverage.plan import Plan
from dv_agent.eval.evaluation.data_model import BugOutcome, KillSheet
from dv_agent.eval.scoring.coverage_score import coverage_score
from dv_agent.eval.scoring.read_record import TrialFacts, digest_of, read_facts
from dv_agent.eval.scoring.score import (
    SCORING_VERSION,
    BugScore,
    ClaimCounts,
    CostScore,
    KillCount,
    ReplyScore,
    TrialScore,
)

DIFFICULTIES = ("easy", "medium", "hard")
_TOOLS = "tools"


def inputs_of(room: Path, plan: Plan) -> str:
    """What a score of the records in `room` is a score of.

    Raises:
        InputFileError: one that a score needs cannot be read.
    """
    return digest_of(room, plan.hash, f"scoring {SCORING_VERSION}")


def score_records(room: Path, plan: Plan) -> TrialScore:
    """The score of the trial in `room`.

    Args:
        plan: of its design.

    Raises:
        InputFileError: a record that is broken, at odds with itself, or of another plan.
    """
    inputs, facts = inputs_of(room, plan), read_facts(room)
    tests = [test for turn in facts.turns for test in turn.tests]
    return TrialScore(
        inputs=inputs,
        coverage=coverage_score(facts, plan),
        bugs=bug_score(facts.kills, facts.header.budget.cycles) if facts.kills else None,
        claims=_claims(facts) if facts.header.agent == _TOOLS else None,
        replies=_replies(facts) if facts.header.model else None,
        cost=_cost(facts),
        turns=len(facts.turns),
        tests=len(tests),
        refused_tests=sum(test.end == "refused" for test in tests),
        failing_tests=sum(bool(test.failures) for test in tests),
        stop_reason=facts.header.stop_reason,
    )


def bug_score(sheet: KillSheet, bound: int | None = None) -> BugScore:
    """Kills by check and difficulty, and how fast they came.

    Args:
        bound: cycles after which a kill does not count; sheets of before tests were cut there may tell of some.

    The rate is that of events with some still to come: kills over the cycles during which a bug could have been killed.
    """
    outcomes = tuple(_within(one, bound) for one in sheet.outcomes)
    kills = [one for one in outcomes if one.killed]
    exposure = sum(one.cycles for one in outcomes)
    return BugScore(
        total=KillCount(kills=len(kills), bugs=len(outcomes)),
        by_difficulty={
            name: KillCount(kills=sum(one.killed for one in some), bugs=len(some))
            for name in DIFFICULTIES
            if (some := [one for one in outcomes if one.difficulty == name])
        },
        by_check=dict(Counter(one.check for one in kills).most_common()),
        exposure=exposure,
        per_million_cycles=1e6 * len(kills) / exposure if exposure else None,
        outcomes=outcomes,
    )


def _within(outcome: BugOutcome, bound: int | None) -> BugOutcome:
    """`outcome` as it stood when the cycles were used up."""
    if bound is None or outcome.cycles <= bound:
        return outcome
    return BugOutcome(bug=outcome.bug, difficulty=outcome.difficulty, killed=False, cycles=bound)


def _claims(facts: TrialFacts) -> ClaimCounts:
    judged, reports = facts.header.claims, facts.header.bug_reports or ()
    counted = {
        "reports": len(reports),
        "confirmed": sum(one.confirmed for one in reports),
        "judged": sum(one.judged != "not_judged" for one in reports),
        "diagnosed": sum(one.judged == "right" for one in reports),
    }
    if judged is None:
        return ClaimCounts(**counted)
    claimed = {one.bin for one in judged.verdicts if one.verdict == "right"}
    return ClaimCounts(
        right=judged.count("right"),
        wrong=judged.count("wrong"),
        undecided=judged.count("undecided"),
        found=len(claimed & set(judged.decoys)),
        decoys=len(judged.decoys),
        precision=judged.precision,
        recall=judged.recall,
        **counted,
    )


def _replies(facts: TrialFacts) -> ReplyScore:
    asked = [turn for turn in facts.turns if turn.usage.calls]
    ran = [any(test.end != "refused" for test in turn.tests) for turn in asked]
    attempts = [line.reply.attempts for line in facts.replies if not line.reply.cached]
    uses = [use for turn in facts.turns for use in turn.tool_uses]
    return ReplyScore(
        turns=len(asked),
        valid=sum(good and not turn.dropped for turn, good in zip(asked, ran, strict=True)),
        usable=sum(ran),
        dropped=_ordered(sum((Counter(turn.dropped) for turn in facts.turns), Counter())),
        replies=sum(not line.failure for line in facts.replies),
        failed=sum(bool(line.failure) for line in facts.replies),
        retries=sum(max(len(one) - 1, 0) for one in attempts),
        errors=_ordered(Counter(attempt.error for one in attempts for attempt in one if attempt.error)),
        tool_calls=len(uses),
        refused_tool_calls=sum(bool(use.error) for use in uses),
    )


def _cost(facts: TrialFacts) -> CostScore:
    spent = facts.header.spent
    attempts = [one for line in facts.replies if not line.reply.cached for one in line.reply.attempts]
    return CostScore(
        cycles=spent.cycles, calls=spent.calls, tokens=spent.tokens, usd=spent.usd, seconds=spent.seconds,
        input_tokens=sum(one.input_tokens for one in attempts),
        output_tokens=sum(one.output_tokens for one in attempts),
        unpriced=sum(one.usd is None for one in attempts),
        model_seconds=sum(one.seconds for one in attempts),
        cached_calls=spent.cached_calls, cached_tokens=spent.cached_tokens, cached_usd=spent.cached_usd,
        server_cached_tokens=sum(one.cached_tokens for one in attempts),
    )  # fmt: skip


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return dict(counts.most_common())

"""Computation of the score of a trial from its records; needs no model and no simulator."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from dv_agent.agents.records.reader import MAX_FILE, is_there
from dv_agent.agents.records.schema import TURNS
from dv_agent.coverage.plan import Plan
from dv_agent.designs.files.json_file import read_plain
from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.data_model import BugOutcome, KillSheet
from dv_agent.eval.evaluation.trial_folder import MUTANTS, RUN
from dv_agent.eval.mutants.result_folder import SETTINGS, read_result
from dv_agent.eval.mutants.summary import counts
from dv_agent.eval.scoring.coverage_score import coverage_score
from dv_agent.eval.scoring.read_record import TrialFacts, digest_of, read_facts
from dv_agent.eval.scoring.score import (
    SCORING_VERSION,
    BugScore,
    ClaimCounts,
    CostScore,
    KillCount,
    MutantCount,
    ReplyScore,
    TrialScore,
)

DIFFICULTIES = ("easy", "medium", "hard")
_TOOLS = "tools"


def inputs_of(room: Path, plan: Plan) -> str:
    """Return the digest of everything that the score of the records in `room` depends on.

    Raises:
        InputFileError: a file that the score needs cannot be read.
    """
    return digest_of(room, plan.hash, f"scoring {SCORING_VERSION}")


def score_records(room: Path, plan: Plan) -> TrialScore:
    """Return the score of the trial in `room`.

    Args:
        plan: plan of the trial's design.

    Raises:
        InputFileError: a record is broken, contradicts itself, or belongs to another plan.
    """
    inputs, facts = inputs_of(room, plan), read_facts(room)
    tests = [test for turn in facts.turns for test in turn.tests]
    return TrialScore(
        inputs=inputs,
        coverage=coverage_score(facts, plan),
        bugs=bug_score(facts.kills, facts.header.budget.cycles) if facts.kills else None,
        mutants=_mutants(facts),
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
    """Return kills by check and by difficulty, and the kill rate.

    Args:
        bound: limit of cycles after which a kill does not count; only sheets made before tests were cut at it can have
            one.

    The rate is that of censored events: kills divided by the cycles during which a bug could have been killed.
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
    """Return `outcome` limited to the kills within `bound` cycles."""
    if bound is None or outcome.cycles <= bound:
        return outcome
    return BugOutcome(bug=outcome.bug, difficulty=outcome.difficulty, killed=False, cycles=bound)


def _mutants(facts: TrialFacts) -> MutantCount | None:
    """Return the mutants killed; None without them, and while some are not tried yet.

    Raises:
        InputFileError: they were played other tests than those of the trial.
    """
    home = facts.room / MUTANTS
    if not is_there(home / SETTINGS):
        return None
    result = read_result(home)
    turns = facts.room / RUN / TURNS
    digest = hashlib.sha256(read_plain(turns, MAX_FILE)).hexdigest() if is_there(turns) else ""
    if (result.settings.design, result.settings.turns_digest) != (facts.header.design, digest):
        raise InputFileError(home / SETTINGS, "these mutants were not played the tests of this trial")
    if result.left:
        return None
    outcomes = [outcome for _, outcome in result.pairs()]
    found = counts(outcomes)
    first = _tests_of_first_reply(facts)
    killers = [one.test for one in outcomes if one.verdict == "killed" and one.test is not None]
    return MutantCount(
        killed=found.killed,
        counted=found.total - found.equivalent,
        by_first=sum(test < first for test in killers) if facts.header.model else None,
        subtle=bool(result.settings.survivors_of),
    )


def _tests_of_first_reply(facts: TrialFacts) -> int:
    """Return how many tests ran until the end of the turn with the first call of the model."""
    count = 0
    for turn in facts.turns:
        count += sum(test.end != "refused" for test in turn.tests)
        if turn.usage.calls:
            break
    return count


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

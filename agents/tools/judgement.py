"""The judgement of the claims about bins and of the bug reports of an agent.

The ground truth is not visible to the agent: a decoy is unreachable by the argument in the plan, a real bin is
reachable because a test of the run or a witness of the design hits it, or unreachable because that is proved. A report
is right if its test fails in a separate simulator process, passes without the seeded bug, and if the place it names is
that of the bug.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.toolbox.arguments import MAX_PLACE_LINES, MAX_PLACE_SIGNALS
from dv_agent.agents.tools.claims_and_reports import (
    BugReport,
    Claim,
    ClaimScore,
    ClaimVerdict,
    Place,
    ReportOutcome,
    ReportVerdict,
)
from dv_agent.agents.tools.decoys import argument_of
from dv_agent.agents.tools.diagnosis import DISTANCE, SeededChange, too_large
from dv_agent.agents.tools.proved_claims import proved_claims
from dv_agent.agents.turn import TestRecord
from dv_agent.coverage.plan import Plan
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import StimulusError
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.reader.parse_rtl import read_rtl
from dv_agent.errors import BuildError, SimulationError, SimulatorLost
from dv_agent.runners.checks.run_checks import CheckFailure
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.simulator import Simulator

PLACE_LENGTH = 300


def judge_claims(
    claims: Sequence[Claim],
    decoys: Sequence[str],
    plan: Plan,
    reached: Mapping[str, str],
    wanted: int = 0,
    refuted: Sequence[str] = (),
    proved: Mapping[str, str] | None = None,
) -> ClaimScore:
    """Return precision and recall of claims.

    Args:
        decoys: the unreachable bins in the list of holes.
        reached: real bins that are known to be reachable -> the test or witness that reaches them.
        wanted: number of decoys that were requested.
        refuted: decoys that a test of the run did hit: a claim about them is neither right nor wrong.
        proved: real bins that are proved unreachable -> how.
    """
    true = [one for one in decoys if one not in refuted]
    verdicts = tuple(_verdict(one, frozenset(true), frozenset(refuted), plan, reached, proved or {}) for one in claims)
    right = sum(one.verdict == "right" for one in verdicts)
    decided = right + sum(one.verdict == "wrong" for one in verdicts)
    return ClaimScore(
        wanted=wanted,
        decoys=tuple(true),
        refuted=tuple(refuted),
        verdicts=verdicts,
        precision=right / decided if decided else None,
        recall=right / len(true) if true else None,
    )


def _verdict(
    claim: Claim, decoys: frozenset[str], refuted: frozenset[str], plan: Plan, reached: Mapping[str, str],
    proved: Mapping[str, str],
) -> ClaimVerdict:  # fmt: skip
    if claim.bin in decoys:
        return ClaimVerdict(bin=claim.bin, verdict="right", why=f"the plan argues: {argument_of(plan, claim.bin)}")
    if claim.bin in reached:
        return ClaimVerdict(bin=claim.bin, verdict="wrong", why=f"{reached[claim.bin]} hits it")
    if claim.bin in proved:
        return ClaimVerdict(bin=claim.bin, verdict="right", why=proved[claim.bin])
    why = "a test of this run hit it, against the argument of the plan" if claim.bin in refuted else "nothing hits it"
    return ClaimVerdict(bin=claim.bin, verdict="undecided", why=why)


def reached_bins(run: RecordedRun, folder: DesignFolder, plan: Plan, simulator: Simulator) -> Mapping[str, str]:
    """Return the claimed bins that are reachable -> the test of the run or the witness that reaches them.

    Args:
        folder: the design without any seeded bug.

    Raises:
        SimulationError: the simulator failed.
    """
    ids = {one.id for one in plan.bins}
    open_claims = {one.bin for turn in run.turns for one in turn.claims} & ids
    found: dict[str, str] = {}
    for test in (test for turn in run.turns for test in turn.tests):
        hit = {plan.bins[index].id for index in test.hits} & open_claims
        found |= {one: f"test {test.index}" for one in hit if one not in found}
    witnesses = load_witnesses(folder) if open_claims - set(found) else ()
    if witnesses:
        with simulator.open(folder.design) as session:
            bench = Testbench(folder, plan, session)
            for number, witness in enumerate(witnesses):
                hits = bench.run(witness).sample.hits.nonzero()[0].tolist()
                hit = {plan.bins[index].id for index in hits} & open_claims
                found |= {one: f"witness {number}" for one in hit if one not in found}
    return found


def judge_reports(
    reports: Sequence[BugReport], run: RecordedRun, folder: DesignFolder, original: DesignFolder, simulator: Simulator
) -> tuple[ReportVerdict, ...]:
    """Simulate the test of every report in new simulator processes, and check whether the place it names is right.

    Args:
        reports: if there are several on one test, the last one counts.
        folder: the design that was simulated in the run.
        original: the same design without a seeded bug.
    """
    judge = _ReportJudge(run, folder, original, simulator)
    return tuple(judge.verdict(one) for one in {one.test: one for one in reports}.values())


class _ReportJudge:
    """Judge of the reports of one run; without a seeded bug there is no place to compare with."""

    def __init__(self, run: RecordedRun, folder: DesignFolder, original: DesignFolder, simulator: Simulator) -> None:
        self._run, self._folder, self._original, self._simulator = run, folder, original, simulator
        self._seeded = bool(run.header.agent_options.bug or run.header.agent_options.change)

    def verdict(self, report: BugReport) -> ReportVerdict:
        """Return the verdict on one report."""
        place = str(report.place) if report.place else ""
        verdict = ReportVerdict(test=report.test, title=report.title, confirmed=False, place=place[:PLACE_LENGTH])
        record = self._run.test(report.test)
        try:
            failures = self._failures(self._folder, record)
            if not failures:
                return verdict.model_copy(update={"outcome": "no_failure"})
            anyway = self._seeded and bool(self._failures(self._original, record))
        except SimulatorLost:  # a problem of the machine: it neither confirms nor refutes the report
            raise
        except (SimulationError, StimulusError) as error:
            return verdict.model_copy(update={"outcome": "no_failure", "failure": str(error)[:300]})
        outcome, why = ("fails_anyway", "") if anyway else self._diagnosis(report.place, failures[0])
        found = {"confirmed": True, "failure": str(failures[0])[:300], "outcome": outcome, "why": why}
        return verdict.model_copy(update=found)

    def _failures(self, folder: DesignFolder, record: TestRecord) -> tuple[CheckFailure, ...]:
        program = expand(folder.design, folder.schema, record.test, record.max_cycles)
        return confirm(self._simulator, folder.design, program, folder.model)

    def _diagnosis(self, place: Place | None, failure: CheckFailure) -> tuple[ReportOutcome, str]:
        if place is None or (not place.signals and not place.first_line):
            return "no_place", "it names no module with signals or lines"
        if too_large(place):
            return "no_place", f"more than {MAX_PLACE_LINES} lines or {MAX_PLACE_SIGNALS} signals are no place"
        if not self._seeded:
            return "not_judged", "no bug was seeded: nobody knows the right place"
        if self._change is None:
            return "not_judged", "the RTL cannot be read"
        distance = self._change.distance(place, failure)
        if distance is None:
            return (
                "wrong_diagnosis",
                f"not within {DISTANCE} assignments of the change, on the way to the failing output",
            )
        return "right", f"{distance} assignments from the change" if distance else "in the change itself"

    @cached_property
    def _change(self) -> SeededChange | None:
        cache = cache_folder() / "structures"
        original, broken = self._original.design, self._folder.design
        try:
            return SeededChange(original, broken, read_rtl(original, cache), read_rtl(broken, cache))
        except BuildError:
            return None


def judge_run(
    run: RecordedRun,
    folder: DesignFolder,
    original: DesignFolder,
    plan: Plan,
    simulator: Simulator,
    refuted: Sequence[str] = (),
) -> tuple[ClaimScore, tuple[ReportVerdict, ...]]:
    """Judge all claims and reports of a run.

    Args:
        folder: the design that was simulated.
        original: the same design without a seeded bug.
        refuted: decoys that a test of the run hit.

    Raises:
        SimulationError: the simulator failed on the original.
    """
    claims = [*{one.bin: one for turn in run.turns for one in turn.claims}.values()]
    reports = [one for turn in run.turns for one in turn.bug_reports]
    reached = reached_bins(run, original, plan, simulator) if claims else {}
    ids = {one.id for one in plan.bins}
    real = dict.fromkeys(one.bin for one in claims if one.bin in ids and one.bin not in reached)
    proved = proved_claims(original, plan, [*real]) if real else {}
    wanted = run.header.agent_options.decoys or 0
    score = judge_claims(claims, run.header.decoys, plan, reached, wanted, refuted, proved)
    return score, judge_reports(reports, run, folder, original, simulator)

"""The score of a hunt: bugs found with the right place, what it took, and reports on clean RTL."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from dv_agent.agents.records.reader import RecordedRun
from dv_agent.designs.frozen import Frozen


class TrialResult(Frozen):
    """What became of one trial.

    Attributes:
        clean: whether the RTL was clean.
        found: whether a report is right: its test fails, passes on the clean RTL, and its place is right.
        shown: whether some test failed a check.
        calls, cycles: used until the first right report; cycles without the tests of its own turn.
        reports, wrong: reports that were judged, and those that are not right; on clean RTL every report is wrong.
    """

    number: int
    design: str
    clean: bool
    found: bool = False
    shown: bool = False
    calls: int | None = None
    cycles: int | None = None
    reports: int = 0
    wrong: int = 0


class HuntScore(Frozen):
    """Sums over the trials.

    Attributes:
        bugs, found: trials with a bug, and those of them in which it was found with its place.
        shown: trials with a bug in which some test failed a check.
        clean, alarmed: trials on clean RTL, and those of them with a report.
        calls, cycles: medians over the trials with a bug of what it took; a bug that was not found counts as more than
            any other, so None if half of them were not found.
        wrong: wrong reports in all.
    """

    bugs: int
    found: int
    shown: int
    clean: int
    alarmed: int
    calls: float | None
    cycles: float | None
    wrong: int


def trial_result(number: int, clean: bool, run: RecordedRun) -> TrialResult:
    """Return what became of a finished trial; its reports are judged in the record."""
    verdicts = {one.test: one for one in run.header.bug_reports or ()}
    right = {} if clean else {test for test, one in verdicts.items() if one.judged == "right"}
    calls = cycles = 0
    reached = None
    for turn in run.turns:
        calls = int(turn.spent.bounded("calls"))
        if reached is None and any(report.test in right for report in turn.bug_reports):
            reached = calls, cycles
        cycles = turn.spent.cycles
    return TrialResult(
        number=number, design=run.header.design, clean=clean, found=reached is not None,
        shown=any(test.failures for turn in run.turns for test in turn.tests),
        calls=reached[0] if reached else None, cycles=reached[1] if reached else None,
        reports=len(verdicts), wrong=len(verdicts) - len(right),
    )  # fmt: skip


def hunt_score(results: Sequence[TrialResult]) -> HuntScore:
    """Return the sums over trials."""
    bugs, clean = [one for one in results if not one.clean], [one for one in results if one.clean]
    return HuntScore(
        bugs=len(bugs), found=sum(one.found for one in bugs), shown=sum(one.shown for one in bugs),
        clean=len(clean), alarmed=sum(one.reports > 0 for one in clean),
        calls=_median([one.calls for one in bugs]), cycles=_median([one.cycles for one in bugs]),
        wrong=sum(one.wrong for one in results),
    )  # fmt: skip


def _median(values: Sequence[int | None]) -> float | None:
    far = float("inf")
    found = median([far if one is None else one for one in values]) if values else far
    return None if found == far else float(found)

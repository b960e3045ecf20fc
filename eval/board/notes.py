"""Notes on a board: limits that a reader must know before using its figures, one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from dv_agent.eval.board.design_board import DesignBoard
from dv_agent.eval.board.leaderboard import Comparison
from dv_agent.eval.board.trials.metrics import COVERAGE, KILLS
from dv_agent.eval.board.trials.score_or_reason import ScoredTrial
from dv_agent.eval.evaluation.spec import DETERMINISTIC
from dv_agent.eval.report.wording import plural
from dv_agent.eval.stats.separation import LEVEL


def notes(
    trials: Sequence[ScoredTrial],
    designs: Sequence[DesignBoard],
    compared: Sequence[Comparison],
    labels: Mapping[str, str],
) -> tuple[str, ...]:
    """Return all notes; each one names a problem."""
    some = (
        _missing(trials), _redone(trials, labels), _fewer_seeds(trials, labels), _uneven(designs), _hunted(trials),
        _failing(trials), _beyond(trials), _silent(trials), _unseparable(compared),
        _uninformative(designs), _unpriced(trials),
    )  # fmt: skip
    return tuple(chain.from_iterable(some))


def _missing(trials: Sequence[ScoredTrial]) -> Iterator[str]:
    words = {
        "failed": "failed; no score counts them",
        "unfinished": "begun, but not ended",
        "missing": "not begun",
        "foreign": "recorded on another state of their task, or under another budget; no score counts them",
        "refused": "not as recorded, when they were made again; no score counts them",
        "unverifiable": "not to be verified here; no score counts them",
    }
    for status, said in words.items():
        count = sum(one.status == status for one in trials)
        if count:
            yield f"{count:,} of {plural(len(trials), 'trial')}: {said}."


def _redone(trials: Sequence[ScoredTrial], labels: Mapping[str, str]) -> Iterator[str]:
    """Yield a note for rows with repeated trials: repeating a trial until the result is good shows up here, unless
    the record was deleted by hand.
    """
    again = [one for one in trials if one.record and one.record.earlier]
    if again:
        rows = sorted({labels[one.row] for one in again})
        attempts = sum(len(one.record.earlier) for one in again if one.record)
        names = ", ".join(rows[:3]) + (" and others" if len(rows) > 3 else "")
        counted = f"{plural(attempts, 'attempt')} that {'does' if attempts == 1 else 'do'} not count"
        yield (
            f"{len(again):,} of {plural(len(trials), 'trial')} executed again after {counted}: {names}. "
            "The table of trials says what the earlier ones came to."
        )


def _fewer_seeds(trials: Sequence[ScoredTrial], labels: Mapping[str, str]) -> Iterator[str]:
    """Yield a note for rows with fewer seeds, because a bad seed may have been left out. Deterministic agents have
    one seed.
    """
    asked: dict[str, set[int]] = {}
    for one in trials:
        if one.trial.entry.agent not in DETERMINISTIC:
            asked.setdefault(labels[one.row], set()).add(one.trial.seed)
    most = max(map(len, asked.values()), default=0)
    fewer = [f"{label} ({len(some)})" for label, some in sorted(asked.items()) if len(some) < most]
    if fewer:
        yield f"Rows with fewer seeds than the {most} of others: {', '.join(fewer[:5])}."


def _uneven(designs: Sequence[DesignBoard]) -> Iterator[str]:
    rows = {row for one in designs for row in one.scored}
    if any(one.scored.keys() != rows for one in designs if one.scored) or any(not one.scored for one in designs):
        yield "Not every row has trials on every design, so means of rows do not compare; paired differences do."


def _hunted(trials: Sequence[ScoredTrial]) -> Iterator[str]:
    scored = [one for one in trials if one.score]
    hunted = [one for one in scored if KILLS in one.figures]
    if hunted and len(hunted) < len(scored):
        names = sorted({one.trial.design for one in hunted})
        yield (
            f"Seeded bugs were hunted in {len(hunted):,} of {len(scored):,} scored trials, on {', '.join(names)}: "
            "what is said of kills speaks of these alone."
        )


def _failing(trials: Sequence[ScoredTrial]) -> Iterator[str]:
    broken = sorted({one.trial.design for one in trials if one.score and one.score.failing_tests})
    if broken:
        yield (
            f"Tests failed checks on the design as it is, without a seeded bug: {', '.join(broken)}. "
            "Either the design or its model has a fault; look at those runs before anything else."
        )


def _beyond(trials: Sequence[ScoredTrial]) -> Iterator[str]:
    found = [one.score.coverage.beyond for one in trials if one.score and one.score.coverage.beyond]
    if found:
        yield (
            f"The last test of {plural(len(found), 'trial')} ended beyond the bound on cycles, as an earlier version "
            f"let it. Its {plural(sum(found), 'bin')} may lie beyond it too and are not counted."
        )


def _silent(trials: Sequence[ScoredTrial]) -> Iterator[str]:
    found = [one for one in trials if one.score and not one.score.cost.cycles]
    if found:
        said = next((one.record.nothing_checked for one in found if one.record and one.record.nothing_checked), "")
        why = f", such as {found[0].trial.id}: {said.splitlines()[0]}" if said else ""
        yield (
            f"{plural(len(found), 'trial')} checked nothing, since no test was simulated{why}. "
            "Its score of 0 speaks of replies, not of tests."
        )


def _unseparable(compared: Sequence[Comparison]) -> Iterator[str]:
    mine = [one for one in compared if one.metric == COVERAGE]
    least = min((one.smallest_p for one in mine), default=0.0)
    if mine and least > LEVEL:
        designs = max(one.designs for one in mine)
        most = 100 * (1 - 2 / 2**designs)
        yield (
            f"With {plural(designs, 'design')} no difference can be told from chance: the test over designs gives no "
            f"p-value below {least:.3g}. Ranks are therefore shared; six designs are the fewest that can part rows. "
            f"Intervals hold the truth in at most {most:.0f} of 100 such boards, whatever they say."
        )


def _uninformative(designs: Sequence[DesignBoard]) -> Iterator[str]:
    for one in designs:
        if one.uninformative:
            yield f"{one.design} tells little: {one.uninformative}."


def _unpriced(trials: Sequence[ScoredTrial]) -> Iterator[str]:
    count = sum(bool(one.score and one.score.cost.unpriced) for one in trials)
    if count:
        yield f"{plural(count, 'trial')} asked a model of unknown price; what they cost in US dollars is not shown."

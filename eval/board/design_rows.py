"""The rows of one design: who hit its bins, who killed its bugs, and whether its scores separate agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from dv_agent.coverage.plan import Plan
from dv_agent.eval.board.design_board import BinLine, BugFate, BugLine, First
from dv_agent.eval.board.trials.score_or_reason import ScoredTrial
from dv_agent.eval.board.trials.tasks import Task
from dv_agent.eval.scoring.score import BugScore
from dv_agent.eval.stats.clusters import Floats

Rows = Mapping[str, Sequence[ScoredTrial]]
"""Row -> its scored trials on one design."""


def bin_lines(plan: Plan, rows: Rows, ceilings: frozenset[str]) -> tuple[BinLine, ...]:
    """Return one line per bin, in plan order."""
    bins = len(plan.bins)
    hits = {row: np.zeros(bins, dtype=np.int64) for row in rows}
    best, owner = np.full(bins, np.inf), np.full(bins, -1, dtype=np.int64)
    racing: list[ScoredTrial] = []
    for row, trials in rows.items():
        for one in trials:
            covered = _cycles_of_bins(one)
            hits[row] += np.isfinite(covered)
            if row not in ceilings:
                sooner = covered < best
                best[sooner], owner[sooner] = covered[sooner], len(racing)
                racing.append(one)
    return tuple(
        BinLine(
            id=one.id, tier=one.tier, description=one.description,
            hits={row: int(count[index]) for row, count in hits.items() if count[index]},
            first=_first(racing[owner[index]], index) if owner[index] >= 0 else None,
        )
        for index, one in enumerate(plan.bins)
    )  # fmt: skip


def in_order(lines: Sequence[BinLine]) -> list[BinLine]:
    """Return the bins sorted by the number of trials that hit them, highest first; ties keep plan order."""
    return sorted(lines, key=lambda line: -sum(line.hits.values()))


def bug_lines(task: Task, rows: Rows) -> tuple[BugLine, ...]:
    """Return one line per seeded bug that any trial hunted, in the order of the design."""
    sheets: dict[str, list[BugScore]] = {
        row: [one.score.bugs for one in some if one.score and one.score.bugs] for row, some in rows.items()
    }
    outcomes = {
        row: {bug: [one for sheet in some for one in sheet.outcomes if one.bug == bug] for bug in task.bugs}
        for row, some in sheets.items()
    }
    difficulty = {one.bug: one.difficulty for some in sheets.values() for sheet in some for one in sheet.outcomes}
    return tuple(
        BugLine(
            bug=bug, title=title, difficulty=difficulty[bug],
            fates={
                row: BugFate(
                    kills=sum(one.killed for one in found[bug]), n=len(found[bug]),
                    checks=dict(Counter(one.check for one in found[bug] if one.killed).most_common()),
                )
                for row, found in outcomes.items()
                if found[bug]
            },
        )
        for bug, title in task.bugs.items()
        if bug in difficulty
    )  # fmt: skip


def uninformative(means: Mapping[str, float], agents: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    """Return why the scores on a design do not separate agents; empty if they do.

    Args:
        means: row -> mean percentage of bins hit, for rows that have a score.
        agents: row -> agent; `kinds`: row -> entry, floor or ceiling.
    """
    random = next((means[row] for row in means if agents[row] == "random" and kinds[row] != "entry"), None)
    random = random if random is not None else next((means[row] for row in means if agents[row] == "random"), None)
    if random is None:
        return ""
    top = max((means[row] for row in means if kinds[row] == "ceiling"), default=100.0)
    if random >= top:
        return "random reaches the ceiling: nothing is left to show"
    rivals = [row for row in means if kinds[row] == "entry" and agents[row] != "random"]
    rivals = rivals or [row for row in means if kinds[row] == "floor" and agents[row] not in ("random", "null")]
    if rivals and random >= max(means[row] for row in rivals):
        return "random is at least as good as every entry"
    return ""


def _cycles_of_bins(one: ScoredTrial) -> Floats:
    """Return float64[bins]: cycles until each bin was first covered; infinity if it was not covered."""
    assert one.score is not None
    score = one.score.coverage
    cycles = np.array([*score.progress.cycles, np.inf], dtype=np.float64)  # index -1 (never covered): infinity
    return np.asarray(cycles[np.array(score.covered_by, dtype=np.int64)])


def _first(one: ScoredTrial, index: int) -> First:
    assert one.score is not None
    score = one.score.coverage
    place = score.covered_by[index]
    progress = score.progress
    return First(
        row=one.row, trial=one.trial.id, seed=one.trial.seed, test=progress.test[place], name=progress.name[place],
        cycles=progress.cycles[place],
    )  # fmt: skip

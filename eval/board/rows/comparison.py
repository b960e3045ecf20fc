"""Comparison of rows: paired differences, their significance, ranks, and ablations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from dv_agent.eval.board.leaderboard import Ablation, Comparison
from dv_agent.eval.board.rows.figures import SEED
from dv_agent.eval.board.rows.standing import common_designs
from dv_agent.eval.board.trials.metrics import COVERAGE, KILLS
from dv_agent.eval.board.trials.score_or_reason import ScoredTrial
from dv_agent.eval.evaluation.data_model import Entry
from dv_agent.eval.stats.clusters import grouped
from dv_agent.eval.stats.separation import LEVEL, Pair, adjusted, ranks
from dv_agent.eval.stats.sign_flip import compare

COMPARED = (COVERAGE, KILLS)


def comparisons(
    rows: Sequence[str], trials: Sequence[ScoredTrial], apart: Collection[str] = ()
) -> tuple[Comparison, ...]:
    """Return the comparison of all pairs of `rows`, for each metric of `COMPARED`; p-values are adjusted over all
    pairs.

    Rows that are listed `apart`, and pairs that do not share all designs common to the other rows, get their difference
    but are never reported as different.
    """
    return tuple(one for metric in COMPARED for one in _compared(metric, rows, trials, apart))


def ranking(rows: Sequence[str], compared: Sequence[Comparison]) -> dict[str, int]:
    """Return row -> rank by bins hit."""
    mine = [one for one in compared if one.metric == COVERAGE]
    better = {(one.one, one.other): one.mean for one in mine}
    return ranks(rows, better, {(one.one, one.other): one.adjusted_p for one in mine})


def ablations(
    entries: Sequence[Entry], labels: Mapping[str, str], compared: Sequence[Comparison]
) -> tuple[Ablation, ...]:
    """Return the paired differences of entries of the same agent that differ in exactly one option."""
    found = []
    for one, other in combinations(entries, 2):
        changed = _changes(one, other)
        differences = tuple(_between(one.digest, other.digest, compared))
        if one.agent == other.agent and len(changed) == 1 and differences:
            ((what, (before, after)),) = changed.items()
            found.append(
                Ablation(
                    what=what, before=_word(before), after=_word(after), one=one.digest, other=other.digest,
                    differences=differences,
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda ablation: (labels[ablation.one], labels[ablation.other])))


def _compared(
    metric: str, rows: Sequence[str], trials: Sequence[ScoredTrial], apart: Collection[str]
) -> Iterator[Comparison]:
    values = {
        row: {(one.trial.design, one.trial.seed): one.figures[metric] for one in trials
              if one.row == row and metric in one.figures}
        for row in rows
    }  # fmt: skip
    ranked = [row for row in rows if row not in apart]
    common = set(common_designs({row: {name: True for name, _ in values[row]} for row in ranked}))
    pairs: dict[Pair, dict[str, list[float]]] = {}
    for one, other in combinations(rows, 2):
        both = one not in apart and other not in apart
        shared = [key for key in values[one] if key in values[other] and (not both or key[0] in common)]
        pairs[one, other] = grouped((key[0], values[one][key] - values[other][key]) for key in shared)
    family = {pair: some for pair, some in pairs.items() if not set(pair) & set(apart) and set(some) == common}
    p = dict.fromkeys(pairs, 1.0) | adjusted(family, SEED)
    for (one, other), differences in pairs.items():
        found = compare(differences, SEED)
        if found:
            yield Comparison(
                metric=metric, one=one, other=other, mean=found.mean,
                low=found.interval.low if found.interval else None,
                high=found.interval.high if found.interval else None,
                p=found.p, adjusted_p=p[one, other], smallest_p=found.smallest_p,
                separated=p[one, other] <= LEVEL, n=found.n, designs=found.designs,
            )  # fmt: skip


def _between(one: str, other: str, compared: Sequence[Comparison]) -> Iterator[Comparison]:
    """Yield the comparisons of two rows, each as `other` minus `one`."""
    for found in compared:
        if (found.one, found.other) == (other, one):
            yield found
        elif (found.one, found.other) == (one, other):
            turned = {
                "one": other, "other": one, "mean": -found.mean,
                "low": None if found.high is None else -found.high, "high": None if found.low is None else -found.low,
            }  # fmt: skip
            yield found.model_copy(update=turned)


def _changes(one: Entry, other: Entry) -> dict[str, tuple[Any, Any]]:
    left, right = _flat(one), _flat(other)
    keys = dict.fromkeys((*left, *right))
    return {key: (left.get(key), right.get(key)) for key in keys if left.get(key) != right.get(key)}


def _flat(entry: Entry) -> dict[str, Any]:
    model = entry.model.model_dump(mode="json") if entry.model else {}
    return {"strategy": entry.strategy, **model, **entry.options}


def _word(value: Any) -> str:
    return "not said" if value in (None, "") else str(value)

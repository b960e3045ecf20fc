"""Figures of mutation testing: how many are killed, equivalent, unnoticed and unknown; by kind, module and check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from dv_agent.designs.frozen import Frozen
from dv_agent.eval.mutants.data_model import VERDICTS, Mutant, Outcome, Selection, Settings, Verdict


class Counts(Frozen):
    """Numbers of mutants by verdict."""

    killed: int = 0
    equivalent: int = 0
    unnoticed: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All mutants, the equivalent ones too."""
        return self.killed + self.equivalent + self.unnoticed + self.unknown

    @property
    def score(self) -> float | None:
        """Percent killed of those not proved equivalent; None if there are none."""
        left = self.total - self.equivalent
        return round(100 * self.killed / left, 2) if left else None


class SourceCounts(Counts):
    """Numbers of one source of tests.

    Attributes:
        alone: mutants that it kills and no other source does.
    """

    alone: int = 0


class MutationResult(Frozen):
    """All that a folder of mutants holds.

    Attributes:
        outcomes: of the mutants that were tried, in the order of their numbers.
    """

    folder: str
    settings: Settings
    selection: Selection
    outcomes: tuple[Outcome, ...]

    @property
    def left(self) -> int:
        """Number of mutants that were not tried yet."""
        return len(self.selection.to_run) - len(self.outcomes)

    def pairs(self) -> list[tuple[Mutant, Outcome]]:
        """Return the mutants with an outcome; trivially equivalent ones have theirs from the compiler."""
        found = {one.mutant: one for one in self.outcomes}
        found |= {one.id: trivial(one) for one in self.selection.mutants if one.equivalent}
        return [(one, found[one.id]) for one in self.selection.mutants if one.id in found]


def trivial(mutant: Mutant) -> Outcome:
    """Return the outcome of a mutant whose compiled form is that of the clean RTL."""
    return Outcome(mutant=mutant.id, verdict="equivalent", by="the same compiled program")


def counts(outcomes: Sequence[Outcome]) -> Counts:
    """Return the numbers by verdict."""
    found = Counter(one.verdict for one in outcomes)
    return Counts(**{name: found[name] for name in VERDICTS})


def grouped(result: MutationResult, key: Callable[[Mutant], str]) -> dict[str, Counts]:
    """Return group -> numbers, sorted by name."""
    groups: dict[str, list[Outcome]] = {}
    for mutant, outcome in result.pairs():
        groups.setdefault(key(mutant), []).append(outcome)
    return {name: counts(groups[name]) for name in sorted(groups)}


def by_kind(result: MutationResult) -> dict[str, Counts]:
    """Return the numbers by kind of change."""
    return grouped(result, lambda mutant: mutant.change.kind)


def by_module(result: MutationResult) -> dict[str, Counts]:
    """Return the numbers by module."""
    return grouped(result, lambda mutant: mutant.change.module)


def by_check(result: MutationResult) -> dict[str, int]:
    """Return check -> number of mutants that it killed, most first."""
    return dict(Counter(one.by for one in result.outcomes if one.verdict == "killed").most_common())


def by_source(result: MutationResult) -> dict[str, SourceCounts]:
    """Return source of tests -> numbers of that source alone, if there are several."""
    outcomes = [outcome for _, outcome in result.pairs()]
    return {source.words: _of_source(number, outcomes) for number, source in enumerate(result.settings.sources)}


def _of_source(number: int, outcomes: Sequence[Outcome]) -> SourceCounts:
    found = Counter("killed" if number in _killers(one) else _not_killed(one) for one in outcomes)
    alone = sum(_killers(one) == [number] for one in outcomes)
    return SourceCounts(**{name: found[name] for name in VERDICTS}, alone=alone)


def _killers(outcome: Outcome) -> list[int]:
    return [number for number, one in enumerate(outcome.sources) if one.by]


def _not_killed(outcome: Outcome) -> Verdict:
    """Return the verdict on tests that do not kill: a mutant that others kill is different, and they do not notice."""
    return "unnoticed" if outcome.verdict == "killed" else outcome.verdict


def as_json(result: MutationResult) -> dict[str, Any]:
    """Return the result in the form that docs/mutants.md describes; its keys are stable."""
    total = counts([outcome for _, outcome in result.pairs()])
    return {
        "schema_version": 1,
        "folder": result.folder,
        "settings": result.settings.model_dump(mode="json"),
        "score": total.score,
        "totals": total.model_dump(),
        "by_kind": {name: one.model_dump() for name, one in by_kind(result).items()},
        "by_module": {name: one.model_dump() for name, one in by_module(result).items()},
        "by_check": by_check(result),
        "by_source": {name: one.model_dump() | {"score": one.score} for name, one in by_source(result).items()},
        "candidates": result.selection.candidates,
        "refused": result.selection.refused,
        "repeated": result.selection.repeated,
        "left": result.left,
        "mutants": [_row(mutant, outcome) for mutant, outcome in result.pairs()],
    }


def _row(mutant: Mutant, outcome: Outcome) -> dict[str, Any]:
    change = mutant.change
    return {
        "id": mutant.id, "kind": change.kind, "module": change.module, "file": change.source, "line": change.line,
        "change": change.change, "diff": mutant.diff, **outcome.model_dump(mode="json", exclude={"mutant"}),
    }  # fmt: skip

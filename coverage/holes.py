"""Hole: a bin that is not covered yet, with data on how near the tests came to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import groupby
from typing import overload

from dv_agent.coverage.contribution import UNSEEN
from dv_agent.coverage.database import Coverage
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import TIERS, Kind, Tier
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.trace import IntColumn


class PartHits(Frozen):
    """The number of hits of one member of a cross bin, or of one position of a transition, alone."""

    label: str
    hits: int


class Hole(Frozen):
    """An uncovered bin.

    Attributes:
        bin: id of the bin.
        name: the name to show, ``high x low`` for a cross.
        description: one line on how to hit it.
        hits, at_least: hits so far, and the number of hits from which the bin is covered.
        observable: false if no test had the table of the bin.
        distance, residual: as in `Sample`, the minimum of all tests; None if never measured.
        parts: hits of members or positions, for crosses and transitions.
        nearest_test, nearest_turn, nearest_row: the test with the least distance, and its row.
    """

    bin: str
    covergroup: str
    item: str
    name: str
    kind: Kind
    tier: Tier
    description: str
    hits: int
    at_least: int
    observable: bool
    distance: int | None
    residual: int | None
    parts: tuple[PartHits, ...]
    nearest_test: str | None
    nearest_turn: int | None
    nearest_row: int | None


class Family(Frozen):
    """The holes of one coverpoint or cross; `bins` is the number of all its bins."""

    covergroup: str
    item: str
    description: str
    bins: int
    holes: tuple[Hole, ...]


def holes(plan: Plan, coverage: Coverage) -> tuple[Hole, ...]:
    """Return the uncovered bins: easy tier first, in plan order within a tier."""
    return tuple(OpenBins(plan, coverage))


class OpenBins(Sequence[Hole]):
    """The uncovered bins in the order of `holes`, each described when it is read: most agents read few, or none."""

    def __init__(self, plan: Plan, coverage: Coverage) -> None:
        self._plan, self._coverage = plan, coverage

    @overload
    def __getitem__(self, place: int) -> Hole: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Hole, ...]: ...
    def __getitem__(self, place: int | slice) -> Hole | tuple[Hole, ...]:
        return self._described[place]

    def __len__(self) -> int:
        return len(self._coverage.open_bins)

    @cached_property
    def _described(self) -> tuple[Hole, ...]:
        found = [_hole(self._plan, self._coverage, index) for index in self._coverage.open_bins.tolist()]
        return tuple(sorted(found, key=lambda hole: TIERS.index(hole.tier)))


def families(plan: Plan, found: Iterable[Hole]) -> tuple[Family, ...]:
    """Return the holes `found`, grouped by coverpoint or cross, in plan order."""
    items = {(item.covergroup, item.name): item for item in plan.items}
    ordered = sorted(found, key=lambda hole: plan.index(hole.bin))
    result = []
    for (group, name), members in groupby(ordered, key=lambda hole: (hole.covergroup, hole.item)):
        item = items[group, name]
        result.append(
            Family(
                covergroup=group, item=name, description=item.description,
                bins=item.stop - item.start, holes=tuple(members),
            )
        )  # fmt: skip
    return tuple(result)


def _hole(plan: Plan, coverage: Coverage, index: int) -> Hole:
    one, test = plan.bins[index], coverage.nearest_test(index)
    distance, residual = int(coverage.distance[index]), int(coverage.residual[index])
    row = int(coverage.nearest_row[index])
    return Hole(
        bin=one.id, covergroup=one.covergroup, item=one.item, name=one.title, kind=one.kind, tier=one.tier,
        description=one.description, hits=int(coverage.hits[index]), at_least=one.at_least,
        observable=bool(coverage.observable[index]),
        distance=distance if distance < UNSEEN else None,
        residual=residual if max(distance, residual) < UNSEEN else None,
        parts=tuple(
            PartHits(label=part.label, hits=_slot_hits(coverage.hits, coverage.hidden_hits, part.slot))
            for part in plan.parts[index]
        ),
        nearest_test=test[1] if test else None, nearest_turn=test[0] if test else None,
        nearest_row=row if test and row >= 0 else None,
    )  # fmt: skip


def _slot_hits(hits: IntColumn, hidden: IntColumn, slot: int) -> int:
    return int(hits[slot] if slot < len(hits) else hidden[slot - len(hits)])

"""Plan: all bins of a design in a fixed order, which is the order of every coverage array."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dv_agent.coverage.code.points import CodePoints
from dv_agent.coverage.structure import Bin, Covergroup, Coverpoint, Cross, Excluded, Kind
from dv_agent.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Item:
    """A visible coverpoint or a cross, with the bins ``plan.bins[start:stop]``."""

    covergroup: str
    name: str
    kind: Kind
    weight: int
    description: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Part:
    """A member of a cross bin or a position of a transition.

    Attributes:
        label: the text to show, such as ``sat0 = high``.
        slot: the index of its hit counter: below ``len(plan.bins)`` a bin, else a hidden counter.
    """

    label: str
    slot: int


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The coverage plan of a design.

    Slots are the indices of all counters: first the bins, then hidden counters (bins of hidden
    coverpoints, positions of transitions), then illegal bins.

    Attributes:
        path: the file of the plan.
        bins: all bins, in the order of every array with one entry for each bin; bins of one item are consecutive.
        items: visible coverpoints and crosses, in the order of their bins.
        hidden: ids of the hidden counters.
        illegal: bins whose hit is a failed check.
        ignored: exclusions with the reason why they are unreachable; cross bins by id, values by name of the entry.
        parts: for each bin its members or positions; empty for value bins.
        at_least: int64[bins].
        item_of: int64[bins], index into `items`.
        hash: hex SHA-256 of all that changes counts or percentages; descriptive texts are left out.
        columns: what columns mean, one line each, by ``column`` or ``table.column``; for readers, not hashed.
        code: the points behind the covergroup `code`, if the plan has it; see `dv_agent.coverage.code.group`.
    """

    path: Path
    covergroups: tuple[Covergroup, ...]
    bins: tuple[Bin, ...]
    items: tuple[Item, ...]
    hidden: tuple[str, ...]
    illegal: tuple[Excluded, ...]
    ignored: tuple[Excluded, ...]
    parts: tuple[tuple[Part, ...], ...]
    at_least: NDArray[np.int64]
    item_of: NDArray[np.int64]
    hash: str
    slots: dict[str, int] = field(repr=False)
    code: CodePoints | None = field(default=None, repr=False)
    columns: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the covergroups are sampled on, in the order of first use."""
        return tuple(dict.fromkeys(group.on for group in self.covergroups))

    def index(self, bin_id: str) -> int:
        """Return the index of a bin in every array.

        Raises:
            UnknownNameError: no such bin; suggests the nearest ids.
        """
        slot = self.slots.get(bin_id, len(self.bins))
        if slot >= len(self.bins):
            raise UnknownNameError("bin", bin_id, (one.id for one in self.bins))
        return slot

    def covergroup_of(self, one: Bin) -> Covergroup:
        """Return the covergroup of one of the bins."""
        return next(group for group in self.covergroups if group.name == one.covergroup)


def build_plan(path: Path, covergroups: tuple[Covergroup, ...], columns: Mapping[str, str] | None = None) -> Plan:
    """Build a plan: number the bins of `covergroups`; `columns` as in `Plan`."""
    items = _items(covergroups)
    bins = tuple(one for group in covergroups for part in _visible(group) for one in part)
    hidden = tuple(_hidden(covergroups))
    illegal = tuple(one for group in covergroups for point in group.coverpoints for one in point.illegal)
    names = [*(one.id for one in bins), *hidden, *(one.id for one in illegal)]
    slots = {name: slot for slot, name in enumerate(names)}
    crosses = {(group.name, cross.name): cross for group in covergroups for cross in group.crosses}
    lengths = [item.stop - item.start for item in items]
    return Plan(
        path=path, covergroups=covergroups, bins=bins, items=items, hidden=hidden, illegal=illegal,
        ignored=tuple(one for group in covergroups for one in _ignored(group)),
        parts=tuple(_parts(one, crosses.get((one.covergroup, one.item)), slots) for one in bins),
        at_least=_frozen([one.at_least for one in bins]),
        item_of=_frozen(np.repeat(np.arange(len(items)), lengths)),
        hash=_hash(covergroups), slots=slots, columns=columns or {},
    )  # fmt: skip


def position_id(one: Bin, position: int) -> str:
    """Return the id of the hidden counter of one position of a transition bin."""
    return f"{one.id}[{position}]"


def _visible(group: Covergroup) -> list[tuple[Bin, ...]]:
    return [point.bins for point in group.coverpoints if not point.hidden] + [cross.bins for cross in group.crosses]


def _items(covergroups: tuple[Covergroup, ...]) -> tuple[Item, ...]:
    items: list[Item] = []
    start = 0
    for group in covergroups:
        visible: list[Coverpoint | Cross] = [point for point in group.coverpoints if not point.hidden]
        for one in visible + list(group.crosses):
            kind: Kind = "cross" if isinstance(one, Cross) else one.kind
            stop = start + len(one.bins)
            items.append(Item(group.name, one.name, kind, one.weight, one.description, start, stop))
            start = stop
    return tuple(items)


def _hidden(covergroups: tuple[Covergroup, ...]) -> list[str]:
    names: list[str] = []
    for group in covergroups:
        for point in group.coverpoints:
            if point.hidden:
                names += [one.id for one in point.bins]
            if point.kind == "transition":
                names += [position_id(one, index) for one in point.bins for index in range(len(one.values))]
    return names


def _ignored(group: Covergroup) -> list[Excluded]:
    points = [one for point in group.coverpoints for one in point.ignored]
    return points + [one for cross in group.crosses for one in cross.ignored]


def _parts(one: Bin, cross: Cross | None, slots: dict[str, int]) -> tuple[Part, ...]:
    if one.kind == "transition":
        return tuple(Part(str(values), slots[position_id(one, i)]) for i, values in enumerate(one.values))
    if cross is None:
        return ()
    pairs = zip(cross.of, one.members, strict=True)
    return tuple(Part(f"{point} = {name}", slots[f"{one.covergroup}.{point}.{name}"]) for point, name in pairs)


def _frozen(values: ArrayLike) -> NDArray[np.int64]:
    array = np.array(values, dtype=np.int64)
    array.setflags(write=False)
    return array


def _hash(covergroups: tuple[Covergroup, ...]) -> str:
    groups = [
        {
            "group": [group.name, group.on, group.when.text if group.when else None, group.weight],
            "points": [
                [point.name, point.of.text, point.hidden, point.weight, _content(point.bins),
                 [[one.id, _ranges(one.values)] for one in point.illegal]]
                for point in group.coverpoints
            ],
            "crosses": [[cross.name, cross.of, cross.weight, _content(cross.bins)] for cross in group.crosses],
        }
        for group in covergroups
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(groups, sort_keys=True).encode()).hexdigest()


def _content(bins: tuple[Bin, ...]) -> list[list[Any]]:
    return [[one.name, one.tier, one.at_least, _ranges(one.values)] for one in bins]


def _ranges(values: tuple[Any, ...]) -> list[Any]:
    return [one.ranges for one in values]

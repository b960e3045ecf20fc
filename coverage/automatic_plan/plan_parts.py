"""The parts of a plan before it is written: groups, points and crosses, each counting its bins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Values = int | tuple[int, int]
"""One value, or an inclusive range."""
Moves = Sequence[Sequence[Values]]
"""A transition: for each position the values it may have."""


@dataclass(frozen=True, slots=True)
class Point:
    """A coverpoint.

    Attributes:
        bins: name -> values; of a coverpoint of transitions, name -> one list of values and ranges for each position.
        hidden: whether it counts only as a part of crosses.
    """

    name: str
    of: str
    description: str
    bins: Mapping[str, Values | Moves]
    hidden: bool = False

    @property
    def moves(self) -> bool:
        """Whether it holds transitions."""
        return any(not isinstance(values, int | tuple) for values in self.bins.values())

    def data(self) -> dict[str, Any]:
        """Return it as plan.yaml holds it."""
        key = "transitions" if self.moves else "bins"
        written = {name: _written(values) for name, values in self.bins.items()}
        hidden = {"hidden": True} if self.hidden else {}
        return {"name": self.name, "of": self.of, **hidden, "description": self.description, key: written}


@dataclass(frozen=True, slots=True)
class CrossOf:
    """A cross; `only` lists the combinations that count, all if it is empty."""

    name: str
    of: tuple[str, ...]
    description: str
    only: tuple[Mapping[str, str], ...] = ()

    def data(self) -> dict[str, Any]:
        """Return it as plan.yaml holds it."""
        only = {"only": [dict(one) for one in self.only]} if self.only else {}
        return {"name": self.name, "of": list(self.of), "description": self.description, **only}


@dataclass(frozen=True, slots=True)
class Group:
    """A covergroup. Groups with a greater `rank` are the first to go if a plan has too many bins."""

    name: str
    on: str
    description: str
    points: Sequence[Point]
    crosses: Sequence[CrossOf] = ()
    when: str = ""
    rank: int = 0

    @property
    def bins(self) -> int:
        """Number of bins."""
        sizes = {point.name: len(point.bins) for point in self.points}
        crossed = (len(one.only) or math.prod(sizes[name] for name in one.of) for one in self.crosses)
        return sum(sizes[point.name] for point in self.points if not point.hidden) + sum(crossed)

    def data(self) -> dict[str, Any]:
        """Return it as plan.yaml holds it."""
        when = {"when": self.when} if self.when else {}
        crosses = {"crosses": [one.data() for one in self.crosses]} if self.crosses else {}
        head = {"name": self.name, "on": self.on, **when, "description": self.description}
        return {**head, "coverpoints": [one.data() for one in self.points], **crosses}


def lengths(*starts: int, most: int | None = None) -> dict[str, Values]:
    """Return bins of lengths that begin at each of `starts`; the last one is open unless `most` is given."""
    found: dict[str, Values] = {}
    ends = [*(start - 1 for start in starts[1:]), most]
    for start, end in zip(starts, ends, strict=True):
        if end is not None and end < start:
            continue
        if end == start:
            found[str(start)] = start
        else:
            found[f"{start}_or_more" if end is None else f"{start}_to_{end}"] = (start, OPEN if end is None else end)
    return found


OPEN = 10_000_000
"""Greater than any length in cycles or beats that a test can have."""


def _written(values: Values | Moves) -> Any:
    if isinstance(values, int):
        return values
    if isinstance(values, tuple):
        return list(values)
    return [_position(one) for one in values]


def _position(values: Sequence[Values]) -> Any:
    """Return one position of a transition: a list of values, or one range."""
    (first, *rest) = values
    if isinstance(first, tuple) and not rest:
        return {"range": list(first)}
    if all(isinstance(one, int) for one in values):
        return list(values)
    return {"values": [list(one) if isinstance(one, tuple) else one for one in values]}

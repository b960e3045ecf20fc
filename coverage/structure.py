"""The elements of a plan: covergroups, coverpoints, crosses and bins (IEEE 1800-2017 §19.3 to §19.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from dv_agent.coverage.values import ValueSet
from dv_agent.designs.language.expression import Expression

Tier = Literal["easy", "medium", "hard"]
Kind = Literal["value", "transition", "cross"]
TIERS: tuple[Tier, ...] = get_args(Tier)
MAX_BINS = 20_000


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin.

    Attributes:
        id: ``covergroup.item.name``, unique in the plan. The name of a cross bin joins the names of its
            members with ``+``. An id holds letters, digits and ``_ . + -`` only, so it needs no quotes in a shell,
            and its first two dots separate covergroup, item and name.
        item: the coverpoint or cross that the bin belongs to.
        description: one line, placeholders resolved.
        at_least: number of hits from which the bin is covered (§19.7.1).
        weight: weight of the item.
        values: one set for a value bin, one for each position of a transition, none for a cross.
        members: for a cross, the bin name of each crossed coverpoint.
        words: what stands for its name in descriptions; empty where the name does.
    """

    id: str
    covergroup: str
    item: str
    name: str
    kind: Kind
    tier: Tier
    description: str
    at_least: int
    weight: int
    values: tuple[ValueSet, ...] = ()
    members: tuple[str, ...] = ()
    words: str = ""

    @property
    def title(self) -> str:
        """The name to show: ``high x low`` for a cross."""
        return " x ".join(self.members) if self.members else self.name


@dataclass(frozen=True, slots=True)
class Excluded:
    """Values, a sequence or a cross bin that is ignored (§19.5.5) or illegal (§19.5.6), with the reason.

    Attributes:
        id: ``covergroup.item.name``, built like the id of a bin.
        why: the reason that the plan's author gave.
        values: as in `Bin`; empty for cross bins.
        choice: whether the plan leaves it out although a test may hit it; else `why` says why none can.
    """

    id: str
    why: str
    values: tuple[ValueSet, ...] = ()
    choice: bool = False


@dataclass(frozen=True, slots=True)
class Coverpoint:
    """An expression over the columns of a table, and its bins: all of values or all of transitions.

    Attributes:
        line: line of the expression in the plan.
        hidden: the coverpoint only feeds crosses; its own bins do not count.
        ordered: whether a value near a bin is near to hitting it; false for values that are only names. No distance to
            such a bin is measured.
    """

    name: str
    kind: Kind
    of: Expression
    line: int | None
    weight: int
    hidden: bool
    description: str
    bins: tuple[Bin, ...]
    ignored: tuple[Excluded, ...]
    illegal: tuple[Excluded, ...]
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Cross:
    """Combinations of bins of value coverpoints of one covergroup, hit on the same row (§19.6)."""

    name: str
    of: tuple[str, ...]
    weight: int
    description: str
    bins: tuple[Bin, ...]
    ignored: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True)
class Covergroup:
    """Coverpoints and crosses sampled on every row of one table that passes `when`; `line` is the line of `on`."""

    name: str
    on: str
    line: int | None
    when: Expression | None
    when_line: int | None
    weight: int
    description: str
    coverpoints: tuple[Coverpoint, ...]
    crosses: tuple[Cross, ...]

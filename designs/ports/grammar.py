"""The noun Grammar: what a test may say on one track, as data that reading, drawing and schemas are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dv_agent.designs.ports.field_spec import FieldSpec

Member = Literal["gap", "stall"]
"""What an operation may hold beside its number: see `dv_agent.designs.program.Op`."""


@dataclass(frozen=True, slots=True)
class Item:
    """What carries payload on a track: a packet of beats, or a single write.

    Attributes:
        op: kind of the operations that it becomes.
        fields: the payload.
        packets: whether it is a list of beats, called as the design's stimulus schema says; else one object.
        part: the part of the port whose transfers are its beats.
    """

    op: str
    fields: Mapping[str, FieldSpec]
    packets: bool
    part: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A step with one number, such as ``{"idle": 5}``, which becomes one operation of the same kind.

    Attributes:
        limit: what bounds the number: cycles of waiting, or items of the design; it is 1 at least.
        options: more keys of the step (0 to the longest wait) -> member of the operation.
        passive: whether the port is silent, or always ready, meanwhile.
    """

    key: str
    limit: Literal["cycles", "items"] = "cycles"
    options: Mapping[str, Member] = field(default_factory=dict)
    passive: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """A key of random blocks that is not a field.

    Attributes:
        least: its least value; the greatest is the longest wait.
        default: what it is where nobody says.
        beats: whether it is the number of beats of a packet, which is as the stimulus schema says.
    """

    key: str
    least: int = 0
    default: int = 0
    beats: bool = False


@dataclass(frozen=True, slots=True)
class RandomOp:
    """One operation of a random block: its number drawn from key `value` (left out at 0) or fixed, members from keys.

    Attributes:
        members: member of the operation -> key of the block, drawn in this order.
    """

    op: str
    value: str | int
    members: Mapping[Member, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a test may say on one track, apart from waits and loops, which every track has.

    Attributes:
        counts: what ``count`` of a random block counts.
        timing: keys of random blocks, apart from ``count`` and the fields.
        words: steps with a number.
        item: what carries payload, if anything.
        random: what a random block makes again and again; empty where it makes items.
        inserted: words that a search may throw in; empty where it better draws the track anew.
        directed: steps for an example, where there is no item.
        joined: steps for an example in which the track first waits for another.
    """

    counts: str
    timing: tuple[Timing, ...]
    words: tuple[Word, ...]
    item: Item | None = None
    random: tuple[RandomOp, ...] = ()
    inserted: tuple[str, ...] = ()
    directed: tuple[dict[str, Any], ...] = ()
    joined: tuple[dict[str, Any], ...] = ()

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """The payload; empty where there is none."""
        return self.item.fields if self.item else {}

    @property
    def packets(self) -> bool:
        """Whether the track sends packets."""
        return self.item is not None and self.item.packets

    @property
    def timing_keys(self) -> tuple[str, ...]:
        """Keys of `timing`."""
        return tuple(one.key for one in self.timing)

    @property
    def passive(self) -> frozenset[str]:
        """Words during which nothing is asked of the design."""
        return frozenset(word.key for word in self.words if word.passive)

    @property
    def ops(self) -> frozenset[str]:
        """Kinds of operations that the track may hold, waits apart."""
        return frozenset(word.key for word in self.words) | ({self.item.op} if self.item else set())

    def item_word(self, packet: str) -> str:
        """The word of an item; empty where there is none. Args: packet: what the design calls a packet."""
        return "" if self.item is None else packet if self.item.packets else self.item.op

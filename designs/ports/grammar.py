"""Grammar: the steps allowed on one track, as data for parsing tests, drawing random ones, and JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dv_agent.designs.ports.field_spec import FieldSpec

Member = Literal["gap", "stall"]
"""Members of an operation besides its number: see `dv_agent.designs.program.Op`."""


@dataclass(frozen=True, slots=True)
class Option:
    """An optional number of an item: `member` of its operation holds how much it exceeds `least`, its default."""

    member: Member
    least: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """A shorter way to write an item: with a keyword of its own that stands for some of the fields.

    Attributes:
        fixed: field -> value that the keyword stands for.
        defaults: field -> value if it is left out; all other fields must be given.
    """

    fixed: Mapping[str, int]
    defaults: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """A step that carries payload: a packet of beats, or a single write.

    Attributes:
        op: kind of the operations that it is expanded to.
        fields: the payload.
        packets: whether it is a list of beats, with the keyword of the design's stimulus schema; else one object.
        part: the part of the port whose transfers are its beats.
        options: more numbers of an item, besides ``gap``; each is a timing key of random blocks too.
        level: if fields that a write leaves out keep their values, the packed values at first.
        forms: keyword -> shorter way to write it.
        per_beat: fields of a packet that a form may give as a list, one value for each beat.
    """

    op: str
    fields: Mapping[str, FieldSpec]
    packets: bool
    part: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    level: int | None = None
    forms: Mapping[str, Form] = field(default_factory=dict)
    per_beat: tuple[str, ...] = ()

    def shown(self, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the shortest way to write a single item: keyword and fields; the word is empty if no form fits."""
        for word, form in self.forms.items():
            if all(values[name] == value for name, value in form.fixed.items()):
                left_out = {name for name, value in form.defaults.items() if values[name] == value}
                return word, {k: v for k, v in values.items() if k not in form.fixed and k not in left_out}
        return "", dict(values)


@dataclass(frozen=True, slots=True)
class Word:
    """A step with one number, such as ``{"idle": 5}``, which becomes one operation of the same kind.

    Attributes:
        limit: the upper limit of the number: cycles of waiting, or items of the design; the minimum is 1.
        options: more keys of the step (0 to the longest wait) -> member of the operation.
        passive: whether the port is silent, or always ready, during the step.
    """

    key: str
    limit: Literal["cycles", "items"] = "cycles"
    options: Mapping[str, Member] = field(default_factory=dict)
    passive: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """A key of random blocks that is not a field.

    Attributes:
        least: its minimum; the maximum is the longest wait.
        default: its default value.
        beats: whether it is the number of beats of a packet, whose range is in the stimulus schema.
    """

    key: str
    least: int = 0
    default: int = 0
    beats: bool = False


@dataclass(frozen=True, slots=True)
class RandomOp:
    """One operation of a random block: its number is fixed, or drawn from key `value` (no operation if 0).

    Attributes:
        members: member of the operation -> key of the block that it is drawn from, in this order.
    """

    op: str
    value: str | int
    members: Mapping[Member, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grammar:
    """The steps allowed on one track, apart from waits and loops, which every track has.

    Attributes:
        counts: the unit of ``count`` in a random block.
        timing: keys of random blocks, apart from ``count`` and the fields.
        words: steps with a number.
        item: the step that carries payload, if there is one.
        random: the operations that a random block repeats; empty if it makes items.
        inserted: words that a search may insert; empty if drawing the whole track again is better.
        directed: steps for an example, if there is no item.
        joined: steps for an example in which the track first waits for another track.
        defaults: field -> distribution of random blocks where neither step nor profile gives one; else the full range.
        stalls: whether a ``stall`` may last until a cycle or a transfer, as in ``{"stall": {"at": 120}}``.
    """

    counts: str
    timing: tuple[Timing, ...]
    words: tuple[Word, ...]
    item: Item | None = None
    random: tuple[RandomOp, ...] = ()
    inserted: tuple[str, ...] = ()
    directed: tuple[dict[str, Any], ...] = ()
    joined: tuple[dict[str, Any], ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    stalls: bool = False

    def word_of(self, step: Mapping[str, Any]) -> str:
        """Return the word of a step that is alone or has options, which may be words of other steps; else nothing."""
        for word in self.words:
            if word.key in step and (len(step) == 1 or word.options.keys() & step.keys()):
                return word.key
        return ""

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """The fields of the payload; empty if there is none."""
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
        """Words during which the port demands nothing of the design."""
        return frozenset(word.key for word in self.words if word.passive)

    @property
    def ops(self) -> frozenset[str]:
        """Kinds of operations that the track may hold, except waits."""
        return frozenset(word.key for word in self.words) | ({self.item.op} if self.item else set())

    @property
    def pause(self) -> str:
        """The word of a step that only waits, such as ``idle``."""
        return next((word.key for word in self.words if word.passive), "")

    def item_word(self, packet: str) -> str:
        """Return the keyword of an item; empty if there is none. Args: packet: the design's word for a packet."""
        return "" if self.item is None else packet if self.item.packets else self.item.op

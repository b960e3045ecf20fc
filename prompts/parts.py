"""The named parts of a prompt: their order, and the priority with which they are cut when a prompt is too long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

MessageRole = Literal["system", "user"]
Said = tuple[str, str]
"""(message sent to the model, its reply)"""


class PartKind(NamedTuple):
    """Position of a part, and how far it may be cut.

    Attributes:
        priority: 0 is never cut; of the others the greatest number is cut first.
        floor: the first pass shortens a list to no fewer items than this; the second pass removes whole parts.
    """

    message: MessageRole
    priority: int
    floor: int = 0


WHOLE = 1 << 30
"""Floor of a list that is shortened only after every other list."""

PARTS: dict[str, PartKind] = {
    "role": PartKind("system", 0),
    "contract": PartKind("system", 0),
    "specification": PartKind("user", 70, WHOLE),
    "rtl": PartKind("user", 90),
    "digest": PartKind("user", 85, 2),
    "tracks": PartKind("user", 0),
    "language": PartKind("user", 0),
    "examples": PartKind("user", 30, 2),
    "shots": PartKind("user", 35, 1),
    "progress": PartKind("user", 0),
    "history": PartKind("user", 75, 4),
    "errors": PartKind("user", 20, 6),
    "failures": PartKind("user", 50, 2),
    "results": PartKind("user", 80, 4),
    "windows": PartKind("user", 45, 1),
    "holes": PartKind("user", 60, 8),
    "columns": PartKind("user", 65, 4),
    "targets": PartKind("user", 40, 8),
    "stuck": PartKind("user", 40, 4),
    "code": PartKind("user", 42, 4),
    "sampled": PartKind("user", 0),
    "cone": PartKind("user", 65, 10),
    "unnoticed": PartKind("user", 55, 3),
    "ask": PartKind("user", 0),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part before it is cut.

    Attributes:
        items: the items of a list part; an empty tuple if the part is a single text.
        context: all other values that the template uses.
    """

    name: str
    items: tuple[Any, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> PartKind:
        """Return the position of the part and how far it may be cut."""
        return PARTS[self.name]


@dataclass(frozen=True, slots=True)
class Part:
    """A part as included in the prompt; `tokens` is an estimate."""

    name: str
    message: MessageRole
    priority: int
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut from a part; `tokens` is an estimate, `items` is 0 if the part is a single text."""

    part: str
    tokens: int
    items: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """The rendered prompt of one turn.

    Attributes:
        system, user: the first and the last message.
        said: earlier exchanges, placed between them.
        parts: in order.
        cut: what was left out so that the prompt fits.
        tokens: estimate for all messages.
    """

    system: str
    user: str
    parts: tuple[Part, ...]
    cut: tuple[Cut, ...]
    tokens: int
    said: tuple[Said, ...] = ()

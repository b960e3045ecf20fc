"""The named parts of a prompt: where each stands, and in which order they give way when a prompt is too long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

MessageRole = Literal["system", "user"]
Said = tuple[str, str]
"""(what the model was sent, what it said)"""


class PartKind(NamedTuple):
    """What may be cut of a part.

    Attributes:
        priority: 0 is never cut; of the others the greatest gives way first.
        floor: in the first pass a list is shortened to no fewer items than this; the second pass takes whole parts.
    """

    message: MessageRole
    priority: int
    floor: int = 0


WHOLE = 1 << 30
"""Floor of a list that is not shortened before every other list has been."""

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
    "holes": PartKind("user", 60, 8),
    "targets": PartKind("user", 40, 8),
    "stuck": PartKind("user", 40, 4),
    "sampled": PartKind("user", 0),
    "cone": PartKind("user", 65, 10),
    "ask": PartKind("user", 0),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part before it is cut.

    Attributes:
        items: what its template lists; an empty tuple where the part is one piece.
        context: everything else that the template reads.
    """

    name: str
    items: tuple[Any, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> PartKind:
        """Where it stands and what may be cut."""
        return PARTS[self.name]


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it stands in the prompt; `tokens` is an estimate."""

    name: str
    message: MessageRole
    priority: int
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What was taken from a part; `tokens` is an estimate, `items` 0 where the part was one piece."""

    part: str
    tokens: int
    items: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model reads.

    Attributes:
        system, user: the first message, and the last.
        said: earlier exchanges that stand between them.
        parts: in the order in which they stand.
        cut: what was left out to fit.
        tokens: estimate for all messages.
    """

    system: str
    user: str
    parts: tuple[Part, ...]
    cut: tuple[Cut, ...]
    tokens: int
    said: tuple[Said, ...] = ()

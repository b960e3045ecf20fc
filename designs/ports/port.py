"""The base of all kinds of ports: all that the rest of the tool asks a port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dv_agent.designs.frozen import Frozen
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.ports.stream import Stream


@dataclass(frozen=True, slots=True)
class Memory:
    """A port that answers from test memory, in order: each of both streams carries one field.

    Attributes:
        ask: the design's requests; the field is the address.
        answer: our answers; the field is the word.
    """

    ask: Stream
    answer: Stream

    @property
    def word(self) -> FieldSpec:
        """What the memory holds."""
        return next(iter(self.answer.fields.values()))


class PortModel(Frozen):
    """A port as written in design.yaml. A kind overrides what it has; see `registry.py`.

    Attributes:
        label: what it is, in a few words, beside a waveform.
        driver: name of its driver in the simulator process; empty where nothing is driven.
        plural, silence: how a prompt says what ports of this kind do when their track has ended.
    """

    if TYPE_CHECKING:
        kind: str
    label: ClassVar[str]
    driver: ClassVar[str] = ""
    plural: ClassVar[str] = ""
    silence: ClassVar[str] = ""

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Its handshakes, in the order of the vectors. Args: name: the port's."""
        del name
        return ()

    def held(self) -> Mapping[str, FieldSpec]:
        """Inputs that we hold at some value in every cycle, without a handshake."""
        return {}

    def observed(self) -> Mapping[str, FieldSpec]:
        """Outputs that are only looked at."""
        return {}

    def levels(self) -> dict[str, FieldSpec]:
        """What has a value in every cycle: held and observed fields."""
        return {**self.held(), **self.observed()}

    def grammar(self) -> Grammar | None:
        """What a test says on its track; None where it has no track."""
        return None

    def memory(self, name: str) -> Memory | None:
        """The memory that it answers from, if it does. Args: name: the port's."""
        del name
        return None

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """The lines of a prompt on the words of its track.

        Args:
            packet: what the design calls a packet.
            writes: whether there are ports whose writes a beat may carry.
        """
        del packet, writes
        return ""

"""The base class of all kinds of ports: the interface that the rest of the tool uses."""

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
        answer: the testbench's answers; the field is the word.
    """

    ask: Stream
    answer: Stream

    @property
    def word(self) -> FieldSpec:
        """The field of a word of the memory."""
        return next(iter(self.answer.fields.values()))


class PortModel(Frozen):
    """A port as written in design.yaml. A kind of port overrides the methods that apply to it; see `registry.py`.

    Attributes:
        label: a short description, shown beside a waveform.
        driver: name of its driver in the simulator process; empty if nothing is driven.
        plural, silence: words of a prompt for what ports of this kind do when their track has ended.
    """

    if TYPE_CHECKING:
        kind: str
    label: ClassVar[str]
    driver: ClassVar[str] = ""
    plural: ClassVar[str] = ""
    silence: ClassVar[str] = ""

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return its streams, in the order of the vectors. Args: name: the name of the port."""
        del name
        return ()

    def held(self) -> Mapping[str, FieldSpec]:
        """Return the inputs that the testbench drives to some value in every cycle, without a handshake."""
        return {}

    def observed(self) -> Mapping[str, FieldSpec]:
        """Return the outputs that are only sampled."""
        return {}

    def levels(self) -> dict[str, FieldSpec]:
        """Return the fields with a value in every cycle: held and observed ones."""
        return {**self.held(), **self.observed()}

    def grammar(self) -> Grammar | None:
        """Return the grammar of its track; None if it has no track."""
        return None

    def memory(self, name: str) -> Memory | None:
        """Return the memory that it answers from, if any. Args: name: the name of the port."""
        del name
        return None

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines of a prompt that describe the steps of its track.

        Args:
            packet: the design's word for a packet.
            writes: whether there are ports whose writes a beat may carry.
        """
        del packet, writes
        return ""

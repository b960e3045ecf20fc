"""The base class of all kinds of ports: the interface that the rest of the tool uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from dv_agent.designs.frozen import Frozen
from dv_agent.designs.ports.buses.rules import Rule
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import Transfers


@dataclass(frozen=True, slots=True)
class Memory:
    """A port that answers from test memory, in order.

    Attributes:
        ask: the design's requests; the first field is the address.
        answer: the testbench's answers, whose one field is the word; None if the word comes in another way.
        word: the field of a word of the memory.
    """

    ask: Stream
    answer: Stream | None
    word: FieldSpec


@dataclass(frozen=True, slots=True)
class Derived:
    """A signal that is no pin of the design: the wrapper computes it from pins, and it is sampled like one.

    Attributes:
        signal: its name, different from all pins.
        of: signals of one bit; it is high if one of them is.
        inverted: whether it is low instead.
    """

    signal: str
    of: tuple[str, ...]
    inverted: bool = False


class PortModel(Frozen):
    """A port as written in design.yaml. A kind of port overrides the methods that apply to it; see `registry.py`.

    Attributes:
        label: a short description, shown beside a waveform.
        driver: name of its driver in the simulator process; empty if nothing is driven.
        plural, silence: words of a prompt for what ports of this kind do when their track has ended.
        usual: whether every prompt names them there, also that of a design without such a port.
    """

    if TYPE_CHECKING:
        kind: str
    label: ClassVar[str]
    driver: ClassVar[str] = ""
    plural: ClassVar[str] = ""
    silence: ClassVar[str] = ""
    usual: ClassVar[bool] = True

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

    def derived(self, name: str) -> tuple[Derived, ...]:
        """Return the signals that the wrapper computes for it. Args: name: the name of the port."""
        del name
        return ()

    def rules(self, name: str) -> tuple[Rule, ...]:
        """Return the rules of its protocol beyond those of its streams. Args: name: the name of the port."""
        del name
        return ()

    def views(self, name: str, accepted: Mapping[str, Transfers]) -> dict[str, Transfers]:
        """Return transfers made from those of several streams, by further keys of `Trace.accepted`.

        Args:
            name: the name of the port.
            accepted: the transfers of its streams, by `Stream.key`.
        """
        del name, accepted
        return {}

    def driver_facts(self, name: str) -> dict[str, Any]:
        """Return what else its driver must know, as plain data. Args: name: the name of the port."""
        del name
        return {}

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

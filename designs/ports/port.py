"""The base class of all kinds of ports: the interface that the rest of the tool uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from dv_agent.designs.bounds import PlainText
from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.ports.buses.rules import Rule
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import Signals, Transfers
from dv_agent.designs.wiring.signal_slice import Signal
from dv_agent.errors import UnknownNameError

Reason = Annotated[PlainText, Field(min_length=1, max_length=400)]
DROP = "drop"
"""The part of the rule ``stable`` that valid does not fall before the transfer."""


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

    signal: Signal
    of: tuple[Signal, ...]
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """The words behind a bus.

    Attributes:
        first, last: addresses of the first and of the last word.
        step: addresses from one word to the next.
        reads, writes: whether they can be read and written.
    """

    first: int
    last: int
    step: int
    reads: bool
    writes: bool


class PortModel(Frozen):
    """A port as written in design.yaml. A kind of port overrides the methods that apply to it; see `registry.py`.

    Attributes:
        label: a short description, shown beside a waveform.
        driver: name of its driver in the simulator process; empty if nothing is driven.
        plural, silence: words of a prompt for what ports of this kind do when their track has ended.
        rules: the checks of its handshakes that `rules_off` may switch off; see `dv_agent.runners.checks.failure`.
        count: so many equal ports are declared at once; see `dv_agent.designs.wiring.copies`.
        clock: the name of its clock, if the design has several; None: the first.
        may_drop: why valid may fall before the transfer.
        rules_off: checks that do not apply to the port -> why.
    """

    if TYPE_CHECKING:
        kind: str
    label: ClassVar[str]
    driver: ClassVar[str] = ""
    plural: ClassVar[str] = ""
    silence: ClassVar[str] = ""
    rules: ClassVar[tuple[str, ...]] = ("stable", "unknown", "after_reset", "deadlock")

    count: int | None = Field(default=None, ge=1, le=64)
    clock: Identifier | None = None
    may_drop: Reason | None = None
    rules_off: dict[Identifier, Reason] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rules_exist(self) -> PortModel:
        for rule in self.rules_off:
            if rule not in self.rules:
                raise ValueError(f"rules_off: {UnknownNameError('rule', rule, self.rules)}")
        return self

    @property
    def exceptions(self) -> dict[str, str]:
        """The rules that do not hold for the port -> why; `DROP` stands for ``may_drop``."""
        return {**({DROP: self.may_drop} if self.may_drop else {}), **self.rules_off}

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return its streams, in the order of the vectors. Args: name: the name of the port."""
        del name
        return ()

    def held(self) -> Mapping[str, FieldSpec]:
        """Return the inputs that the testbench drives to some value in every cycle, without a handshake."""
        return {}

    def at_rest(self) -> int:
        """Return the packed values of the held inputs at power-up."""
        return 0

    def observed(self) -> Mapping[str, FieldSpec]:
        """Return the outputs that are only sampled."""
        return {}

    def levels(self) -> dict[str, FieldSpec]:
        """Return the fields with a value in every cycle: held and observed ones."""
        return {**self.held(), **self.observed()}

    def grammar(self) -> Grammar | None:
        """Return the grammar of its track; None if it has no track."""
        return None

    def words(self) -> Words | None:
        """Return the words that it reaches, if it is a bus."""
        return None

    def driver_facts(self) -> dict[str, Any]:
        """Return what its driver needs besides places and widths, as plain data."""
        return {}

    def derived(self, name: str) -> tuple[Derived, ...]:
        """Return the signals that the wrapper computes for it. Args: name: the name of the port."""
        del name
        return ()

    def protocol(self, name: str) -> tuple[Rule, ...]:
        """Return the rules of its protocol beyond those of its streams. Args: name: the name of the port."""
        del name
        return ()

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return transfers made from those of several streams, by further keys of `Trace.accepted`.

        Args:
            name: the name of the port.
            accepted: the transfers of its streams, by `Stream.key`.
            signals: as in a trace.
        """
        del name, accepted, signals
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

"""The base class of all kinds of ports: the interface that the rest of the tool uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from dv_agent.designs.bounds import PlainText
from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.ports.stream import Stream
from dv_agent.errors import UnknownNameError

Reason = Annotated[PlainText, Field(min_length=1, max_length=400)]
DROP = "drop"
"""The part of the rule ``stable`` that valid does not fall before the transfer."""


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
        common: whether a prompt says so even for designs without such a port.
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
    common: ClassVar[bool] = False
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

    def driver_facts(self) -> dict[str, int | bool | str]:
        """Return what its driver needs besides places and widths, as plain data."""
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

"""A pins port: inputs without a handshake, held at the levels that were set last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from dv_agent.designs.frozen import Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar, Item, Option, Timing, Word
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.program import pack

_LANGUAGE = """\
* pins: {"set": {fields}, "for": 5} changes levels, and the next step comes 5 cycles later (1 if "for" is left out);
  "gap": 2 waits first. Fields that are left out keep their level. {"hold": 3} waits 3 cycles. Levels stay at the end.
"""


class PinSpec(FieldSpec):
    """A field of pins; `reset` is its level (of every lane) until a test sets it, and while a reset is active."""

    reset: int = 0

    @model_validator(mode="after")
    def _level_is_in_range(self) -> PinSpec:
        if not self.low <= self.reset <= self.high:
            raise ValueError(f"reset: {self.reset} is outside {self.low}..{self.high}")
        return self


class PinsPort(PortModel):
    """Inputs without a handshake. Before a design is called stuck at the end of a test, they return to `reset`."""

    kind: Literal["pins"]
    fields: dict[Identifier, PinSpec] = Field(min_length=1)
    label: ClassVar[str] = "held by the test"
    driver: ClassVar[str] = "pins"
    plural: ClassVar[str] = "pins"
    silence: ClassVar[str] = "unchanged"
    rules: ClassVar[tuple[str, ...]] = ()

    def held(self) -> Mapping[str, FieldSpec]:
        """Return all fields."""
        return self.fields

    def grammar(self) -> Grammar:
        """Return the grammar of changes and pauses."""
        return Grammar(
            counts="changes",
            timing=(Timing("gap"), Timing("for", least=1, default=1)),
            words=(Word("hold", passive=True),),
            item=Item("set", self.fields, packets=False, options={"for": Option("stall", 1)}, level=self.at_rest()),
        )

    def driver_facts(self) -> dict[str, int | bool | str]:
        """Return the levels at rest, in binary."""
        return {"rest": format(self.at_rest(), f"0{sum(spec.bits for spec in self.fields.values())}b")}

    def at_rest(self) -> int:
        """Return the packed levels at rest."""
        return pack(self.fields, {name: (spec.reset,) * spec.lanes for name, spec in self.fields.items()})

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on changes and pauses."""
        del packet, writes
        return _LANGUAGE

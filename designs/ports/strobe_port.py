"""A strobe: a write without ready."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from dv_agent.designs.frozen import Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar, Item, Timing, Word
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.stream import Stream

_LANGUAGE = """\
* strobe: {"write": {fields}, "gap": 2} is one write; {"idle": 5} waits.
"""


class StrobePort(PortModel):
    """A write without ready: it happens in every cycle with `enable` high."""

    kind: Literal["strobe"]
    enable: Identifier
    fields: dict[Identifier, FieldSpec] = Field(default_factory=dict)
    label: ClassVar[str] = "strobes"
    driver: ClassVar[str] = "strobe"
    plural: ClassVar[str] = "strobes"
    silence: ClassVar[str] = "idle"

    def streams(self, name: str) -> tuple[Stream, ...]:
        """One, that nobody can refuse, and that a beat may carry."""
        return (Stream(name, "", True, self.enable, None, None, self.fields, rides=True),)

    def grammar(self) -> Grammar:
        """Writes and pauses."""
        return Grammar(
            counts="writes",
            timing=(Timing("gap"),),
            words=(Word("idle", passive=True),),
            item=Item("write", self.fields, packets=False),
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Writes."""
        del packet, writes
        return _LANGUAGE

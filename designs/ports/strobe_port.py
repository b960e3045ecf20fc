"""A strobe port: writes without ready."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from dv_agent.designs.frozen import Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar, Item, Timing, Word
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.wiring.signal_slice import Bit

_LANGUAGE = """\
* strobe: {"write": {fields}, "gap": 2} is one write ({} without fields) after 2 cycles without one; {"idle": 5} waits.
"""


class StrobePort(PortModel):
    """A port of writes without ready: a write happens in every cycle with `enable` high.

    With `hold`, the payload keeps its value after a write, until the next one or a reset. With `unless`, a write is
    left out in every cycle in which that signal of the design is not 0, such as ``full`` of a FIFO: it must not happen.
    """

    kind: Literal["strobe"]
    hold: bool = False
    enable: Bit
    unless: Bit | None = None
    fields: dict[Identifier, FieldSpec] = Field(default_factory=dict)
    label: ClassVar[str] = "strobes"
    driver: ClassVar[str] = "strobe"
    plural: ClassVar[str] = "strobes"
    silence: ClassVar[str] = "idle"

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return its one stream, which has no ready, and whose writes a beat may carry."""
        return (Stream(name, "", True, self.enable, None, None, self.fields, rides=True, unless=self.unless),)

    def driver_facts(self) -> dict[str, int | bool | str]:
        """Return whether its payload is held."""
        return {"hold": True} if self.hold else {}

    def grammar(self) -> Grammar:
        """Return the grammar of writes and idle cycles."""
        return Grammar(
            counts="writes",
            timing=(Timing("gap"),),
            words=(Word("idle", passive=True),),
            item=Item("write", self.fields, packets=False),
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on writes."""
        del packet, writes
        return _LANGUAGE

"""A credit port: valid without ready; the design says with a pulse that it has room for one more beat."""

from __future__ import annotations

from typing import ClassVar, Literal

from dv_agent.designs.frozen import Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar, Item, Timing, Word
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.stream import Stream

_LANGUAGE = """\
* credit: {"PACKET": [BEAT, ...], "gap": 3} sends beats, each as soon as the design has given a credit for it.
"""


class CreditPort(PortModel):
    """We drive valid and payload; each pulse of `credit` allows one more beat, and two are allowed from the start."""

    kind: Literal["credit"]
    valid: Identifier
    credit: Identifier
    fields: dict[Identifier, FieldSpec]
    label: ClassVar[str] = "sent on credit"
    driver: ClassVar[str] = "credit"
    plural: ClassVar[str] = "credit ports"
    silence: ClassVar[str] = "idle"

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Beats, and the pulses that come back."""
        return (
            Stream(name, "beat", True, self.valid, None, None, self.fields, packets=True),
            Stream(name, "return", False, self.credit, None, None, {}, caused=True),
        )

    def grammar(self) -> Grammar:
        """Packets and pauses."""
        return Grammar(
            counts="packets",
            timing=(Timing("gap"), Timing("beats", beats=True)),
            words=(Word("idle", passive=True),),
            item=Item("send", self.fields, packets=True, part="beat"),
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Packets on credit."""
        del writes
        return _LANGUAGE.replace("PACKET", packet)

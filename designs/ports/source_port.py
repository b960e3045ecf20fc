"""A source: we drive valid and payload, the design answers ready."""

from __future__ import annotations

from typing import ClassVar, Literal

from dv_agent.designs.ports.grammar import Grammar, Item, Timing, Word
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.stream import Stream, StreamSpec, handshake

_LANGUAGE = """\
* source: {"PACKET": [BEAT, ...], "gap": 3} is one packet after 3 cycles without valid. A BEAT names every field, as
  {"FIELD": 1, ...}; lanes are a list, or one number for all lanes. Optional in a BEAT: "gap" (idle cycles before it), "times"
  (how often it is sent)WITH.
  {"idle": 5} is 5 cycles without valid.
"""  # noqa: E501
_WITH = ', "with": {"STROBE PORT": {fields}} (a write in the very cycle in which the beat is accepted)'


class SourcePort(PortModel, StreamSpec):
    """We drive valid and payload, the design answers ready."""

    kind: Literal["source"]
    label: ClassVar[str] = "driven by the test"
    driver: ClassVar[str] = "source"
    plural: ClassVar[str] = "sources"
    silence: ClassVar[str] = "idle"

    def streams(self, name: str) -> tuple[Stream, ...]:
        """One, of packets."""
        return (handshake(name, "", self, driven=True, packets=True, carries=True),)

    def grammar(self) -> Grammar:
        """Packets and pauses."""
        return Grammar(
            counts="packets",
            timing=(Timing("gap"), Timing("beats", beats=True)),
            words=(Word("idle", passive=True),),
            item=Item("send", self.fields, packets=True),
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Packets, beats, writes that a beat carries."""
        return _LANGUAGE.replace("PACKET", packet).replace("WITH", _WITH if writes else "")

"""A source port: the testbench drives valid and payload, the design drives ready."""

from __future__ import annotations

from typing import ClassVar, Literal

from dv_agent.designs.ports.grammar import Grammar, Item, Timing, Word
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.stream import Stream, StreamSpec, handshake

_LANGUAGE = """\
* source: {"PACKET": [BEAT, ...], "gap": 3} is one packet after 3 cycles without valid. A BEAT names every field, as
  {"FIELD": 1, ...}; lanes are a list, or one number for all lanes. Optional in a BEAT: "times" (how often it is sent), "gap"
  (idle cycles before each time; the packet's comes on top)WITH.
  {"idle": 5} waits.
"""  # noqa: E501
_WITH = (
    ',\n  "with": {"STROBE PORT": {fields}} (a write in the very cycle in which the beat is accepted; one of '
    "that port's own\n  track that is due then comes a cycle later)"
)


class SourcePort(PortModel, StreamSpec):
    """A port on which the testbench drives valid and payload, and the design drives ready, if there is one.

    With `hold`, last and payload keep their values after a transfer, until the next beat or a reset. `idle` is what all
    bits of them are in cycles without valid, unless they are held; during a reset they are 0.
    """

    kind: Literal["source"]
    hold: bool = False
    idle: Literal["zeros", "ones"] = "zeros"
    label: ClassVar[str] = "driven by the test"
    driver: ClassVar[str] = "source"
    plural: ClassVar[str] = "sources"
    silence: ClassVar[str] = "idle"

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return its one stream, of packets."""
        return (handshake(name, "", self, driven=True, packets=True, carries=True),)

    def driver_facts(self) -> dict[str, int | bool | str]:
        """Return whether its payload is held, and whether it is ones while there is no valid."""
        return {name: True for name, given in (("hold", self.hold), ("ones", self.idle == "ones")) if given}

    def grammar(self) -> Grammar:
        """Return the grammar of packets and idle cycles."""
        return Grammar(
            counts="packets",
            timing=(Timing("gap"), Timing("beats", beats=True)),
            words=(Word("idle", passive=True),),
            item=Item("send", self.fields, packets=True),
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on packets, beats, and writes that a beat carries."""
        return _LANGUAGE.replace("PACKET", packet).replace("WITH", _WITH if writes else "")

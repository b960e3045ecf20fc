"""An AXI4-Lite port: the design is the subordinate; five channels, or the two or three of one direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from dv_agent.designs.ports.buses.accesses import answered_by_channel
from dv_agent.designs.ports.buses.completer import OVERLAP, CompleterPort
from dv_agent.designs.ports.buses.roles import AXI_LITE
from dv_agent.designs.ports.buses.rules import Answers, Legal, Rule
from dv_agent.designs.ports.buses.signals_by_role import Fields, no_pin, places
from dv_agent.designs.ports.grammar import Member
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import Signals, Transfers

_LANGUAGE = """\
* axi_lite: {"write": {"addr": 4, "data": 5, "strb": 15}, "gap": 2} and {"read": {"addr": 4}, "stall": 3} are accesses,
  in order; "stall" holds bready or rready low for so many cycles of an answer. Optional fields of a write: "aw_delay",
  "w_delay" (cycles by which one channel comes later); of every access: "overlap": 1 (the next step does not wait for
  its answer). {"access": {"write": 1, FIELDS}} names every field. {"idle": 5} waits.
"""
_DELAY = 4  # bits of `aw_delay` and `w_delay`


class AxiLitePort(CompleterPort):
    """A bus of five channels with a handshake each: aw, w, b for writes, ar, r for reads."""

    kind: Literal["axi_lite"]
    driver: ClassVar[str] = "axi"
    roles = AXI_LITE
    options: ClassVar[Mapping[str, Member]] = {"gap": "gap", "stall": "stall"}

    @property
    def may_write(self) -> bool:
        """Whether it has the channels of writes."""
        return self.has("awvalid")

    @property
    def may_read(self) -> bool:
        """Whether it has the channels of reads."""
        return self.has("arvalid")

    @property
    def first_part(self) -> str:
        """The channel of addresses."""
        return self.parts()[0]

    def payload(self) -> Fields:
        """Return address, data, strobes and protection; those of a read have the widths of a write."""
        return self.named(addr="araddr", prot="arprot") | self.named(
            addr="awaddr", data="wdata", strb="wstrb", prot="awprot"
        )

    def controls(self) -> Fields:
        """Return the delays of a write's channels, and whether the next access may overlap."""
        delays = ("aw_delay", "w_delay") if self.may_write else ()
        return {name: no_pin(name, _DELAY) for name in delays} | {OVERLAP: no_pin(OVERLAP, 1)}

    def channel(self, name: str, part: str) -> Stream:
        """Return one channel as a stream, with the fields that its kind of bus has."""
        driven = part in ("aw", "w", "ar")
        last = self.pin(f"{part}last") if self.has(f"{part}last") else None
        fields = self.named(**{field: f"{part}{field}" for field in self.channel_fields(part)})
        return Stream(
            name, part, driven, self.pin(f"{part}valid"), self.pin(f"{part}ready"), last, fields, caused=not driven
        )

    def channel_fields(self, part: str) -> tuple[str, ...]:
        """Return the fields of a channel, named as its signals without the channel."""
        return {"aw": ("addr", "prot"), "w": ("data", "strb"), "b": ("resp",), "ar": ("addr", "prot"),
                "r": ("data", "resp")}[part]  # fmt: skip

    def parts(self) -> tuple[str, ...]:
        """Return the channels that the design has."""
        return (("aw", "w", "b") if self.may_write else ()) + (("ar", "r") if self.may_read else ())

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return one stream for each channel."""
        return tuple(self.channel(name, part) for part in self.parts())

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return reads and writes, each with its answer."""
        del signals
        return answered_by_channel(name, accepted, self.may_write, self.may_read)

    def protocol(self, name: str) -> tuple[Rule, ...]:
        """Return that every access has one answer, and that AXI4-Lite knows no exclusive ones."""
        found: list[Rule] = [*super().protocol(name)]
        for part, requests in (("b", ("aw", "w")), ("r", ("ar",))):
            if part in self.parts():
                found.append(Answers(tuple(f"{name}.{one}" for one in requests), f"{name}.{part}"))
                if self.has(f"{part}resp"):
                    found.append(Legal(f"{name}.{part}", "resp", (0, 2, 3)))
        return tuple(found)

    def driver_facts(self) -> dict[str, Any]:
        """Return the fields of an access and of the payload of each channel."""
        payload = {one.part: places(one.fields) for one in self.streams("")}
        return {**super().driver_facts(), "payload": payload}

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on accesses."""
        del packet, writes
        return _LANGUAGE

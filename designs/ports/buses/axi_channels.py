"""What AXI4 and AXI4-Lite ports have in common: five channels, or the two or three of one direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dv_agent.designs.ports.buses.completer import OVERLAP, CompleterPort
from dv_agent.designs.ports.buses.rules import Answers, Legal, Rule
from dv_agent.designs.ports.buses.signals_by_role import Fields, no_pin, places
from dv_agent.designs.ports.grammar import Option
from dv_agent.designs.ports.stream import Stream

_DELAY = 4  # bits of `aw_delay` and `w_delay`
_REQUEST = ("id", "addr", "len", "prot")
_FIELDS = {"aw": _REQUEST, "w": ("data", "strb"), "b": ("id", "resp"), "ar": _REQUEST, "r": ("id", "data", "resp")}
"""Channel -> its fields, named as its signals without the channel; AXI4-Lite lacks some."""


class AxiChannels(CompleterPort):
    """A bus of five channels with a handshake each: aw, w, b for writes, ar, r for reads."""

    driver: ClassVar[str] = "axi"
    options: ClassVar[Mapping[str, Option]] = {"stall": Option("stall")}

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
        fields = self.named(**{field: f"{part}{field}" for field in _FIELDS[part]})
        valid, ready = self.pin(f"{part}valid"), self.pin(f"{part}ready")
        return Stream(name, part, driven, valid, ready, last, fields, packets=last is not None, caused=not driven)

    def parts(self) -> tuple[str, ...]:
        """Return the channels that the design has."""
        return (("aw", "w", "b") if self.may_write else ()) + (("ar", "r") if self.may_read else ())

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return one stream for each channel."""
        return tuple(self.channel(name, part) for part in self.parts())

    def protocol(self, name: str) -> tuple[Rule, ...]:
        """Return that every access has one answer, and none the response of exclusive accesses."""
        found: list[Rule] = [*super().protocol(name)]
        for part, requests in (("b", ("aw", "w")), ("r", ("ar",))):
            if part in self.parts():
                keys = tuple(f"{name}.{one}" for one in requests)
                number = "id" if self.has(f"{part}id") and self.has(f"{requests[0]}id") else ""
                length = "len" if self.has(f"{part}last") else ""
                found.append(Answers(keys, f"{name}.{part}", number, length))
                if self.has(f"{part}resp"):
                    found.append(Legal(f"{name}.{part}", "resp", (0, 2, 3)))
        return tuple(found)

    def driver_facts(self) -> dict[str, Any]:
        """Return the fields of an access and of the payload of each channel."""
        payload = {one.part: places(one.fields) for one in self.streams("")}
        return {**super().driver_facts(), "payload": payload}

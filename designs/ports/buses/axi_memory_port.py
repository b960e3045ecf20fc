"""Ports on which the design is the manager of AXI4 or AXI4-Lite, and the testbench the memory behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from dv_agent.designs.ports.buses.memory_bus import LANGUAGE, ServingPort
from dv_agent.designs.ports.buses.roles import AXI4, AXI_LITE, turned
from dv_agent.designs.ports.buses.rules import Framed, Rule
from dv_agent.designs.ports.buses.signals_by_role import MOST_BITS, no_pin, places
from dv_agent.designs.ports.buses.views.accesses import answered_by_channel
from dv_agent.designs.ports.buses.views.bursts import answered_by_burst
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import Memory, Words
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import Signals, Transfers

_REQUEST = ("id", "addr", "len", "size", "burst", "prot")
_FIELDS = {"aw": _REQUEST, "w": ("data", "strb"), "b": ("id", "resp"), "ar": _REQUEST, "r": ("id", "data", "resp")}


class AxiMemory(ServingPort):
    """Five channels, or the two or three of one direction; all requests are answered in order, without an error."""

    driver: ClassVar[str] = "axi_memory"

    def parts(self) -> tuple[str, ...]:
        """Return the channels that the design has."""
        return (("aw", "w", "b") if self.has("awvalid") else ()) + (("ar", "r") if self.has("arvalid") else ())

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return one stream for each channel."""
        return tuple(self._channel(name, part) for part in self.parts())

    def _channel(self, name: str, part: str) -> Stream:
        fields = self.named(**{field: f"{part}{field}" for field in _FIELDS[part]})
        last = self.pin(f"{part}last") if self.has(f"{part}last") else None
        valid, ready = self.pin(f"{part}valid"), self.pin(f"{part}ready")
        loose = {"data": "strb"} if part == "w" and "strb" in fields else {}
        return Stream(name, part, part in ("b", "r"), valid, ready, last, fields, loose=loose)

    def held(self) -> Mapping[str, FieldSpec]:
        """Return the user signals of the answers, which are 0."""
        return {self.pin(role): self.signals[role] for role in ("buser", "ruser") if self.has(role)}

    def memory(self, name: str) -> Memory:
        """Return the memory; its answers are those of a bus, not streams of words."""
        asks = next(one for one in self.streams(name) if one.part in ("ar", "aw"))
        return Memory(asks, None, no_pin("word", min(self.word.bits, MOST_BITS)))

    def words(self) -> Words:
        """Return the words that the design may ask for; it may repeat those of the test."""
        return Words(*self.span, self.step, "ar" in self.parts(), "aw" in self.parts())

    def driver_facts(self) -> dict[str, Any]:
        """Return the payload of each channel, and how an address becomes a place in the memory."""
        payload = {one.part: places(one.fields) for one in self.streams("")}
        return {"payload": payload, "word": self.word.bits, "bytes": self.bytes, "step": self.step}


class AxiLiteMemoryPort(AxiMemory):
    """The design is the manager of AXI4-Lite."""

    kind: Literal["axi_lite_memory"]
    roles = turned(AXI_LITE)

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return reads and writes, each with its answer."""
        del signals
        return answered_by_channel(name, accepted, "aw" in self.parts(), "ar" in self.parts())

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on how requests are answered."""
        del packet, writes
        return LANGUAGE.replace("KIND", "axi_lite_memory")


class Axi4MemoryPort(AxiMemory):
    """The design is the manager of AXI4."""

    kind: Literal["axi4_memory"]
    roles = turned(AXI4)

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return reads and writes, one entry for each beat."""
        del signals
        return answered_by_burst(name, accepted, self.bytes, "aw" in self.parts(), "ar" in self.parts())

    def protocol(self, name: str) -> tuple[Rule, ...]:
        """Return that data has as many beats as its request says."""
        return (Framed(f"{name}.aw", f"{name}.w", "len"),) if "aw" in self.parts() else ()

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on how requests are answered."""
        del packet, writes
        return LANGUAGE.replace("KIND", "axi4_memory")

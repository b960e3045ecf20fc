"""An AXI4 port: the design is the subordinate of incrementing bursts with ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from dv_agent.designs.ports.buses.axi_channels import AxiChannels
from dv_agent.designs.ports.buses.roles import AXI4
from dv_agent.designs.ports.buses.signals_by_role import Fields
from dv_agent.designs.ports.buses.views.bursts import answered_by_burst
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar, Item, Timing
from dv_agent.designs.trace import Signals, Transfers

_LANGUAGE = """\
* axi4: {"write": {"addr": 8, "data": [1, 2, 3], "id": 2}, "gap": 2} and {"read": {"addr": 8, "beats": 3, "id": 1},
  "stall": 3} are bursts of whole words at rising addresses; one that would leave the memory or its 4 KB ends there.
  "stall" holds bready or rready low for so many cycles before each transfer. Optional in a write: "strb" (a number or a
  list), "aw_delay", "w_delay" (cycles by which one channel comes later); in both "overlap": 1 (the next step does not
  wait for the answer). {"PACKET": [{"write": 1, FIELDS}, ...]} names every field of every beat; address, id and all
  that is no data are those of the first beat, and a "gap" in a beat delays its data. {"idle": 5} waits.
"""
_PAGE = 4096  # no burst crosses a multiple of it
_INCR = 1  # the kind of a burst: each beat has the next address
_UNUSED = ("lock", "cache", "qos", "region", "user")


class Axi4Port(AxiChannels):
    """A bus of five channels with bursts; answers of different ids may come in any order."""

    kind: Literal["axi4"]
    roles = AXI4

    def payload(self) -> Fields:
        """Return id, address, data, strobes and protection of one beat."""
        ids = self.named(id="arid") | self.named(id="awid")
        return {**ids, **super().payload()}

    def item(self) -> Item:
        """Return the step that makes one burst; its beats are operations."""
        return replace(super().item(), packets=True, per_beat=("data", "strb"))

    def grammar(self) -> Grammar:
        """Return the grammar of bursts and idle cycles."""
        found = super().grammar()
        return replace(found, counts="bursts", timing=(*found.timing, Timing("beats", beats=True)))

    @property
    def _constant(self) -> dict[str, int]:
        """The roles that every burst drives alike -> value."""
        values = {**dict.fromkeys(_UNUSED, 0), "size": self.bytes.bit_length() - 1, "burst": _INCR}
        found = {f"{channel}{name}": value for channel in ("aw", "w", "ar") for name, value in values.items()}
        return {role: value for role, value in found.items() if self.has(role)}

    def held(self) -> Mapping[str, FieldSpec]:
        """Return what is constant: bursts are incrementing, and each beat is a whole word."""
        return {self.pin(role): self.signals[role] for role in self._constant}

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return reads and writes, one entry for each beat."""
        del signals
        return answered_by_burst(name, accepted, self.bytes, self.may_write, self.may_read)

    def driver_facts(self) -> dict[str, Any]:
        """Return what is constant, and where bursts end."""
        levels = [[self.signals[role].bits, value] for role, value in self._constant.items()]
        bounds = {"page": _PAGE, "bytes": self.bytes, "last": self.span[1]}
        return {**super().driver_facts(), "constant": levels, "bursts": bounds}

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on bursts."""
        del writes
        return _LANGUAGE.replace("PACKET", packet)

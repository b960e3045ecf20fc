"""An APB port: the design is a completer of APB3 or APB4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from dv_agent.designs.ports.buses.completer import CompleterPort
from dv_agent.designs.ports.buses.roles import APB
from dv_agent.designs.ports.buses.rules import Rule
from dv_agent.designs.ports.buses.signals_by_role import Fields, places
from dv_agent.designs.ports.buses.views.accesses import answered_at_once
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import Signals, Transfers

_LANGUAGE = """\
* apb: {"write": {"addr": 4, "data": 5}, "gap": 2} and {"read": {"addr": 4}} are accesses, one after the other; "gap" is
  idle cycles before. {"access": {"write": 1, FIELDS}} names every field. {"idle": 5} waits.
"""


class ApbPort(CompleterPort):
    """A bus of single accesses: one cycle with ``psel`` alone, then ``penable`` until ``pready``."""

    kind: Literal["apb"]
    driver: ClassVar[str] = "apb"
    roles = APB

    def payload(self) -> Fields:
        """Return address, data and the optional strobes and protection."""
        return self.named(addr="paddr", data="pwdata", strb="pstrb", prot="pprot")

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return its one stream: an access is a transfer of ``penable`` and ``pready``."""
        fields = {**self.named(write="pwrite"), **self.payload()}
        ready = self.pin("pready") if self.has("pready") else None
        returns = self.named(rdata="prdata", error="pslverr")
        return (Stream(name, "", True, self.pin("penable"), ready, None, fields, returns=returns),)

    def held(self) -> Mapping[str, Any]:
        """Return ``psel``, which its driver sets."""
        return {self.pin("psel"): self.signals["psel"]}

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return reads and writes."""
        del signals
        return answered_at_once(name, accepted[name])

    def protocol(self, name: str) -> tuple[Rule, ...]:
        """Return that ``prdata`` and ``pslverr`` are known when an access ends."""
        return (*super().protocol(name), *self.known(name, name, "prdata", "pslverr"))

    def driver_facts(self) -> dict[str, Any]:
        """Return the fields of an access and of the payload."""
        return {**super().driver_facts(), "payload": places(self.streams("")[0].fields)}

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on accesses."""
        del packet, writes
        return _LANGUAGE

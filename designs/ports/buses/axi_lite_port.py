"""An AXI4-Lite port: the design is the subordinate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dv_agent.designs.ports.buses.axi_channels import AxiChannels
from dv_agent.designs.ports.buses.roles import AXI_LITE
from dv_agent.designs.ports.buses.views.accesses import answered_by_channel
from dv_agent.designs.trace import Signals, Transfers

_LANGUAGE = """\
* axi_lite: {"write": {"addr": 4, "data": 5, "strb": 15}, "gap": 2} and {"read": {"addr": 4}, "stall": 3} are accesses,
  in order; "stall" holds bready or rready low for so many cycles of an answer. Optional fields of a write: "aw_delay",
  "w_delay" (cycles by which one channel comes later); of every access: "overlap": 1 (the next step does not wait for
  its answer). {"access": {"write": 1, FIELDS}} names every field. {"idle": 5} waits.
"""


class AxiLitePort(AxiChannels):
    """A bus of five channels with single accesses, answered in order."""

    kind: Literal["axi_lite"]
    roles = AXI_LITE

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return reads and writes, each with its answer."""
        del signals
        return answered_by_channel(name, accepted, self.may_write, self.may_read)

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on accesses."""
        del packet, writes
        return _LANGUAGE

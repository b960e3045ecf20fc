"""The registry of all kinds of ports: the union type for reading design.yaml, and lookup by the name of a kind."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from dv_agent.designs.ports.buses.apb_port import ApbPort
from dv_agent.designs.ports.buses.axi4_port import Axi4Port
from dv_agent.designs.ports.buses.axi_lite_port import AxiLitePort
from dv_agent.designs.ports.buses.axi_memory_port import Axi4MemoryPort, AxiLiteMemoryPort
from dv_agent.designs.ports.buses.memory_port import MemoryPort
from dv_agent.designs.ports.buses.wishbone_port import WishbonePort
from dv_agent.designs.ports.observe_port import ObservePort
from dv_agent.designs.ports.pins_port import PinsPort
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.responder_port import ResponderPort
from dv_agent.designs.ports.sink_port import SinkPort
from dv_agent.designs.ports.source_port import SourcePort
from dv_agent.designs.ports.strobe_port import StrobePort

Port = Annotated[
    SourcePort | SinkPort | StrobePort | ResponderPort | ObservePort | PinsPort
    | ApbPort | AxiLitePort | WishbonePort | MemoryPort | Axi4Port
    | AxiLiteMemoryPort | Axi4MemoryPort,
    Field(discriminator="kind"),
]  # fmt: skip

KINDS: dict[str, type[PortModel]] = {
    get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(get_args(Port)[0])
}
"""Name of a kind -> kind, in the order of the union."""


def label_of(kind: str) -> str:
    """Return the short description of a kind, empty for an unknown one (as in a record of another version)."""
    return KINDS[kind].label if kind in KINDS else ""

"""Design: the description of a design under test, as written in ``designs/<name>/design.yaml``."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.ports.port import Memory
from dv_agent.designs.ports.registry import Port
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.rtl_files import PRIMITIVES, RtlFiles

__all__ = ["PRIMITIVES", "Clock", "Design", "Limits", "Reset"]


class Clock(Frozen):
    """The one clock of the design."""

    signal: Identifier = "clk"
    period_ns: int = Field(default=10, ge=2, le=1_000_000)


class Reset(Frozen):
    """The synchronous reset; every test starts with `cycles` cycles of it."""

    signal: Identifier = "rst"
    active: Literal["high", "low"] = "high"
    cycles: int = Field(default=4, ge=1, le=1000)


class Limits(Frozen):
    """Limits of the design, in clock cycles unless noted otherwise."""

    quiet_cycles: int = Field(
        default=200, ge=8, le=100_000, description="cycles without any transfer after which the design counts as stuck"
    )
    max_cycles: int = Field(default=50_000, ge=100, le=10_000_000, description="longest test")
    max_items: int = Field(default=20_000, ge=1, le=1_000_000, description="most beats and strobes of one test")


class Design(RtlFiles):
    """A design under test; its RTL is described in `RtlFiles`."""

    schema_version: Literal[1]
    name: Identifier
    title: str = ""
    paper: str = ""
    summary: str = ""
    task_version: int = Field(default=1, ge=1)
    clock: Clock = Clock()
    reset: Reset = Reset()
    ports: dict[Identifier, Port]
    limits: Limits = Limits()

    @model_validator(mode="before")
    @classmethod
    def _has_a_title(cls, data: Any) -> Any:
        """Give a design without a title its name."""
        return {"title": data.get("name", ""), **data} if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _names_are_unique(self) -> Design:
        if "reset" in self.ports:
            raise ValueError("ports: 'reset' is the name of the built-in reset track; name the port otherwise")
        if not any(grammar.item for grammar in self.grammars.values()):
            raise ValueError("ports: nothing to drive; at least one port must be a source or a strobe")
        return self

    @cached_property
    def streams(self) -> tuple[Stream, ...]:
        """The streams (handshakes) of all ports, in file order."""
        return tuple(stream for name, port in self.ports.items() for stream in port.streams(name))

    @cached_property
    def grammars(self) -> dict[str, Grammar]:
        """The grammar of the track of each port that has one."""
        found = ((name, port.grammar()) for name, port in self.ports.items())
        return {name: grammar for name, grammar in found if grammar}

    @cached_property
    def memories(self) -> dict[str, Memory]:
        """The memories of the ports that answer from test memory."""
        found = ((name, port.memory(name)) for name, port in self.ports.items())
        return {name: memory for name, memory in found if memory}

    @cached_property
    def packet_ports(self) -> tuple[str, ...]:
        """Names of the ports that the testbench drives with packets, in file order."""
        return tuple(name for name, grammar in self.grammars.items() if grammar.packets)

    @cached_property
    def write_ports(self) -> tuple[str, ...]:
        """Names of the ports that the testbench drives with single writes, in file order."""
        return tuple(name for name, grammar in self.grammars.items() if grammar.item and not grammar.packets)

    def item_key(self, name: str) -> str:
        """Return the stream that the items of port `name` go to, by the name used in ``after``."""
        item = self.grammars[name].item
        return f"{name}.{item.part}" if item and item.part else name

"""Design: the description of a design under test, as written in ``designs/<name>/design.yaml``."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.ports.port import Memory
from dv_agent.designs.ports.registry import Port
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.probes.probe import Probe
from dv_agent.designs.program import RESET_TRACK
from dv_agent.designs.rtl_files import PRIMITIVES, RtlFiles
from dv_agent.designs.rules.check_rules import CheckRules
from dv_agent.designs.wiring.clocking import MAIN, Clock, FurtherReset, Reset
from dv_agent.designs.wiring.copies import copy_of, signals_in
from dv_agent.designs.wiring.signal_slice import Signal

__all__ = ["PRIMITIVES", "Clock", "Design", "Limits", "Reset"]


class Limits(Frozen):
    """Limits of the design, in clock cycles unless noted otherwise; with several clocks, see docs/design-format.md."""

    quiet_cycles: int = Field(
        default=200, ge=8, le=100_000, description="cycles without any transfer after which the design counts as stuck"
    )
    max_cycles: int = Field(default=50_000, ge=100, le=10_000_000, description="longest test")
    max_items: int = Field(default=20_000, ge=1, le=1_000_000, description="most beats and strobes of one test")


class Design(RtlFiles):
    """A design under test; its RTL is described in `RtlFiles`."""

    schema_version: Literal[1]
    name: Identifier
    title: str = Field(default="", description="the name, if it is left out")
    paper: str = ""
    summary: str = ""
    notes: tuple[Annotated[str, Field(max_length=600)], ...] = Field(
        default=(), max_length=20, description="what a reader of prompts should know of it"
    )
    task_version: int = Field(default=1, ge=1)
    effort: Literal["beats", "cycles"] = Field(
        default="beats", description="what random stimulus is measured in; a design without a source counts cycles"
    )
    clock: Clock | None = Field(default=Clock(), description="null: the design is combinational")
    clocks: dict[Identifier, Clock] = Field(
        default_factory=dict, description="instead of `clock`, if there are several; the first is the main one"
    )
    reset: Reset | None = Field(default=Reset(), description="null: there is none")
    more_resets: tuple[FurtherReset, ...] = Field(default=(), description="asserted together with `reset`")
    ties: dict[Signal, int] = Field(default_factory=dict, description="inputs held constant")
    ports: dict[Identifier, Port]
    probes: dict[Identifier, Probe] = Field(default_factory=dict, description="registers sampled in every cycle")
    limits: Limits = Limits()
    checks: CheckRules = CheckRules()

    @model_validator(mode="before")
    @classmethod
    def _title_is_the_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and "title" not in data and isinstance(data.get("name"), str):
            return {**data, "title": data["name"]}
        return data

    @field_validator("ports")
    @classmethod
    def _copies_are_written_out(cls, ports: dict[str, Port]) -> dict[str, Port]:
        found: dict[str, Port] = {}
        for name, port in ports.items():
            if port.count is None and any(one.is_open for one in signals_in(port)):
                raise ValueError(f"{name}: {{}} stands for the number of a copy; give the port a `count`")
            copies = {name: port} if port.count is None else {f"{name}{i}": copy_of(port, i) for i in range(port.count)}
            if again := sorted({*copies} & {*found, *(ports if port.count else ())}):
                raise ValueError(f"two ports are called {', '.join(again)}")
            found |= copies
        return found

    @model_validator(mode="after")
    def _names_are_unique(self) -> Design:
        if RESET_TRACK in self.ports:
            raise ValueError("ports: 'reset' is the name of the built-in reset track; name the port otherwise")
        if not self.tracks:
            raise ValueError("ports: nothing to drive; at least one port must be a source, a strobe, or pins")
        return self

    @model_validator(mode="after")
    def _clocks_and_resets_fit(self) -> Design:
        if self.clocks and "clock" in self.model_fields_set:
            raise ValueError("clocks: `clock` and `clocks` exclude each other; `clock` is for a design with one")
        for name, port in self.ports.items():
            if port.clock is not None and port.clock not in self.all_clocks:
                known = ", ".join(self.all_clocks) or "none: the design has no clock"
                raise ValueError(f"ports.{name}.clock: no clock {port.clock!r}; known: {known}")
        if self.more_resets and self.reset is None:
            raise ValueError("more_resets: there is no `reset` that they could be asserted with")
        for signal, value in self.ties.items():
            if value < 0 or value.bit_length() > (signal.width or 64):
                raise ValueError(f"ties.{signal}: {value} does not fit; a number of 0 or above is expected")
            if signal.parts.elements and signal.width is None:
                raise ValueError(f"ties.{signal}: say which bits, such as {signal}[7:0]")
        return self

    @cached_property
    def all_clocks(self) -> dict[str, Clock]:
        """The clocks by name, the main one first; empty if the design is combinational."""
        return self.clocks or ({MAIN: self.clock} if self.clock else {})

    @cached_property
    def resets(self) -> tuple[FurtherReset, ...]:
        """All resets, which are asserted together; empty if there is none."""
        return (self.reset, *self.more_resets) if self.reset else ()

    @cached_property
    def tracks(self) -> tuple[str, ...]:
        """Names of the tracks that a test may have: those of the driven ports, and ``reset`` if there is one."""
        return (*self.grammars, *((RESET_TRACK,) if self.reset else ()))

    def clock_of(self, port: str) -> str:
        """Return the name of the clock of a port; empty if the design is combinational."""
        return self.ports[port].clock or next(iter(self.all_clocks), "")

    @cached_property
    def exceptions(self) -> dict[str, dict[str, str]]:
        """Port -> the rules that are switched off for it, each with the reason; only ports with any."""
        return {name: port.exceptions for name, port in self.ports.items() if port.exceptions}

    @model_validator(mode="after")
    def _checks_speak_of_what_exists(self) -> Design:
        signals = {signal for one in self.streams for signal, _ in one.signals()}
        signals |= {spec.signal for port in self.ports.values() for spec in port.levels().values()}
        if strange := sorted((set(self.checks.reset) | set(self.checks.codes)) - signals):
            raise ValueError(f"checks: {', '.join(strange)}: no port of the design has such a signal")
        if strange := sorted(self.checks.streams - {one.key for one in self.streams}):
            known = ", ".join(one.key for one in self.streams)
            raise ValueError(f"checks: {', '.join(strange)}: no such stream; there are: {known}")
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

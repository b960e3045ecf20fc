"""Design: the description of a design under test, as written in ``designs/<name>/design.yaml``."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from dv_agent.designs.check_rules import CheckRules
from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.ports.port import Memory
from dv_agent.designs.ports.registry import Port
from dv_agent.designs.ports.stream import Stream

PRIMITIVES = Path(__file__).resolve().parent / "primitives"


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


class Design(Frozen):
    """A design under test. Paths are relative to `folder`."""

    schema_version: Literal[1]
    name: Identifier
    title: str
    paper: str = ""
    summary: str = ""
    task_version: int = Field(ge=1)
    top: Identifier
    shared: tuple[str, ...] = Field(default=(), description="files of `PRIMITIVES`, compiled before the sources")
    sources: tuple[str, ...] = Field(min_length=1)
    parameters: dict[Identifier, int] = Field(default_factory=dict)
    clock: Clock = Clock()
    reset: Reset = Reset()
    ports: dict[Identifier, Port]
    limits: Limits = Limits()
    checks: CheckRules = CheckRules()
    folder: Path = Field(exclude=True)

    @field_validator("sources")
    @classmethod
    def _sources_stand_in_the_folder(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for name in sources:
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise ValueError(f"{name!r}: a file of the design's folder is expected, by its relative path")
        return sources

    @model_validator(mode="after")
    def _names_are_unique(self) -> Design:
        if "reset" in self.ports:
            raise ValueError("ports: 'reset' is the name of the built-in reset track; name the port otherwise")
        if not any(grammar.item for grammar in self.grammars.values()):
            raise ValueError("ports: nothing to drive; at least one port must be a source or a strobe")
        return self

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

    def compiled_names(self) -> tuple[str, ...]:
        """Return the RTL files in compile order: shared ones as absolute paths, own ones relative to `folder`."""
        return (*(str(PRIMITIVES / name) for name in self.shared), *self.sources)

    def source_files(self) -> tuple[Path, ...]:
        """Return the paths of the RTL files, in compile order."""
        return tuple(self.folder / name for name in self.compiled_names())

"""Summary of the RTL for each module: ports, registers, state machines, and the constants it compares with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dv_agent.designs.reader.structure import Comparison, Module, StateMachine, Structure

MOST = 40


@dataclass(frozen=True, slots=True)
class ModuleDigest:
    """One module in printable form: every list contains short texts."""

    name: str
    place: str
    ports: tuple[str, ...]
    parameters: tuple[str, ...]
    registers: tuple[str, ...]
    machines: tuple[str, ...]
    comparisons: tuple[str, ...]
    instances: tuple[str, ...]


def digests(structure: Structure) -> tuple[ModuleDigest, ...]:
    """Return the modules, the top first, then by their depth in the hierarchy."""
    order = list(dict.fromkeys(name for _, name in structure.hierarchy()))
    return tuple(_digest(structure.module(name)) for name in order if structure.has(name))


def _digest(module: Module) -> ModuleDigest:
    return ModuleDigest(
        name=module.name,
        place=f"{module.file}:{module.line}",
        ports=tuple(f"{one.direction} {_sized(one.width, one.name)}" for one in module.ports)[:MOST],
        parameters=tuple(f"{one.name} = {one.value}" for one in module.parameters)[:MOST],
        registers=tuple(_sized(module.width_of(name), name) for name in module.registers)[:MOST],
        machines=tuple(line for machine in module.machines for line in _machine(machine))[:MOST],
        comparisons=tuple(_compared(module.comparisons))[:MOST],
        instances=tuple(f"{one.name}: {one.module}" for one in module.instances)[:MOST],
    )


def _sized(width: str, name: str) -> str:
    return f"{name}{width}" if width else name


def _machine(machine: StateMachine) -> list[str]:
    codes = ", ".join(f"{one.name} = {one.code}" for one in machine.states)
    arcs = [
        f"  {arc.source or 'any'} -> {arc.target} if {arc.condition or 'always'} (line {arc.line})"
        for arc in machine.arcs
    ]
    return [f"{machine.state_register}: {codes}", *arcs]


def _compared(comparisons: Sequence[Comparison]) -> list[str]:
    """Return each distinct comparison once, with its lines."""
    key = lambda one: (one.signal, one.operator, one.constant)  # noqa: E731
    texts = []
    for (signal, operator, constant), same in groupby(sorted(comparisons, key=key), key=key):
        lines = ", ".join(str(one.line) for one in same)
        texts.append(f"{signal} {operator} {constant} (line {lines})")
    return texts

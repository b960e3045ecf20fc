"""Outputs that always have the same value, because nothing but constants drives them."""

from __future__ import annotations

from dv_agent.designs.reader.structure import Assignment, Module, Structure


def constant_outputs(structure: Structure) -> frozenset[str]:
    """Return the outputs of the top module that only constants drive, through wires of the top module.

    A driver that the reader does not know, such as an instance, counts as one that changes.
    """
    if not structure.has(structure.top):
        return frozenset()
    module = structure.module(structure.top)
    outputs = (port.name for port in module.ports if port.direction == "output")
    return frozenset(name for name in outputs if _is_constant(module, name, frozenset()))


def _is_constant(module: Module, name: str, above: frozenset[str]) -> bool:
    if name in {one.name for one in module.parameters}:
        return True
    driven = {wire for one in module.instances for link in one.connections for wire in link.names}
    found = [one for one in module.assignments if name in one.targets]
    if not found or name in above or name in driven:
        return False
    return all(_is_fixed(module, one, above | {name}) for one in found)


def _is_fixed(module: Module, one: Assignment, above: frozenset[str]) -> bool:
    reads = {*one.sources, *(name for condition in one.conditions for name in condition.names)}
    return one.kind in ("continuous", "combinational") and all(_is_constant(module, name, above) for name in reads)

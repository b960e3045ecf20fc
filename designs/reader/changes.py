"""Comparison of two versions of the same RTL: the signals whose drivers or declarations changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dv_agent.designs.reader.cone import Node
from dv_agent.designs.reader.structure import Assignment, Instance, Module, Structure


def changed_signals(old: Structure, new: Structure) -> frozenset[Node]:
    """Return (instance path, signal) of `new` whose assignment, condition, declaration or connection differs in `old`.

    Line numbers, comments and layout do not matter. In a module that `old` lacks, all signals have changed.
    """
    by_module = {
        module.name: set(_changed(old.module(module.name) if old.has(module.name) else None, module))
        for module in new.modules
    }
    found = set[Node]()
    for path, name in new.hierarchy():
        found |= {(path, signal) for signal in by_module.get(name, ())}
        if new.has(name) and old.has(name):
            found |= set(_rewired(path, old.module(name), new.module(name), new))
    return frozenset(found)


def _changed(old: Module | None, new: Module) -> Iterator[str]:
    declared = new.names
    if old is None:
        yield from declared
        return
    before, after = Counter(map(_said, old.assignments)), Counter(map(_said, new.assignments))
    for said in (*(before - after), *(after - before)):
        yield from (name for name in said[1] if name in declared)
    others, mine = _declarations(old), _declarations(new)
    yield from (name for name, declaration in mine.items() if others.get(name) != declaration)
    values = {one.name: one.value for one in old.parameters}
    constants = {one.name for one in new.parameters if values.get(one.name) != one.value}
    for assignment in new.assignments:
        read = {*assignment.sources, *(name for one in assignment.conditions for name in one.names)}
        if constants & read:
            yield from assignment.targets


def _said(one: Assignment) -> tuple[str, tuple[str, ...], str, str, str]:
    conditions = " && ".join(("!" if condition.negated else "") + condition.text for condition in one.conditions)
    return one.kind, one.targets, one.left, one.right, conditions


def _declarations(module: Module) -> dict[str, set[tuple[str, str, bool]]]:
    """Return name -> its declarations; an output that is also declared as a register has two."""
    found: dict[str, set[tuple[str, str, bool]]] = {}
    for port in module.ports:
        found.setdefault(port.name, set()).add((port.direction, port.width, port.signed))
    for one in module.signals:
        found.setdefault(one.name, set()).add((one.kind, one.width, one.signed))
    return found


def _rewired(path: str, old: Module, new: Module, structure: Structure) -> Iterator[Node]:
    """Yield signals of instances whose connections changed: their driven pins, and the signals here that they drive."""
    before = {one.name: one for one in old.instances}
    for instance in new.instances:
        known = before.get(instance.name)
        same_kind = known and (known.module, known.parameters) == (instance.module, instance.parameters)
        others = {one.port: one.text for one in known.connections} if known and same_kind else {}
        for connection in instance.connections:
            if others.get(connection.port) != connection.text:
                yield from _ends(path, instance, connection.port, connection.names, structure)


def _ends(path: str, instance: Instance, pin: str, names: tuple[str, ...], structure: Structure) -> Iterator[Node]:
    inner = structure.module(instance.module) if structure.has(instance.module) else None
    ports = inner.ports if inner else ()
    if next((one.direction for one in ports if one.name == pin), "output") == "input":
        yield f"{path}.{instance.name}", pin
    else:
        yield from ((path, name) for name in names)

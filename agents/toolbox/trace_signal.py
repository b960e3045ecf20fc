"""The tool `trace_signal`: drivers and readers of a signal in the RTL, and the cone of signals that influence it."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.agents.toolbox.arguments import TraceSignal
from dv_agent.agents.toolbox.text import fenced_data, listed, unknown_name
from dv_agent.designs.reader.cone import cone_of
from dv_agent.designs.reader.structure import Assignment, Module, Structure

LINES, CONE, TEXT = 30, 120, 240
_MARGIN = 400


def trace_signal(structure: Structure, asked: TraceSignal, room: int) -> str:
    """Return drivers, readers, connections, state machine and cone of one signal, as text.

    Raises:
        ToolError: the module or signal does not exist.
    """
    name = asked.module.strip() or structure.top
    if not structure.has(name):
        raise unknown_name("module", name, (one.name for one in structure.modules))
    module = structure.module(name)
    known = {port.name for port in module.ports} | {one.name for one in module.signals}
    if asked.signal not in known:
        raise unknown_name(f"signal of {name}", asked.signal, known, _elsewhere(structure, asked.signal))
    lines = [_what(module, asked.signal)]
    for title, found in (
        ("driven by", _drivers(module, asked.signal)),
        ("read by", _readers(module, asked.signal)),
        ("connected to", _connections(structure, module, asked.signal)),
        ("compared with constants", _comparisons(module, asked.signal)),
        ("steps of its state machine", _arcs(module, asked.signal)),
        (f"cone, {asked.depth} assignments back", _cone(structure, module, asked)),
    ):
        if rows := list(dict.fromkeys(found)):
            lines += [f"{title}:", *(f"  {row}" for row in listed(rows, LINES))]
    if name != structure.top:
        paths = [path for path, kind in structure.hierarchy() if kind == name]
        lines.append(f"{name} stands at {', '.join(listed(paths, 6))}; the cone ends at its inputs")
    return fenced_data(f"{name}.{asked.signal}", "\n".join(lines), room - _MARGIN)


def _elsewhere(structure: Structure, signal: str) -> str:
    """Return where else a signal of this name is declared."""
    found = [
        one.name
        for one in structure.modules
        if signal in {port.name for port in one.ports} | {inner.name for inner in one.signals}
    ]
    return f"It stands in module {' and '.join(found[:4])}." if found else ""


def _what(module: Module, signal: str) -> str:
    for port in module.ports:
        if port.name == signal:
            return f"{port.direction} {port.width or '1 bit'}, declared at {module.file}:{port.line}"
    one = next(one for one in module.signals if one.name == signal)
    kind = "register" if signal in module.registers else one.kind
    return f"{kind} {one.width or '1 bit'}, declared at {module.file}:{one.line}"


def _drivers(module: Module, signal: str) -> Iterator[str]:
    yield from (_text(module, one) for one in module.assignments if signal in one.targets)


def _readers(module: Module, signal: str) -> Iterator[str]:
    for one in module.assignments:
        if signal in one.sources or any(signal in condition.names for condition in one.conditions):
            yield _text(module, one)


def _text(module: Module, one: Assignment) -> str:
    when = " and ".join(condition.text for condition in one.conditions)
    text = f"{module.file}:{one.line} {one.kind}: {one.left} = {one.right}{f'  when {when}' if when else ''}"
    return text if len(text) <= TEXT else f"{text[: TEXT - 3]}..."


def _connections(structure: Structure, module: Module, signal: str) -> Iterator[str]:
    for instance in module.instances:
        inner = structure.module(instance.module) if structure.has(instance.module) else None
        for one in instance.connections:
            if signal in one.names:
                ports = inner.ports if inner else ()
                direction = next((port.direction for port in ports if port.name == one.port), "pin")
                yield f"{module.file}:{instance.line} {direction} {one.port} of {instance.name} ({instance.module})"


def _comparisons(module: Module, signal: str) -> Iterator[str]:
    for one in module.comparisons:
        if one.signal == signal:
            yield f"{module.file}:{one.line} {one.operator} {one.constant}"


def _arcs(module: Module, signal: str) -> Iterator[str]:
    for machine in module.machines:
        if machine.state_register == signal:
            for arc in machine.arcs:
                when = f" when {arc.condition}" if arc.condition else ""
                yield f"{arc.source or 'any state'} -> {arc.target}{when} ({module.file}:{arc.line})"[:TEXT]


def _cone(structure: Structure, module: Module, asked: TraceSignal) -> Iterator[str]:
    """Yield one line for each step: the signals that are first reached there, by instance path."""
    inside = structure.model_copy(update={"top": module.name})
    cone = cone_of(inside, (asked.signal,), asked.depth)
    for step in range(1, asked.depth + 1):
        found = [f"{path}.{name}" for (path, name), steps in cone.signals.items() if steps == step]
        if found:
            yield f"{step}: {', '.join(listed(found, CONE // asked.depth))}"

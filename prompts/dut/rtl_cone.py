"""Cone of influence: the part of the RTL that drives the signals sampled by some holes, as assignments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dv_agent.coverage.holes import Hole
from dv_agent.coverage.plan import Plan
from dv_agent.designs.design import Design
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.reader.cone import cone_of
from dv_agent.designs.reader.structure import Assignment
from dv_agent.designs.wiring.signal_slice import split
from dv_agent.prompts.view import View

_HANDSHAKE = {"valid": ("valid",), "ready": ("ready",), "transfer": ("valid", "ready"), "stall": ("valid", "ready"),
              "idle": ("valid",)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConeLine:
    """An assignment of the cone; `steps`: its distance back from the signals of the holes, in assignments."""

    place: str
    module: str
    text: str
    steps: int


def cone_lines(view: View, holes: Sequence[Hole], depth: int) -> tuple[ConeLine, ...]:
    """Return what drives the signals that `holes` sample, the nearest assignments first.

    Holes on values of the reference model name no RTL signal; if no hole names one, all outputs are used.
    """
    structure = view.rtl.structure
    if not structure.has(structure.top):
        return ()
    known = {port.name for port in structure.module(structure.top).ports}
    roots = [name for name in signals_of(view.design, view.plan, holes) if name in known]
    outputs = [port.name for port in structure.module(structure.top).ports if port.direction == "output"]
    cone = cone_of(structure, tuple(roots or outputs), depth)
    reached = {(module, name) for (path, name) in cone.signals for module in [dict(structure.hierarchy())[path]]}
    found = []
    for module in structure.modules:
        for one in module.assignments:
            steps = cone.lines.get((module.file, one.line))
            if steps is not None and any((module.name, target) in reached for target in one.targets):
                found.append(ConeLine(f"{module.file}:{one.line}", module.name, _text(one), steps))
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.steps, one.place)))


def signals_of(design: Design, plan: Plan, holes: Sequence[Hole]) -> tuple[str, ...]:
    """Return the signals of the top module that the coverpoints of `holes` sample."""
    columns = _columns(design)
    read = dict.fromkeys(name for hole in holes for name in _names(plan, hole))
    return tuple(dict.fromkeys(split(signal).base for name in read for signal in columns.get(name, ())))


def _names(plan: Plan, hole: Hole) -> Iterator[str]:
    one = plan.bins[plan.index(hole.bin)]
    group = plan.covergroup_of(one)
    crossed = next((cross.of for cross in group.crosses if cross.name == one.item), (one.item,))
    for point in group.coverpoints:
        if point.name in crossed:
            yield from sorted(point.of.names())
    if group.when:
        yield from sorted(group.when.names())
    if group.on.startswith("transfer_"):
        yield f"{group.on.removeprefix('transfer_')}_transfer"


def _columns(design: Design) -> dict[str, tuple[str, ...]]:
    """Return column of the shared event tables -> the signals from which it is computed."""
    found: dict[str, tuple[str, ...]] = {}
    for name, port in design.ports.items():
        for stream in port.streams(name):
            found |= _stream(stream)
        found |= {field: (spec.signal,) for field, spec in port.levels().items()}
    return found


def _stream(stream: Stream) -> dict[str, tuple[str, ...]]:
    if stream.ready is None:
        return {f"{stream.column}_strobe": (stream.valid,)}
    signals = {"valid": stream.valid, "ready": stream.ready}
    return {f"{stream.column}_{fact}": tuple(signals[part] for part in parts) for fact, parts in _HANDSHAKE.items()}


def _text(one: Assignment) -> str:
    arrow = "<=" if one.kind == "clocked" else "="
    condition = " and ".join(condition.text for condition in one.conditions)
    return f"{one.left} {arrow} {one.right}" + (f"  when {condition}" if condition else "")

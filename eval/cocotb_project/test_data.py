"""One file of ``data/``: the stimulus of a test step by step, and what the design must do in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.program import Op, Program, unpack
from dv_agent.designs.trace import End, IntColumn, Trace, Transfers
from dv_agent.eval.cocotb_project.files.output_checks import Recording
from dv_agent.runners.checks.protocol import may_always_wait, refused_at_the_end

NUMBERS = ("idle", "hold", "ready", "stall", "accept", "pulse", "at")


def stimulus(design: Design, program: Program) -> dict[str, Any]:
    """Return the tracks and memories of a program, every value by its field."""
    tracks = {name: [_step(design, name, op) for op in ops] for name, ops in program.tracks.items() if ops}
    memories = {name: list(words) for name, words in program.memories.items()}
    return {"max_cycles": program.max_cycles, "tracks": tracks, "memories": memories}


def _step(design: Design, track: str, op: Op) -> dict[str, Any]:
    gap, stall = {"gap": op.gap} if op.gap else {}, {"stall": op.stall} if op.stall else {}
    if op.kind == "send":
        riding = {"with": {port: _values(design, port, word) for port, word in op.strobes}} if op.strobes else {}
        return {"send": _values(design, track, op.value), **gap, "last": op.last, **riding}
    if op.kind == "write":
        return {"write": _values(design, track, op.value), **gap}
    if op.kind == "set":
        return {"set": unpack(design.ports[track].held(), op.value), **gap, **stall}
    if op.kind == "access":
        return {"access": _access(design, track, op.value), **gap, **stall}
    return _wait_or_count(op)


def _wait_or_count(op: Op) -> dict[str, Any]:
    if op.kind == "serve":
        return {"serve": op.value, "latency": op.gap, "stall": op.stall}
    held = {"held": 1} if op.stall else {}
    if op.kind == "after":
        return {"after": op.port, "transfers": op.value, **held}
    if op.kind not in NUMBERS:
        raise ValueError(f"{op.kind}: no step that can be exported")
    return {op.kind: op.value, **held}


def _access(design: Design, port: str, word: int) -> dict[str, int]:
    item = design.ports[port].driver_facts()["item"]
    assert isinstance(item, Mapping)
    return {name: (word >> low) & ((1 << bits) - 1) for name, (low, bits) in item.items()}


def _values(design: Design, port: str, word: int) -> dict[str, Any]:
    return unpack(_payload(design, port), word)


def _payload(design: Design, port: str) -> Mapping[str, FieldSpec]:
    return next(one.fields for one in design.streams if one.key == port)


def expectations(folder: DesignFolder, trace: Trace, observation: Observation) -> dict[str, Any]:
    """Return what must happen in a test: transfers by port and reset epoch, levels, and how it ends.

    Args:
        trace: of the design without a seeded bug.
        observation: what its model says of that; without a model, what the design did is what is expected.
    """
    design = folder.design
    epochs = int(trace.epoch[-1]) + 1 if trace.cycles else 1
    wanted: dict[str, Expected | Transfers] = dict(observation.expected)
    if not folder.has_model:
        wanted |= {one.key: trace.accepted[one.key] for one in design.streams if not one.driven}
    refused = refused_at_the_end(design, trace) if trace.end == End.DEADLOCK else frozenset()
    settled = bool(refused) and refused <= (observation.may_wait | may_always_wait(design))
    return {
        "expected": {port: list(_by_epoch(one, epochs)) for port, one in wanted.items()},
        "levels": {
            pin: _runs(values.tolist()) for pin, values in observation.levels.items() if trace.signals[pin].ndim == 1
        },
        "end": _end(trace),
        "complete": trace.end == End.DRAINED or settled,
        "may_report": bool(trace.reported),
    }


def _end(trace: Trace) -> str:
    return "cycle_limit" if trace.end in (End.LIMIT, End.BUDGET) else trace.end.value


def _by_epoch(wanted: Expected | Transfers, epochs: int) -> Iterator[list[dict[str, Any]]]:
    columns = {name: column.tolist() for name, column in wanted.columns.items()}
    rows: list[list[dict[str, Any]]] = [[] for _ in range(epochs)]
    for place, epoch in enumerate(wanted.epoch.tolist()):
        rows[epoch].append({name: column[place] for name, column in columns.items()})
    yield from rows


def exact_levels(trace: Trace, pins: Sequence[str]) -> dict[str, list[list[int]]]:
    """Return the levels that pins had in each cycle, as runs of (level, cycles); pins with an X are left out."""
    known = [pin for pin in pins if pin in trace.signals and not (pin in trace.unknown and trace.unknown[pin].any())]
    return {pin: _runs(_numbers(trace.signals[pin])) for pin in known}


def _runs(values: Sequence[int]) -> list[list[int]]:
    return [[level, len([*same])] for level, same in groupby(values)]


def recording_of(trace: Trace, pins: Sequence[str]) -> Recording:
    """Return a trace as the checks of a project see it."""
    levels: dict[str, list[int | None]] = {}
    for pin in pins:
        numbers: list[int | None] = [*_numbers(trace.signals[pin])]
        for place in trace.unknown[pin].nonzero()[0].tolist() if pin in trace.unknown else ():
            numbers[place] = None
        levels[pin] = numbers
    return Recording(levels, trace.in_reset.tolist(), _end(trace))


def _numbers(values: IntColumn) -> list[int]:
    """Return the levels of a pin, with the words of a wide one joined."""
    if values.ndim == 1:
        numbers: list[int] = values.tolist()
        return numbers
    return [sum(word << (32 * place) for place, word in enumerate(row)) for row in values.tolist()]

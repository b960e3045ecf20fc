"""From a program back to a test of literal steps: random blocks and loops become plain items.

Such a test can be edited beat by beat, which shrinking and mutation need. It expands to the same program.
"""

from __future__ import annotations

from typing import Any

from dv_agent.designs.design import Design, FieldSpec, ResponderPort, SourcePort, StrobePort
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.program import RESET_TRACK, Op, Program


def literal_test(design: Design, schema: StimulusSchema, program: Program, name: str = "") -> Test:
    """A test without loops or random blocks that expands to `program` (steps renumbered)."""
    tracks = {track: tuple(_steps(design, schema, track, ops)) for track, ops in program.tracks.items() if ops}
    memory = {}
    for port_name, words in program.memories.items():
        port = design.ports[port_name]
        if isinstance(port, ResponderPort):
            spec = next(iter(port.response.fields.values()))
            memory[port_name] = [_signed(word, spec) for word in words]
    return Test(name=name, tracks=tracks, memory=memory)


def unpack(fields: dict[str, FieldSpec], packed: int) -> dict[str, Any]:
    """The inverse of `dv_agent.designs.program.pack`: scalars for fields of one lane, else lists."""
    values: dict[str, Any] = {}
    for name, spec in fields.items():
        lanes = []
        for _ in range(spec.lanes):
            lanes.append(_signed(packed & ((1 << spec.width) - 1), spec))
            packed >>= spec.width
        values[name] = lanes if spec.lanes > 1 else lanes[0]
    return values


def _signed(word: int, spec: FieldSpec) -> int:
    return word - (1 << spec.width) if word > spec.high else word


def _steps(design: Design, schema: StimulusSchema, track: str, ops: tuple[Op, ...]) -> list[Step]:
    steps: list[Step] = []
    packet: list[Step] = []
    port = None if track == RESET_TRACK else design.ports[track]
    for op in ops:
        if op.kind == "send" and isinstance(port, SourcePort):
            packet.append(_beat(design, port, op))
            if op.last:
                steps.append({schema.tracks[track].item: packet})
                packet = []
        elif op.kind == "write" and isinstance(port, StrobePort):
            steps.append({"write": unpack(port.fields, op.value), **({"gap": op.gap} if op.gap else {})})
        else:
            steps.append(_plain(op))
    return steps


def _beat(design: Design, port: SourcePort, op: Op) -> Step:
    beat = unpack(port.fields, op.value)
    if op.gap:
        beat["gap"] = op.gap
    if op.strobes:
        beat["with"] = {}
        for name, payload in op.strobes:
            strobe = design.ports[name]
            if isinstance(strobe, StrobePort):
                beat["with"][name] = unpack(strobe.fields, payload)
    return beat


def _plain(op: Op) -> Step:
    if op.kind == "after":
        return {"after": {"port": op.port, "accepted": op.value}}
    if op.kind == "serve":
        timing = {"latency": op.gap, "stall": op.stall}
        return {"serve": op.value, **{key: value for key, value in timing.items() if value}}
    return {op.kind: op.value}

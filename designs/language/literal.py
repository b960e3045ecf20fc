"""Converting a program back to a test of literal steps: random blocks and loops become plain items.

Such a test can be edited beat by beat, as shrinking and mutation need. It expands to the same program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema, grammar_of
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar, Item
from dv_agent.designs.program import Op, Program


def literal_test(design: Design, schema: StimulusSchema, program: Program, name: str = "") -> Test:
    """Return a test without loops or random blocks that expands to `program` (steps renumbered)."""
    tracks = {track: tuple(_steps(design, schema, track, ops)) for track, ops in program.tracks.items() if ops}
    memory = {}
    for port_name, words in program.memories.items():
        if port_name in design.memories:
            memory[port_name] = [_signed(word, design.memories[port_name].word) for word in words]
    return Test(name=name, tracks=tracks, memory=memory)


def unpack(fields: Mapping[str, FieldSpec], packed: int) -> dict[str, Any]:
    """Unpack a payload; the inverse of `dv_agent.designs.program.pack`: scalars for fields of one lane, else lists."""
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
    more: Step = {}
    grammar = grammar_of(design, track)
    word = grammar.item_word(schema.tracks[track].item)
    for op in ops:
        if grammar.item is None or op.kind != grammar.item.op:
            steps.append(_plain(grammar, op))
        elif grammar.item.packets:
            if not packet:
                more = _options(grammar.item, op, beside="gap")
            packet.append(_beat(design, grammar, op))
            if op.last:
                steps.append({word: packet, **more})
                packet = []
        else:
            steps.append({word: unpack(grammar.fields, op.value), **_options(grammar.item, op)})
    return steps


def _options(item: Item, op: Op, beside: str = "") -> Step:
    """Return the options of an item's step, without those that are 0. Args: beside: a member that stands elsewhere."""
    return {key: value for key, member in item.options.items() if member != beside and (value := getattr(op, member))}


def _beat(design: Design, grammar: Grammar, op: Op) -> Step:
    beat = unpack(grammar.fields, op.value)
    if op.gap:
        beat["gap"] = op.gap
    if op.strobes:
        beat["with"] = {name: unpack(design.grammars[name].fields, payload) for name, payload in op.strobes}
    return beat


def _plain(grammar: Grammar, op: Op) -> Step:
    if op.kind == "after":
        return {"after": {"port": op.port, "accepted": op.value}}
    options = next((word.options for word in grammar.words if word.key == op.kind), {})
    more = {key: value for key, member in options.items() if (value := getattr(op, member))}
    return {op.kind: op.value, **more}

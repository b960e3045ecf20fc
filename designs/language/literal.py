"""Converting a program back to a test of literal steps: random blocks and loops become plain items.

Such a test can be edited beat by beat, as shrinking and mutation need. It expands to the same program.
"""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema, grammar_of
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.ports.grammar import Grammar, Item
from dv_agent.designs.program import Op, Program, signed_word, unpack


def literal_test(design: Design, schema: StimulusSchema, program: Program, name: str = "") -> Test:
    """Return a test without loops or random blocks that expands to `program` (steps renumbered)."""
    tracks = {track: tuple(_steps(design, schema, track, ops)) for track, ops in program.tracks.items() if ops}
    memory = {}
    for port_name, words in program.memories.items():
        if port_name in design.memories:
            memory[port_name] = [signed_word(word, design.memories[port_name].word) for word in words]
    return Test(name=name, tracks=tracks, memory=memory)


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
                more = _options(grammar.item, op)
            packet.append(_beat(design, grammar, op))
            if op.last:
                steps.append({word: packet, **more})
                packet = []
        else:
            steps.append({word: unpack(grammar.fields, op.value), **_timing(grammar.item, op)})
    return steps


def _timing(item: Item, op: Op) -> Step:
    found: Step = {"gap": op.gap} if op.gap else {}
    return found | _options(item, op)


def _options(item: Item, op: Op) -> Step:
    more = {key: getattr(op, option.member) + option.least for key, option in item.options.items()}
    return {key: value for key, value in more.items() if value != item.options[key].least}


def _beat(design: Design, grammar: Grammar, op: Op) -> Step:
    beat = unpack(grammar.fields, op.value)
    if op.gap:
        beat["gap"] = op.gap
    if op.strobes:
        beat["with"] = {name: unpack(design.grammars[name].fields, payload) for name, payload in op.strobes}
    return beat


def _plain(grammar: Grammar, op: Op) -> Step:
    if op.kind in ("after", "at"):
        wait: Step = {"after": {"port": op.port, "accepted": op.value}} if op.kind == "after" else {"at": op.value}
        return {"stall": wait} if op.stall else wait
    options = next((word.options for word in grammar.words if word.key == op.kind), {})
    more = {key: value for key, member in options.items() if (value := getattr(op, member))}
    return {op.kind: op.value, **more}

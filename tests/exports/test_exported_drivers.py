"""The drivers of an exported project drive what the runner's do, cycle by cycle, on pins that answer at random."""

import random
from collections.abc import Mapping
from typing import Any

import pytest
from small_design import small_design, small_schema

from dv_agent.agents.baselines.basic import random_test
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.designs.program import Program
from dv_agent.eval.cocotb_project.design_data import design_data
from dv_agent.eval.cocotb_project.files.play_test import cycles
from dv_agent.eval.cocotb_project.test_data import stimulus
from dv_agent.runners.build.wrappers.layout import Layout, child_layout, layout_of
from dv_agent.runners.cocotb.play import Pins, play
from dv_agent.runners.plain_program import plain_program

OUTPUTS = {"in_ready": 1, "v": 1, "y": 8, "av": 1, "ad": 4, "dr": 1, "dbg_level": 3}


class Answers:
    """What a design does at its outputs: at random, whatever is driven."""

    def __init__(self, seed: int, lively: float, outputs: Mapping[str, int] = OUTPUTS) -> None:
        self._seed, self._lively, self._outputs = seed, lively, outputs

    def at(self, cycle: int) -> dict[str, int]:
        draw = random.Random(f"{self._seed}/{cycle}")
        return {
            pin: int(draw.random() < self._lively) if bits == 1 else draw.randrange(1 << bits)
            for pin, bits in self._outputs.items()
        }


def driven_pins(design: Design, layout: Layout, drive: str) -> dict[str, int]:
    """The pins that the vector `drive` sets, and under ``carried`` a write that rides on a beat."""
    parts, place = dict[tuple[str, ...], int](), 0
    for piece in layout.drive:
        parts[piece.key] = int(drive[place : place + piece.width] or "0", 2)
        place += piece.width
    (reset,) = design.resets
    found = {reset.signal: parts["reset",] if reset.active == "high" else 1 - parts["reset",]}
    for one in design.streams:
        if one.driven:
            found[one.valid] = parts[(*one.path, one.offer)]
            found |= {one.last: parts[(*one.path, "last")]} if one.last else {}
            found |= fields(one.fields, parts.get((*one.path, "payload"), 0))
        elif one.ready:
            found[one.ready] = parts[(*one.path, "ready")]
    if ("in", "attached", "cfg") in parts:
        found["carried"] = (parts["in", "attached", "cfg"] << 8) | parts["in", "attached", "cfg", "payload"]
    return found


def all_pins(design: Design, layout: Layout, drive: str, outputs: dict[str, int]) -> dict[str, int]:
    """All pins of a cycle; the wrapper lets a carried write happen with the beat."""
    found = {**outputs, **driven_pins(design, layout, drive)}
    carried = found.pop("carried", 0)
    if carried >> 8 and found["in_valid"] and found["in_ready"]:
        found |= {"we": 1, "addr": carried & 255}
    return found


def by_the_runner(design: Design, program: Program, answers: Answers) -> tuple[str, list[dict[str, int]]]:
    """How the test ends, and all pins in each cycle, as the runner plays it."""
    layout = layout_of(design)
    rows: list[dict[str, int]] = []
    drive = ["1" + "0" * (layout.drive_width - 1)]

    def read() -> str:
        found = all_pins(design, layout, drive[0], answers.at(len(rows)))
        text = [""] * len(layout.sample)
        for signal, (_, width) in sorted(layout.sample.items(), key=lambda one: one[1]):
            text.append(format(found[signal], f"0{width}b"))
        return "".join(text)

    plain = child_layout(design, layout)
    pins = Pins(read, lambda text: drive.__setitem__(0, text), lambda _: None)
    game = play(plain, plain_program(design, program), pins)
    for _ in range(plain["reset_cycles"]):
        next(game)
    while True:
        now = all_pins(design, layout, drive[0], answers.at(len(rows)))
        try:
            next(game)
        except StopIteration as end:
            return end.value.end, [*rows, now]
        rows.append(now)


def fields(specs: Mapping[str, Any], word: int) -> dict[str, int]:
    found, place = {}, 0
    for spec in specs.values():
        found[spec.signal] = (word >> place) & ((1 << spec.bits) - 1)
        place += spec.bits
    return found


def by_the_project(design: Design, program: Program, answers: Answers) -> tuple[str, list[dict[str, int]]]:
    """The same, as an exported project plays it."""
    game = cycles(design_data(design, [], []), stimulus(design, program))
    resets = {one.signal for one in design.resets}
    next(game)
    rows: list[dict[str, int]] = []
    now = game.send({})
    while True:
        pins = answers.at(len(rows)) | now.levels
        for valid, ready, write in now.writes:
            if pins[valid] and (not ready or pins[ready]):
                pins |= write
        rows.append(pins)
        try:
            now = game.send({pin: level for pin, level in pins.items() if pin not in resets})
        except StopIteration as end:
            return end.value.end, rows


def all_tests(design: Design, schema: StimulusSchema) -> list[Test]:
    """Random tests, and one that uses what those leave out."""
    beat = {"m": [3, -4], "e": 2}
    whole = {
        "name": "all steps", "seed": 1, "tracks": {
            "in": [
                {"row": [{**beat, "times": 3, "gap": 2}, {**beat, "with": {"cfg": {"a": 5}}}], "gap": 4},
                {"after": {"port": "out", "accepted": 2}},
                {"row": [{**beat, "with": {"cfg": {"a": 1}}}, beat, beat, beat]},
                {"at": 70}, {"row": [beat]}, {"idle": 3},
            ],
            "cfg": [{"write": {"a": 7}, "gap": 3}, {"idle": 2}, *({"write": {"a": one}} for one in range(6))],
            "out": [{"stall": 5}, {"accept": 2}, {"ready": 4}, {"stall": 9}, {"stall": {"at": 60}}],
            "ld": [{"serve": 3, "latency": 4, "stall": 2}, {"stall": {"after": {"port": "in", "accepted": 4}}},
                   {"serve": 2}],
            "reset": [{"idle": 25}, {"pulse": 3}, {"idle": 6}, {"pulse": 1}],
        },
    }  # fmt: skip
    drawn = [random_test(design, schema, random.Random(seed)) for seed in range(12)]
    return [Test.model_validate(whole), *drawn]


def outputs_of(design: Design) -> dict[str, int]:
    """Pin -> bits of what the design drives."""
    layout = layout_of(design)
    ours = driven_pins(design, layout, "0" * layout.drive_width)
    return {pin: bits for pin, (_, bits) in layout.sample.items() if pin not in ours}


@pytest.mark.parametrize("lively", [0.1, 0.5, 1.0])
def test_a_bus_is_driven_as_the_runner_drives_it_in_every_cycle(lively: float) -> None:
    folder = find_design("vit_attention")  # a register block behind AXI4-Lite, among streams
    design, schema = folder.design, folder.schema
    accesses = [
        {"write": {"addr": 4, "data": 5, "strb": 3, "aw_delay": 3, "overlap": 1}, "gap": 2},
        {"write": {"addr": 8, "data": 6, "w_delay": 2, "overlap": 1}, "stall": 4}, {"read": {"addr": 4, "overlap": 1}},
        {"read": {"addr": 0}, "stall": 3}, {"after": {"port": "regs.b", "accepted": 1}}, {"idle": 4},
        {"write": {"addr": 12, "data": 1}},
    ]  # fmt: skip
    whole = Test.model_validate({"tracks": {"regs": accesses * 3, "reset": [{"idle": 30}, {"pulse": 2}]}})
    drawn = [random_test(design, schema, random.Random(seed)) for seed in range(3)]
    for number, test in enumerate([whole, *drawn]):
        program = expand(design, schema, test, 300)
        answers = Answers(number, lively, outputs_of(design))
        theirs, ours = by_the_runner(design, program, answers), by_the_project(design, program, answers)
        for cycle, (wanted, seen) in enumerate(zip(theirs[1], ours[1], strict=False)):
            assert {pin: seen[pin] for pin in wanted if pin in seen} == {
                pin: wanted[pin] for pin in wanted if pin in seen
            }
            assert {pin for pin in wanted if pin.startswith("s_")} <= {*seen}, (test.name, cycle)
        assert (ours[0], len(ours[1])) == (theirs[0], len(theirs[1])), test.name


@pytest.mark.parametrize("lively", [0.0, 0.3, 0.9, 1.0])
def test_every_pin_is_driven_as_the_runner_drives_it_in_every_cycle(lively: float) -> None:
    design = small_design()
    schema = small_schema()
    for number, test in enumerate(all_tests(design, schema)):
        program = expand(design, schema, test, 400)
        answers = Answers(number, lively)
        theirs, ours = by_the_runner(design, program, answers), by_the_project(design, program, answers)
        for cycle, (wanted, seen) in enumerate(zip(theirs[1], ours[1], strict=False)):
            assert seen == wanted, (test.name, cycle)
        assert (ours[0], len(ours[1])) == (theirs[0], len(theirs[1])), test.name

"""Pins: inputs held at levels that a test sets, in the language, in the simulator, and in the hands of the agents."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from small_rtl import own_design, played, stream, values

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.baselines.crv import crv_test
from dv_agent.agents.baselines.sweep import script
from dv_agent.agents.failures.shrinking import Tried, shrink
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.mutation import MOVES, mutate
from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.json_schema import language_definitions
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.schema import StimulusSchema, load_schema
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.observation import Observation
from dv_agent.designs.program import Op, Program
from dv_agent.prompts.dut.examples import examples
from dv_agent.prompts.dut.language_words import language_words
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.reference.session import ReferenceSession
from dv_agent.runners.simulator import Session

# Adds what the pins say; takes nothing while it is paused. A level of 9 breaks the sum.
ADDER = """\
module own(input clk, input rst, input pause, input signed [3:0] offset, input in_valid, output in_ready,
           input [7:0] in_data, output reg out_valid, input out_ready, output reg [7:0] out_data);
  wire [7:0] sum = {{4{offset[3]}}, offset};
  assign in_ready = !pause && (!out_valid || out_ready);
  always @(posedge clk)
    if (rst) out_valid <= 0;
    else if (!pause && (!out_valid || out_ready)) begin out_valid <= in_valid; out_data <= in_data + sum; end
    else if (out_ready) out_valid <= 0;
endmodule
"""
COUNTER = """\
module own(input clk, input rst, input up, input [1:0] step, output reg [7:0] count);
  always @(posedge clk) if (rst) count <= 0; else if (up) count <= count + step;
endmodule
"""
PINS: dict[str, Any] = {
    "kind": "pins",
    "fields": {
        "pause": {"signal": "pause", "width": 1},
        "offset": {"signal": "offset", "width": 4, "signed": True, "reset": -2},
    },
}
SCHEMA = """\
schema_version: 1
tracks:
  in: {profiles: {default: {count: 5, gap: [0, 2]}}}
  out: {profiles: {default: {count: 3, ready: [1, 4], stall: [0, 3]}}}
  cfg: {profiles: {default: {count: [1, 4], for: [1, 9], gap: [0, 3]}}}
  reset: {profiles: {default: {wait: [5, 20]}}}
"""


@pytest.fixture
def design(tmp_path: Path) -> Design:
    return own_design(
        tmp_path, ADDER, {"in": stream("source", "in"), "out": stream("sink", "out"), "cfg": PINS},
        limits={"quiet_cycles": 10, "max_cycles": 2000, "max_items": 1000},
    )  # fmt: skip


@pytest.fixture
def schema(design: Design) -> StimulusSchema:
    return load_schema(Document(Path("stimulus.yaml"), SCHEMA), design)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> IcarusSimulator:
    return IcarusSimulator(tmp_path_factory.mktemp("cache"), hang_seconds=2.0)


def program_of(design: Design, schema: StimulusSchema, **tracks: list[Any]) -> Program:
    return expand(design, schema, Test(tracks={name.rstrip("_"): tuple(steps) for name, steps in tracks.items()}))


def play(session: Session, design: Design, schema: StimulusSchema, **tracks: list[Any]) -> dict[str, list[int]]:
    """The levels of the pins over time, and what came out."""
    run = session.run(program_of(design, schema, **tracks))
    assert check(design, run.trace, Observation({}, {})) == ()
    table = cycle_tables(design, run.trace)["cycle"].columns
    return {"offset": table["offset"].tolist(), "pause": table["pause"].tolist(), "out": values(run, "out")}


def test_levels_are_set_for_so_many_cycles_and_stay(
    design: Design, schema: StimulusSchema, simulator: IcarusSimulator
) -> None:
    with simulator.open(design) as session:
        steps = [{"hold": 2}, {"set": {"offset": 5}, "for": 3}, {"set": {"offset": [-8]}, "gap": 1}, {"hold": 2}]
        seen = play(session, design, schema, cfg=steps)
        assert seen["offset"][:10] == [-2, -2, 5, 5, 5, 5, -8, -8, -8, -8]
        assert set(seen["offset"][10:]) == {-8}


def test_fields_left_out_keep_their_level_whatever_set_it(design: Design, schema: StimulusSchema) -> None:
    loop = {"for": {"i": [1, 2]}, "steps": [{"set": {"offset": "i"}, "for": "i + 1"}]}
    random_one = {"random": {"count": 1, "pause": 1, "offset": 7, "for": 4}}
    steps = [{"set": {"pause": 1}}, loop, random_one, {"set": {"pause": 0}}]
    ops = program_of(design, schema, cfg=steps).tracks["cfg"]
    levels = [(op.value & 1, op.value >> 1, op.stall) for op in ops]
    assert levels == [(1, 14, 0), (1, 1, 1), (1, 2, 2), (1, 7, 3), (0, 7, 0)]


def test_pins_rest_in_a_reset_and_come_back_after_it(
    design: Design, schema: StimulusSchema, simulator: IcarusSimulator
) -> None:
    with simulator.open(design) as session:
        seen = play(session, design, schema, cfg=[{"set": {"offset": 3}}], reset=[{"idle": 4}, {"pulse": 2}])
    assert seen["offset"][:8] == [3, 3, 3, 3, -2, -2, 3, 3]


def test_pins_change_when_another_port_has_moved(
    design: Design, schema: StimulusSchema, simulator: IcarusSimulator
) -> None:
    beats = [{"beat": [{"x": value}]} for value in (10, 20, 30)]
    steps = [{"after": {"port": "in", "accepted": 2}}, {"set": {"offset": 1}}]
    with simulator.open(design) as session:
        assert play(session, design, schema, in_=beats, cfg=steps)["out"] == [8, 18, 31]


def test_a_design_that_a_level_holds_up_is_not_stuck(
    design: Design, schema: StimulusSchema, simulator: IcarusSimulator
) -> None:
    with simulator.open(design) as session:
        run = session.run(program_of(design, schema, in_=[{"beat": [{"x": 9}]}], cfg=[{"set": {"pause": 1}}]))
        assert run.trace.end == "drained"
        assert values(run, "out") == [7]
        broken = own_design(
            design.folder / "b",
            ADDER.replace("out_valid <= in_valid;", "out_valid <= 0;").replace("= !pause", "= 0"),
            dict(design.ports),
        )
    with simulator.open(broken) as session:
        run = session.run(program_of(design, schema, in_=[{"beat": [{"x": 9}]}], cfg=[{"set": {"pause": 1}}]))
        assert run.trace.end == "deadlock"


def test_a_design_with_pins_only(tmp_path: Path) -> None:
    fields = {"up": {"signal": "up", "width": 1}, "step": {"signal": "step", "width": 2}}
    ports = {
        "pins": {"kind": "pins", "fields": fields},
        "seen": {"kind": "observe", "fields": {"count": {"signal": "count", "width": 8}}},
    }
    design = own_design(tmp_path, COUNTER, ports)
    assert design.write_ports == ("pins",)
    run = played(design, {"pins": (Op("set", 0b101, stall=4), Op("set", 0b110), Op("set", 0b111, stall=1))})
    assert run.trace.end == "drained"
    assert run.trace.signals["count"][:10].tolist() == [0, 2, 4, 6, 8, 10, 10, 13, 16, 19]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"set": {}}, "names no field"),
        ({"set": {"offset": 8}}, r"8 is outside -8\.\.7"),
        ({"set": {"ofset": 1}}, "did you mean offset"),
        ({"set": {"pause": 1}, "for": 0}, r"0 is outside 1\.\."),
        ({"set": {"pause": 1}, "times": 2}, "unknown key 'times'"),
        ({"set": {"pause": 1}, "hold": 2}, "a step is one thing"),
        ({"set": {"pause": 1}, "for": 2, "steps": []}, "unknown key 'steps'"),
        ({"hold": 0}, "outside 1"),
        ({"idle": 3}, "unknown step 'idle'"),
        ({"random": {"for": 0}}, "outside 1"),
    ],
)
def test_what_is_wrong_with_a_step_is_said(
    design: Design, schema: StimulusSchema, step: dict[str, Any], message: str
) -> None:
    with pytest.raises(StimulusError, match=message):
        program_of(design, schema, cfg=[step])


def test_a_level_at_rest_out_of_range_is_refused(tmp_path: Path) -> None:
    pins = {"kind": "pins", "fields": {"pause": {"signal": "pause", "width": 1, "reset": 2}}}
    with pytest.raises(ValidationError, match=r"2 is outside 0\.\.1"):
        own_design(tmp_path, ADDER, {"cfg": pins})


def test_every_agent_writes_tests_with_pins_that_play_and_survive_the_way_back(
    design: Design, schema: StimulusSchema, simulator: IcarusSimulator
) -> None:
    source = random.Random(1)
    tests = [crv_test(design, schema, source), *(random_test(design, schema, source) for _ in range(3))]
    tests += list(script(design, schema))[::30]
    sites = MoveSites(design, schema)
    tests += [one for move in MOVES if (one := mutate(sites, sites.literal(tests[1]), move, source, {"cfg": 1}))]
    used = 0
    with simulator.open(design) as session:
        for test in tests:
            program = expand(design, schema, test)
            again = expand(design, schema, literal_test(design, schema, program))
            assert bare(program) == bare(again)
            assert session.run(program).trace.end == "drained"
            used += bool(program.tracks.get("cfg"))
    assert used > 10


def bare(program: Program) -> dict[str, list[Op]]:
    return {track: [op._replace(step=0) for op in ops] for track, ops in program.tracks.items() if ops}


def test_the_json_schema_accepts_what_the_language_does(design: Design, schema: StimulusSchema) -> None:
    definitions = language_definitions(design, schema)
    valid = Draft202012Validator({"$ref": "#/$defs/step_cfg", "$defs": definitions})
    good = [{"set": {"pause": 1}}, {"set": {"pause": 1, "offset": -8}, "for": 5, "gap": 1}, {"hold": 3}]
    bad = [{"set": {"pause": 2}}, {"set": {"pause": 1}, "for": 0}, {"idle": 3}]
    assert [valid.is_valid(step) for step in (*good, *bad)] == [True] * 3 + [False] * 3


def test_prompts_tell_of_pins_and_their_examples_are_valid(design: Design, schema: StimulusSchema) -> None:
    words = language_words(design, schema)
    assert any(lines.startswith('* pins: {"set": {fields}, "for": 5}') for lines in words.words)
    assert "pins unchanged" in words.silence
    shown = [step for one in examples(design, schema) for step in one.data["tracks"].get("cfg", ())]
    assert any("set" in step for step in shown)
    for one in examples(design, schema):
        expand(design, schema, Test(tracks={name: tuple(steps) for name, steps in one.data["tracks"].items()}))


def test_shrinking_leaves_the_one_change_that_matters(design: Design, schema: StimulusSchema) -> None:
    steps = [{"set": {"offset": value}, "for": 4, "gap": 2} for value in (1, 2, 7, 3)]
    failure = CheckFailure(check="value", port="out", message="wrong")

    def run(test: Test) -> Tried:
        ops = expand(design, schema, test).tracks.get("cfg", ())
        return Tried((failure,) if any(op.value >> 1 == 7 for op in ops) else (), 10)

    best = shrink(design, schema, Test(tracks={"cfg": tuple(steps)}), failure, run).test
    assert best.tracks == {"cfg": ({"set": {"pause": 0, "offset": 7}},)}


def test_the_fake_holds_pins_too(design: Design, schema: StimulusSchema) -> None:
    class Nothing:
        def observe(self, trace: Any) -> Observation:
            return Observation({}, {})

    program = program_of(design, schema, in_=[{"beat": [{"x": 1}]}], cfg=[{"set": {"pause": 1}, "for": 3}])
    assert ReferenceSession(design, Nothing()).run(program).trace.end == "drained"

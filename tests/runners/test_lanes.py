"""Several tests in one copy of the simulator process: each on an instance of its own, as if it were alone."""

import json
import random
from itertools import islice
from pathlib import Path

import pytest
from runner_fixtures import COUNTER, Opener, adder, counter, lowreset, make_design, program, same, walker

from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import find_design
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import End
from dv_agent.eval.soundness.traffic import chunk_tests
from dv_agent.runners.build.icarus import build_icarus, build_icarus_lanes, icarus_version
from dv_agent.runners.build.lanes import LANES, MAX_SOURCE_BYTES
from dv_agent.runners.cocotb.environment import vpi_library
from dv_agent.runners.cocotb.session import CocotbSession
from dv_agent.runners.icarus import IcarusSimulator

SEND = program(in_=tuple(Op("send") for _ in range(8)))


def lanes_of(design: Design, cache: Path) -> int:
    build = build_icarus_lanes(design, cache, icarus_version())
    return len(json.loads(build.layout.read_text()).get("lanes", ()))


def alone(design: Design, cache: Path) -> CocotbSession:
    """A session in which every test has a copy of its own."""
    build = build_icarus(design, cache, icarus_version())
    command = ["vvp", "-n", "-m", vpi_library(), str(build.program), "-none"]
    return CocotbSession(design, command, build.layout, 0.5)


def assert_same_on_every_lane(design: Design, programs: list[Program], cache: Path) -> None:
    """Whatever was played before it in the same copy, a program gives the rows that it gives alone."""
    with alone(design, cache) as session:
        expected = [session.run(one) for one in programs]
    order = random.Random(1).choices(range(len(programs)), k=2 * LANES + 3)
    with IcarusSimulator(cache).open(design) as session:
        for number in order:
            run = session.run(programs[number])
            assert run.rows == expected[number].rows
            assert (run.step_starts, run.released) == (expected[number].step_starts, expected[number].released)
            assert run.trace.end == expected[number].trace.end


@pytest.mark.parametrize("name", ["mxint_gelu", "hgsa_loop", "kv_pack", "lqer_dot"])
def test_a_test_gives_the_same_rows_on_every_lane(name: str, tmp_path: Path) -> None:
    folder = find_design(name)
    assert lanes_of(folder.design, tmp_path) == LANES
    tests = list(islice(chunk_tests(folder, 1, 3), 4))
    assert_same_on_every_lane(folder.design, [expand(folder.design, folder.schema, one) for one in tests], tmp_path)


def test_a_test_on_broken_rtl_gives_the_same_rows_on_every_lane(tmp_path: Path) -> None:
    folder = find_design("mxint_softmax")
    broken = broken_copy(folder, load_bugs(folder)[0], tmp_path)
    assert lanes_of(broken.design, tmp_path) == LANES
    tests = list(islice(chunk_tests(folder, 1, 3), 3))
    assert_same_on_every_lane(broken.design, [expand(folder.design, folder.schema, one) for one in tests], tmp_path)


@pytest.mark.parametrize(
    ("design", "played"),
    [
        (adder(), program(in_=tuple(Op("send", x, strobes=(("cfg", x ^ 85),)) for x in range(9)))),
        (walker(), program(in_=(Op("send", 0x35),), ld=(Op("serve", 4, gap=2, stall=1),))),
        (lowreset(), program(in_=(Op("send", 77), Op("idle", 3)))),
    ],
    ids=lambda value: value.name if isinstance(value, Design) else "",
)
def test_lanes_do_not_tell_how_often_a_session_was_used(design: Design, played: Program, tmp_path: Path) -> None:
    assert lanes_of(design, tmp_path) == LANES
    assert_same_on_every_lane(design, [played, program(in_=(Op("idle", 2),))], tmp_path)


def test_memory_that_is_never_reset_is_unknown_again_on_every_lane(open_session: Opener) -> None:
    session = open_session(lowreset())
    for _ in range(LANES + 2):
        assert session.run(program(in_=(Op("idle", 3),))).trace.unknown["dbg_never_reset"].all()
        assert not session.run(program(in_=(Op("send", 77),))).trace.unknown["dbg_never_reset"].all()


SHARED = {
    "random numbers": "reg [7:0] r; always @(posedge clk) r <= $random;",
    "the time": "reg [7:0] r; always @(posedge clk) r <= $time;",
    "output": 'always @(posedge clk) if (in_valid) $display("%m");',
    "the end": "always @(posedge clk) if (in_valid & rst) $finish;",
    "a clock of its own": "reg c = 0; always #3 c = ~c;",
    "an event in the future": "reg r; initial begin r = 0; #77 r = 1; end",
    "a delayed net": "wire #2 w = in_valid;",
    "a forced value": "reg r; always @(posedge clk) if (in_valid) force r = 1;",
}


@pytest.mark.parametrize("body", SHARED.values(), ids=SHARED.keys())
def test_designs_that_could_notice_another_test_have_no_lanes(body: str, tmp_path: Path) -> None:
    design = counter(tmp_path, body)
    assert lanes_of(design, tmp_path / "cache") == 0
    with IcarusSimulator(tmp_path / "cache").open(design) as session:
        first = session.run(SEND)
        assert all(session.run(SEND).rows == first.rows for _ in range(3))


def in_systemverilog(folder: Path, package: str, body: str) -> Design:
    (folder / "counter.sv").write_text(package + COUNTER.format(body))
    port = {"kind": "source", "valid": "in_valid", "ready": "in_ready", "fields": {}}
    return make_design("counter", {"in": port}, folder=folder, sources=("counter.sv",))


@pytest.mark.parametrize(
    ("package", "lanes"),
    [
        ("package p; int n = 0; endpackage\n", 0),
        ("package p; function int n(int a); static int c = 0; c = c + a; return c; endfunction endpackage\n", 0),
        ("package p; function automatic int n(int a); return a; endfunction endpackage\n", LANES),
        ("package p; localparam int n = 3; endpackage\n", LANES),
    ],
)
def test_variables_of_packages_are_shared_and_constants_are_not(package: str, lanes: int, tmp_path: Path) -> None:
    call = "p::n(1)" if "function" in package else "p::n"
    body = f"int r; always @(posedge clk) if (in_valid) r <= {call};"
    assert lanes_of(in_systemverilog(tmp_path, package, body), tmp_path / "cache") == lanes


def test_a_name_of_the_whole_hierarchy_is_compiled_once(tmp_path: Path) -> None:
    design = counter(tmp_path, "wire w = dv_wrapper.clock;")
    assert lanes_of(design, tmp_path / "cache") == 0


def test_a_large_design_is_compiled_once(tmp_path: Path) -> None:
    assert lanes_of(counter(tmp_path, "// many words\n" * (MAX_SOURCE_BYTES // 10)), tmp_path / "cache") == 0


def test_rtl_that_hangs_on_a_later_lane_hangs_in_the_same_cycle_and_harms_no_other_test(tmp_path: Path) -> None:
    body = "reg [7:0] n = 0; always @(posedge clk) if (!rst & in_valid) begin n = n + 1; while (n == 5) n = 5; end"
    design = counter(tmp_path, body)
    simulator = IcarusSimulator(tmp_path / "cache", hang_seconds=0.5)
    assert lanes_of(design, tmp_path / "cache") == LANES
    short = program(in_=(Op("send"), Op("idle", 2)))
    with simulator.open(design) as session:
        first = session.run(SEND)
        assert first.trace.end == End.HUNG
        fine = session.run(short)
        for played in (1, 3):
            for _ in range(played):
                assert same(session.run(short).trace, fine.trace)
            again = session.run(SEND)
            assert (again.trace.end, again.rows) == (End.HUNG, first.rows)
        assert same(session.run(short).trace, fine.trace)
    assert simulator.repeated == 0

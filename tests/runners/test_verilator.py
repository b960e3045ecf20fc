"""The second simulator: what it refuses to build, how it survives broken RTL, and that every test starts alike."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from prerequisites import need
from runner_fixtures import (
    DATA_X,
    FINISH,
    LOOP,
    MAGIC,
    READY_X,
    SPIN,
    STOP,
    WRONG,
    PipeModel,
    beats,
    counter,
    lowreset,
    make_design,
    pipe,
    program,
    same,
)  # fmt: skip
from test_sessions import wait_for_death

from dv_agent.designs.program import Op
from dv_agent.designs.trace import End
from dv_agent.errors import BuildError, SimulatorCrash, SimulatorTimeout, UnknownNameError
from dv_agent.runners.build.verilator import build_verilator
from dv_agent.runners.build.verilator_tool import find_verilator
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.registry import SIMULATOR_NAMES, find_simulator
from dv_agent.runners.verilator import VerilatorSimulator
from dv_agent.runners.waves import dump_waves

POISON = program(in_=beats(1, 2, MAGIC, 3, 4), out=(Op("stall", 8),))
HARMLESS = program(in_=beats(1, 2, 3))


def test_simulators_are_found_by_name() -> None:
    assert [find_simulator(name).name for name in SIMULATOR_NAMES] == ["icarus", "verilator", "native"]
    with pytest.raises(UnknownNameError, match="did you mean verilator"):
        find_simulator("verilate")


def test_errors_name_the_file_relative_to_the_design(verilator: VerilatorSimulator, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        verilator.open(counter(tmp_path, "garbage here;\n" * 40))
    assert re.search(r"^%Error: counter\.v:\d+:", str(caught.value), re.MULTILINE)
    assert str(tmp_path) not in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 12
    with pytest.raises(BuildError, match="DEPTH"):
        verilator.open(pipe().model_copy(update={"parameters": {"DEPTH": 3}}))


def test_a_design_of_many_files_compiles_with_a_precompiled_header(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Verilator makes several files of a large design, or of any one if it is asked to, and one header for them."""
    need("verilator")
    monkeypatch.setattr("dv_agent.runners.build.verilator._MOST_IN_ONE_FILE", 0)
    tool = find_verilator()
    split = replace(tool, verilator_options=(*tool.verilator_options, "--output-split", "120"))
    build = build_verilator(counter(tmp_path, ""), own_cache, split)
    assert build.program.is_file()


def test_a_port_of_another_width_is_a_build_error(verilator: VerilatorSimulator) -> None:
    field = {"data": {"signal": "in_data", "width": 9}}
    ports = {"in": {"kind": "source", "valid": "in_valid", "ready": "in_ready", "fields": field}}
    with pytest.raises(BuildError, match="in_data"):
        verilator.open(make_design("pipe", ports))


def test_a_build_that_takes_too_long_is_an_error(
    verilator: VerilatorSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verilator.version()
    monkeypatch.setattr("dv_agent.runners.build.verilator.VERILATE_SECONDS", 0.0)
    with pytest.raises(BuildError, match="verilator gave no result within 0 s"):
        verilator.open(counter(tmp_path, "// never seen before"))


def test_lint_warnings_do_not_fail_a_build_and_it_is_found_again(
    verilator: VerilatorSimulator, tmp_path: Path, own_cache: Path
) -> None:
    design = counter(tmp_path, "wire [7:0] narrow = 12'hfff; reg unused; always @(posedge clk) unused = 1;")
    cached = VerilatorSimulator(own_cache)
    for _ in range(2):
        with cached.open(design) as session:
            assert session.run(program(in_=(Op("send"),))).trace.end == End.DRAINED
    (build,) = (own_cache / "verilator").iterdir()
    assert sorted(file.name for file in build.iterdir()) == ["dv_wrapper.v", "layout.json", "sim"]


@pytest.mark.parametrize(
    ("fault", "end", "checks", "words"),
    [
        (0, End.DRAINED, set(), ""),
        (SPIN, End.HUNG, {"hung"}, "a clock cycle did not end"),
        (LOOP, End.CRASHED, {"crashed"}, "did not converge"),
        (FINISH, End.CRASHED, {"crashed"}, "magic was pushed"),
        (STOP, End.CRASHED, {"crashed"}, "%Error: pipe.v:63: Verilog $stop"),
        # Unknown values are zeros here, so they show only where zero is wrong.
        (READY_X, End.DEADLOCK, {"deadlock"}, ""),
        (DATA_X, End.DRAINED, {"value"}, ""),
        (WRONG, End.DRAINED, {"value"}, ""),
    ],
)
def test_a_session_survives_each_fault(
    verilator: VerilatorSimulator, fault: int, end: End, checks: set[str], words: str
) -> None:
    design = pipe(fault)
    with verilator.open(design) as session:
        trace = session.run(POISON).trace
        assert trace.end == end
        assert words in trace.message
        assert not trace.unknown
        assert {failure.check for failure in check(design, trace, PipeModel().observe(trace))} == checks
        harmless = session.run(HARMLESS).trace
        assert harmless.end == End.DRAINED
        assert harmless.accepted["in"].columns["data"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("call", ["$fatal(1, "])
def test_fatal_ends_a_test(verilator: VerilatorSimulator, tmp_path: Path, call: str) -> None:
    body = f"""integer n = 0;
    always @(posedge clk) if (in_valid & !rst) begin n <= n + 1; if (n == 5) {call}"six"); end"""
    design = counter(tmp_path, body)
    (tmp_path / "counter.v").rename(tmp_path / "counter.sv")
    with verilator.open(design.model_copy(update={"sources": ("counter.sv",)})) as session:
        trace = session.run(program(in_=tuple(Op("send") for _ in range(9)))).trace
        assert (trace.end, trace.cycles) == (End.CRASHED, 6)
        assert "six" in trace.message
        assert session.run(program(in_=(Op("send"),))).trace.end == End.DRAINED


@pytest.mark.parametrize(("body", "error"), [("$finish", SimulatorCrash), ("while (1) n = n + 1", SimulatorTimeout)])
def test_a_design_that_dies_in_its_initial_reset_is_an_error(
    verilator: VerilatorSimulator, tmp_path: Path, body: str, error: type[Exception]
) -> None:
    design = counter(tmp_path, f"integer n = 0;\nalways @(posedge clk) if (rst) {body};")
    with verilator.open(design) as session, pytest.raises(error, match="initial reset"):
        session.run(program(in_=(Op("send"),)))


def test_every_test_starts_from_the_same_power_up(verilator: VerilatorSimulator) -> None:
    idle = program(in_=(Op("idle", 3),))
    with verilator.open(lowreset()) as session, verilator.open(lowreset()) as other:
        before = session.run(idle).trace
        assert not before.signals["dbg_never_reset"].any()
        session.run(program(in_=(Op("send", 77),)))
        assert same(session.run(idle).trace, before)
        assert same(other.run(idle).trace, before)


def test_random_in_the_rtl_is_the_same_in_every_test(verilator: VerilatorSimulator, tmp_path: Path) -> None:
    body = "reg ready = 1; always @(posedge clk) ready <= $random;"
    design = counter(tmp_path, body)
    file = tmp_path / "counter.v"
    file.write_text(file.read_text().replace("in_ready = 1;", "in_ready = ready;"))
    played = program(in_=tuple(Op("send") for _ in range(50)))
    with verilator.open(design) as session, verilator.open(design) as other:
        first = session.run(played).trace
        assert first.cycles > 80
        assert same(session.run(played).trace, first)
        assert same(other.run(played).trace, first)


def test_many_tests_leave_memory_flat_and_no_process(verilator: VerilatorSimulator) -> None:
    def pages(pid: int) -> int:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])

    def simulators(group: int) -> list[int]:
        """The processes of a session that simulate, oldest first, without those of the sandbox around them."""
        listed = subprocess.run(["pgrep", "-g", str(group)], capture_output=True, text=True, check=False)
        pids = [int(word) for word in listed.stdout.split()]
        return [pid for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() != "bwrap"]

    with verilator.open(pipe()) as session:
        group = session.pid
        assert group is not None
        first = session.run(POISON).trace
        simulator = simulators(group)[0]
        # A simulator with threads could not fork.
        assert len(list(Path(f"/proc/{simulator}/task").iterdir())) == 1
        before = pages(simulator)
        for _ in range(200):
            last = session.run(POISON).trace
        assert same(first, last)
        assert simulators(group)[0] == simulator
        assert pages(simulator) - before < 64
        assert len(simulators(group)) <= 4
    assert wait_for_death(group)


def test_a_session_reopens_after_the_simulator_was_killed(verilator: VerilatorSimulator) -> None:
    with verilator.open(pipe()) as session:
        first = session.run(POISON).trace
        assert session.pid is not None
        os.killpg(session.pid, signal.SIGKILL)
        wait_for_death(session.pid)
        assert same(session.run(POISON).trace, first)


@pytest.mark.parametrize(("fault", "kind"), [(0, "fst"), (SPIN, "fst"), (0, "vcd")])
def test_waves_are_written(
    verilator: VerilatorSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, kind: str
) -> None:
    if kind == "vcd":
        monkeypatch.setattr("dv_agent.runners.verilator.waves_format", lambda: "vcd")
    waves = dump_waves(verilator, pipe(fault), program(in_=beats(1, 2, MAGIC, 3)), tmp_path / "waves here.fst")
    assert waves.trace.end == (End.HUNG if fault else End.DRAINED)
    assert waves.path.name.startswith("waves here.")
    assert kind == "fst" or waves.path.suffix == ".vcd"
    assert waves.path.stat().st_size > 200
    assert str(waves.path) in waves.command

"""The native path plays every program exactly as cocotb on Verilator does, survives broken RTL, and falls back."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from native_equality import facts, require_equal, strict_native
from runner_fixtures import (
    DATA_X,
    FINISH,
    LOOP,
    READY_X,
    SPIN,
    STOP,
    WRONG,
    adder,
    beats,
    counter,
    lowreset,
    pipe,
    program,
    walker,
)
from test_sessions import wait_for_death
from test_verilator import HARMLESS, POISON

from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import find_design
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import End
from dv_agent.errors import PrerequisiteError, SimulationError, SimulatorCrash, SimulatorTimeout
from dv_agent.eval.soundness.traffic import chunk_tests
from dv_agent.eval.verification.again.first_pass import first_session
from dv_agent.runners.native.simulator import NativeSimulator, judge_of
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Run, Session, Simulator
from dv_agent.runners.verilator import VerilatorSimulator


@pytest.fixture(scope="module")
def native() -> NativeSimulator:
    """The native path; a fallback fails the test."""
    return strict_native()


MID_RESETS = program(
    in_=beats(*range(30), gap=1), out=(Op("stall", 9), Op("accept", 5), Op("ready", 4), Op("at", 50, stall=1)),
    reset=(Op("idle", 20), Op("pulse", 3), Op("after", 9, port="in"), Op("pulse", 2), Op("at", 95), Op("pulse", 1)),
)  # fmt: skip
PROGRAMS: list[tuple[Design, Program]] = [
    (pipe(), MID_RESETS),
    (pipe(), program(in_=(Op("after", 9, port="out"), *beats(1, 2), Op("after", 99, port="in"), Op("idle", 7)))),
    (adder(), program(in_=tuple(Op("send", x, strobes=(("cfg", x ^ 85),)) for x in range(40)),
                      cfg=tuple(Op("write", x, gap=x % 3) for x in range(50)))),
    (walker(), Program({"in": (Op("send", 0x35), Op("send", 0xF2)),
                        "ld": (Op("serve", 2, gap=2, stall=1), Op("after", 2, port="in", stall=1)),
                        "reset": (Op("at", 30), Op("pulse", 2))}, 500, {"ld": tuple(range(16))})),
    (lowreset(), program(in_=tuple(Op("send", (1 << 163) | 3**x) for x in range(90)))),
    (pipe(), replace(MID_RESETS, max_cycles=17)),
]  # fmt: skip


@pytest.mark.parametrize(("design", "played"), PROGRAMS, ids=[f"{d.name}-{n}" for n, (d, _) in enumerate(PROGRAMS)])
def test_every_kind_of_port_is_played_bit_for_bit_as_through_cocotb(
    native: NativeSimulator, verilator: VerilatorSimulator, design: Design, played: Program
) -> None:
    (run,) = require_equal(native, verilator, design, iter([played]))
    assert run.trace.cycles > 16


def test_witnesses_and_random_tests_of_a_design_are_played_bit_for_bit_as_through_cocotb(
    native: NativeSimulator, verilator: VerilatorSimulator
) -> None:
    folder = find_design("mxint_gelu")
    tests = [*load_witnesses(folder)[:10], *islice(chunk_tests(folder, 1, 0), 20)]
    programs = (expand(folder.design, folder.schema, test) for test in tests)
    runs = require_equal(native, verilator, folder.design, programs)
    assert sum(run.trace.cycles for run in runs) > 10_000


@pytest.mark.parametrize(
    ("fault", "end", "words"),
    [
        (SPIN, End.HUNG, "a clock cycle did not end"),
        (LOOP, End.CRASHED, "did not converge"),
        (FINISH, End.CRASHED, "magic was pushed"),
        (STOP, End.CRASHED, "%Error: pipe.v:63: Verilog $stop"),
        (READY_X, End.DEADLOCK, ""),
        (DATA_X, End.DRAINED, ""),
        (WRONG, End.DRAINED, ""),
    ],
)
def test_rtl_that_hangs_or_ends_does_so_in_the_same_cycle_as_through_cocotb(
    native: NativeSimulator, verilator: VerilatorSimulator, fault: int, end: End, words: str
) -> None:
    poisoned, harmless = require_equal(native, verilator, pipe(fault), iter([POISON, HARMLESS]))
    assert (poisoned.trace.end, harmless.trace.end) == (end, End.DRAINED)
    assert words in poisoned.trace.message


@pytest.mark.parametrize("call", ["$fatal(1, "])
def test_fatal_ends_a_test(native: NativeSimulator, verilator: VerilatorSimulator, tmp_path: Path, call: str) -> None:
    body = f"""integer n = 0;
    always @(posedge clk) if (in_valid & !rst) begin n <= n + 1; if (n == 5) {call}"six"); end"""
    design = counter(tmp_path, body)
    (tmp_path / "counter.v").rename(tmp_path / "counter.sv")
    design = design.model_copy(update={"sources": ("counter.sv",)})
    played = iter([program(in_=tuple(Op("send") for _ in range(9))), program(in_=(Op("send"),))])
    ended, other = require_equal(native, verilator, design, played)
    assert (ended.trace.end, ended.trace.cycles, other.trace.end) == (End.CRASHED, 6, End.DRAINED)
    assert "six" in ended.trace.message


@pytest.mark.parametrize(("body", "error"), [("$finish", SimulatorCrash), ("while (1) n = n + 1", SimulatorTimeout)])
def test_a_design_that_dies_in_its_initial_reset_is_an_error(
    native: NativeSimulator, tmp_path: Path, body: str, error: type[Exception]
) -> None:
    design = counter(tmp_path, f"integer n = 0;\nalways @(posedge clk) if (rst) {body};")
    with native.open(design) as session, pytest.raises(error, match="initial reset"):
        session.run(program(in_=(Op("send"),)))


def test_a_design_that_ends_before_the_first_edge_is_an_error(native: NativeSimulator, tmp_path: Path) -> None:
    with pytest.raises(SimulatorCrash, match="before the first clock cycle"):
        native.open(counter(tmp_path, "initial $finish;"))


def test_every_test_starts_from_the_same_power_up(native: NativeSimulator) -> None:
    idle = program(in_=(Op("idle", 3),))
    with native.open(lowreset()) as session:
        before = session.run(idle)
        assert not before.trace.signals["dbg_never_reset"].any()
        changed = session.run(program(in_=(Op("send", 77),)))
        assert changed.trace.signals["dbg_never_reset"].any()
        assert facts(session.run(idle)) == facts(before)


def test_random_time_and_files_in_the_rtl_are_as_through_cocotb(
    native: NativeSimulator, verilator: VerilatorSimulator, tmp_path: Path
) -> None:
    design = counter(tmp_path, "reg ready = 1; always @(posedge clk) ready <= $random ^ ($time >> 3);")
    file = tmp_path / "counter.v"
    file.write_text(file.read_text().replace("in_ready = 1;", "in_ready = ready;"))
    played = program(in_=tuple(Op("send") for _ in range(50)))
    one, two = require_equal(native, verilator, design, iter([played, played]))
    assert facts(one) == facts(two)
    assert one.trace.cycles > 80


def test_a_session_reopens_after_its_worker_was_killed_and_leaves_no_process(native: NativeSimulator) -> None:
    with native.open(pipe()) as session:
        first = session.run(POISON)
        pid = getattr(session, "pid", None)
        assert pid is not None
        os.killpg(pid, signal.SIGKILL)
        wait_for_death(pid)
        assert facts(session.run(POISON)) == facts(first)
        pid = getattr(session, "pid", None)
    assert wait_for_death(pid)


def test_a_driver_that_is_not_written_in_cpp_falls_back_to_cocotb_with_a_line(
    verilator: VerilatorSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("dv_agent.runners.native.compilation._known_drivers", lambda: {"source": frozenset()})
    chosen = NativeSimulator(hang_seconds=0.5, say=said.append)
    require_equal(chosen, verilator, pipe(), iter([HARMLESS]))
    assert said == ["native: not used, cocotb on verilator simulates instead: pipe: no C++ driver yet for sink"]
    assert (chosen.name, chosen.version()) == ("verilator", verilator.version())


def test_rtl_with_delays_falls_back_to_cocotb(
    verilator: VerilatorSimulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = counter(tmp_path, "reg slow; always @(posedge clk) slow <= #1 in_valid;")
    chosen = NativeSimulator(hang_seconds=0.5)
    require_equal(chosen, verilator, design, iter([HARMLESS]))
    assert capsys.readouterr().err.startswith("native: not used, cocotb on verilator simulates instead: ")
    with chosen.open(pipe()):
        assert chosen.name == "native"


@pytest.mark.usefixtures("empty_path")
def test_without_any_simulator_the_line_to_install_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError):
        NativeSimulator(tmp_path, say=lambda words: None).open(pipe())


class Liar:
    """A simulator that says something else than the truth about every test."""

    name, repeated = "liar", 0

    def __init__(self, inner: Simulator) -> None:
        self._inner = inner

    def version(self) -> str:
        return "1"

    def open(self, design: Design, *, waves: Path | None = None) -> Session:
        session = self._inner.open(design, waves=waves)
        honest = session.run

        def run(played: Program) -> Run:
            done = honest(played)
            assert done.recorded
            return replace(done, recorded=done.recorded._replace(rows=done.recorded.rows[:-1] + b"?"))

        session.run = run  # type: ignore[method-assign]
        return session


def test_a_share_of_the_tests_is_played_through_cocotb_and_a_difference_ends_the_run(
    verilator: VerilatorSimulator,
) -> None:
    chosen = NativeSimulator(hang_seconds=0.5, share=2)
    with chosen.open(pipe()) as session:
        for _ in range(4):
            session.run(HARMLESS)
    chosen.judge = Liar(verilator)
    with chosen.open(pipe()) as session:
        session.run(HARMLESS)
        with pytest.raises(SimulationError, match="the native simulator and liar differ"):
            session.run(HARMLESS)


def test_cocotb_is_the_judge_of_what_the_native_path_found(
    native: NativeSimulator, verilator: VerilatorSimulator
) -> None:
    assert judge_of(native).name == "verilator"
    assert judge_of(verilator) is verilator


def test_a_run_is_verified_natively_where_it_is_long_enough_to_pay_and_never_by_what_it_was_made_with() -> None:
    design, icarus = find_design("mxint_gelu").design, find_simulator("icarus")
    assert first_session(icarus, design, 29_999) is None
    assert first_session(find_simulator("native"), design, 30_000) is None
    session = first_session(icarus, design, 30_000)
    assert session is not None
    session.close()

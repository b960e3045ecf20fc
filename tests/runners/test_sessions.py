"""Sessions: isolation of tests, processes that come and go, and everything that can fail before a test starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runner_fixtures import MAGIC, SPIN, Opener, beats, counter, lowreset, pipe, program, same

from dv_agent.agents.toolbox import inner_signals
from dv_agent.designs.program import Op
from dv_agent.designs.trace import End
from dv_agent.errors import SimulatorCrash, SimulatorTimeout, UsageError
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.waves import dump_waves

PROGRAM = program(in_=beats(*range(20), gap=1), out=(Op("stall", 7),))


def group_is_alive(group: int) -> bool:
    """Whether any process of the group runs (zombies count as dead)."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                return True
    return False


def wait_for_death(group: int, seconds: float = 5.0) -> bool:
    """Whether the group is gone within some seconds."""
    end = time.monotonic() + seconds
    while group_is_alive(group):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_every_test_starts_from_power_up(open_session: Opener) -> None:
    session = open_session(lowreset())
    idle = program(in_=(Op("idle", 3),))
    before = session.run(idle).trace
    assert before.unknown["dbg_never_reset"].all()
    session.run(program(in_=(Op("send", 77),)))
    # A register without reset would now hold 77, had the second test touched the third one.
    assert same(session.run(idle).trace, before)


def test_same_program_same_trace_also_in_another_process(open_session: Opener) -> None:
    session = open_session(pipe())
    first = session.run(PROGRAM).trace
    session.run(program(in_=beats(9, 8, 7)))
    assert same(session.run(PROGRAM).trace, first)
    assert same(open_session(pipe()).run(PROGRAM).trace, first)


def test_a_session_reopens_after_the_simulator_was_killed(open_session: Opener) -> None:
    session = open_session(pipe())
    first = session.run(PROGRAM).trace
    assert session.pid is not None
    os.killpg(session.pid, signal.SIGKILL)
    wait_for_death(session.pid)
    assert same(session.run(PROGRAM).trace, first)


def test_inner_signals_of_rtl_that_hangs_are_shown_up_to_where_it_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inner_signals, "HANG_SECONDS", 0.5)
    inner = inner_signals.play_inner(pipe(SPIN), program(in_=beats(1, 2, MAGIC)), ["in_data"], 50)
    assert [int(one, 2) for one in inner.values["in_data"]] == [1, 2, MAGIC]


def test_close_leaves_no_process_behind(open_session: Opener) -> None:
    session = open_session(pipe(SPIN))
    session.run(PROGRAM)
    assert session.run(program(in_=beats(MAGIC))).trace.end == End.HUNG
    group = session.pid
    assert group is not None
    assert group_is_alive(group)
    session.close()
    session.close()
    assert wait_for_death(group)


def test_a_dead_parent_leaves_no_process_behind(tmp_path: Path) -> None:
    script = f"""
import sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}
from pathlib import Path
from runner_fixtures import *
from dv_agent.runners.icarus import IcarusSimulator
session = IcarusSimulator(Path({str(tmp_path)!r}), hang_seconds=60).open(pipe(SPIN))
print(session.pid, flush=True)
session.run(program(in_=beats(MAGIC)))
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        group = int(parent.stdout.readline())
        time.sleep(0.3)
        assert group_is_alive(group)
        parent.kill()
    assert wait_for_death(group)


def test_ctrl_c_reaches_the_parent_only_and_cleans_up(open_session: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(pipe())
    group = session.pid
    assert group is not None
    assert os.getpgid(group) != os.getpgid(0)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dv_agent.runners.cocotb.process.SimulatorProcess._await_reply", interrupted)
        with pytest.raises(KeyboardInterrupt):
            session.run(PROGRAM)
    assert wait_for_death(group)
    assert session.run(PROGRAM).trace.end == End.DRAINED


def test_secrets_do_not_reach_the_simulator(open_session: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hunter2")
    session = open_session(pipe())
    assert b"hunter2" not in Path(f"/proc/{session.pid}/environ").read_bytes()


def test_a_program_that_does_not_fit_is_refused(open_session: Opener) -> None:
    session = open_session(pipe())
    for wrong in (
        program(nowhere=(Op("idle", 1),)),
        program(dbg=(Op("idle", 1),)),
        program(out=(Op("send", 1),)),
        program(in_=(Op("after", 1, port="dbg"),)),
    ):
        with pytest.raises(UsageError):
            session.run(wrong)
    assert session.run(PROGRAM).trace.end == End.DRAINED


def test_a_design_that_ends_at_once_is_a_simulator_crash(simulator: IcarusSimulator, tmp_path: Path) -> None:
    with pytest.raises(SimulatorCrash, match="last words"):
        simulator.open(counter(tmp_path, 'initial begin $display("last words"); $finish; end'))


@pytest.mark.parametrize(("body", "error"), [("$finish", SimulatorCrash), ("while (1) n = n + 1", SimulatorTimeout)])
def test_a_design_that_dies_in_its_initial_reset_is_an_error(
    simulator: IcarusSimulator, tmp_path: Path, body: str, error: type[Exception]
) -> None:
    design = counter(tmp_path, f"integer n = 0;\nalways @(posedge clk) if (rst) {body};")
    with simulator.open(design) as session, pytest.raises(error, match="initial reset"):
        session.run(program(in_=(Op("send"),)))


def test_much_output_stays_bounded_and_out_of_the_terminal(
    simulator: IcarusSimulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    body = 'always @(posedge clk) repeat (1000) $display("a long line of noise %t", $time);'
    with simulator.open(counter(tmp_path, body)) as session:
        for _ in range(3):
            assert session.run(program(in_=(Op("send", gap=50),))).trace.end == End.DRAINED
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("fault", [0, SPIN])
def test_waves_are_written(simulator: IcarusSimulator, tmp_path: Path, fault: int) -> None:
    path = tmp_path / "deep" / "waves here.fst"
    waves = dump_waves(simulator, pipe(fault), program(in_=beats(1, 2, MAGIC, 3)), path)
    assert waves.trace.end == (End.HUNG if fault else End.DRAINED)
    assert path.stat().st_size > 200
    assert f"'{path}'" in waves.command
    assert waves.command.startswith(("surfer ", "gtkwave "))

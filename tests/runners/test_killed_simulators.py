"""A simulator that somebody kills says nothing about the design; its test is simulated again."""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from runner_fixtures import Opener, adder, beats, counter, pipe, program, same

from dv_agent.designs.design import Design
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import End
from dv_agent.errors import OutputError, SimulatorCrash, SimulatorLost
from dv_agent.runners.cocotb.deaths import Cause, Death
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.recording.pin_replay import PinReplaySession, recording_of
from dv_agent.runners.repeating_session import TRIES, LastingSimulator, Repeats
from dv_agent.runners.waves import dump_waves

FALSE = Path(__file__).with_name("false_simulator.py")
KILL, SEGV, ABRT, TERM = int(signal.SIGKILL), int(signal.SIGSEGV), int(signal.SIGABRT), int(signal.SIGTERM)
PLAIN = {"tracks": {}, "memories": {}, "max_cycles": 3}
SUMS = program(5000, in_=tuple(Op("send", n % 100, gap=1) for n in range(1500)))
LONG = program(in_=beats(*(n % 200 for n in range(1500)), gap=1), out=(Op("stall", 7),))


def below(pid: int) -> list[int]:
    """All processes below `pid`, the parents first."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(word) for word in file.read_text().split()]
    return [one for child in found for one in (child, *below(child))]


@contextmanager
def killing(session_pid: Callable[[], int | None], number: int, pause: float, times: int) -> Iterator[list[int]]:
    """Meanwhile, kill a process of the simulator now and then; the list holds those that were hit."""
    hit: list[int] = []
    over = threading.Event()
    draw = random.Random(5)

    def work() -> None:
        while len(hit) < times and not over.wait(draw.uniform(0, pause)):
            pid = session_pid()
            family = [pid, *below(pid)] if pid else []
            if len(family) > 1:
                with suppress(ProcessLookupError):
                    os.kill(victim := draw.choice(family), number)
                    hit.append(victim)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield hit
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("number", "design", "long"),
    [
        (signal.SIGKILL, pipe(), LONG), (signal.SIGTERM, pipe(), LONG), (signal.SIGSEGV, pipe(), LONG),
        (signal.SIGKILL, adder(), SUMS), (signal.SIGSEGV, adder(), SUMS),
    ],
)  # fmt: skip
def test_tests_whose_simulator_is_killed_at_random_give_the_same_trace(
    simulator: IcarusSimulator, number: signal.Signals, design: Design, long: Program
) -> None:
    with simulator.open(design) as session:
        first = session.run(long)
        before = simulator.repeated
        with killing(lambda: session.pid, number, 0.5, 2) as hit:
            while len(hit) < 2:
                again = session.run(long)
                assert same(again.trace, first.trace)
                assert again.rows == first.rows
        assert same(session.run(long).trace, first.trace)
    assert before <= simulator.repeated <= before + 2


def test_a_copy_that_waits_may_be_killed_too(open_session: Opener) -> None:
    session = open_session(pipe())
    first = session.run(LONG)
    for _ in range(2):
        assert session.pid is not None
        for copy in below(session.pid):
            with suppress(ProcessLookupError):
                os.kill(copy, signal.SIGKILL)
        assert same(session.run(LONG).trace, first.trace)


def test_what_is_killed_every_time_is_an_error_of_the_machine_and_the_session_goes_on(
    simulator: IcarusSimulator,
) -> None:
    with simulator.open(pipe()) as session:
        first = session.run(LONG)
        with killing(lambda: session.pid, signal.SIGKILL, 0.001, 10_000), pytest.raises(SimulatorLost, match="SIGKILL"):
            list(map(session.run, [LONG] * 10_000))
        assert same(session.run(LONG).trace, first.trace)


def test_rtl_that_ends_at_once_is_a_crash_however_often_it_is_asked(simulator: IcarusSimulator, tmp_path: Path) -> None:
    body = "always @(posedge clk) if (!rst) $finish;"
    with simulator.open(counter(tmp_path, body)) as session:
        before = simulator.repeated
        assert {session.run(program(in_=(Op("send"),))).trace.end for _ in range(20)} == {End.CRASHED}
        assert simulator.repeated == before


def test_a_waveform_and_a_comparison_are_made_again(simulator: IcarusSimulator, tmp_path: Path) -> None:
    with simulator.open(pipe()) as session:
        first = session.run(LONG)
    recording = recording_of(pipe(), first.rows, first.trace.end)
    assert recording is not None
    repeats = Repeats()
    with PinReplaySession(pipe(), tmp_path, repeats=repeats) as replay:
        pid = replay._simulator.pid
        assert pid is not None
        os.killpg(pid, signal.SIGSTOP)  # so that it is hit in mid-comparison
        threading.Timer(0.2, os.killpg, (pid, signal.SIGKILL)).start()
        assert replay.same(recording)
    assert repeats.count == 1
    hit: list[int] = []

    def work() -> None:
        while not hit:
            for one in below(os.getpid()):
                with suppress(OSError):
                    if b"waves.fst" in Path(f"/proc/{one}/cmdline").read_bytes():
                        os.kill(one, signal.SIGKILL)
                        hit.append(one)
            time.sleep(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    waves = dump_waves(simulator, pipe(), LONG, tmp_path / "waves.fst")
    thread.join()
    assert same(waves.trace, first.trace)


def lasting(tmp_path: Path, lines: list[str], once: bool = True) -> tuple[LastingSimulator, Repeats]:
    script, repeats = tmp_path / "script", Repeats()
    script.write_text("\n".join(lines))
    command = [sys.executable, "-S", str(FALSE), str(script)]
    simulator = LastingSimulator(
        command, {"PATH": os.environ["PATH"]}, script, 1.0, once=once, repeats=repeats, writable=(tmp_path,)
    )
    return simulator, repeats


@pytest.mark.parametrize(
    ("lines", "signals", "repeated"),
    [
        (["answer"], None, 0),
        ([f"kill {KILL}"], None, 1),
        ([f"kill {KILL}"] * (TRIES - 1), None, TRIES - 1),
        ([f"kill {TERM}", f"kill {SEGV}"], None, 2),
        ([f"kill {SEGV}", f"kill {SEGV}"], SEGV, 0),
        ([f"kill {KILL}", f"kill {ABRT}", f"kill {SEGV}", f"kill {ABRT}"], ABRT, 2),
        (["exit"], 0, 0),
        ([f"late {KILL}"], None, 1),
        ([f"start {KILL}", f"start {TERM}"], None, 0),
    ],
)
def test_only_what_repeats_in_a_fresh_process_is_a_crash(
    tmp_path: Path, lines: list[str], signals: int | None, repeated: int
) -> None:
    simulator, repeats = lasting(tmp_path, lines)
    played = simulator.play(PLAIN, 1)
    simulator.close()
    assert played.rows == b"010"
    assert (played.death.signal if played.death else None) == signals
    assert repeats.count == repeated


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([f"kill {KILL}"] * TRIES, f"was killed by SIGKILL .* in {TRIES} tries"),
        (["memory"], "got no memory"),
        ([f"kill {int(signal.SIGXCPU)}"] * TRIES, "ulimit -t"),
        ([f"kill {SEGV}", f"kill {KILL}", f"kill {ABRT}", f"kill {KILL}"], "not the design's"),
    ],
)
def test_what_never_repeats_is_an_error_of_the_machine(tmp_path: Path, lines: list[str], words: str) -> None:
    simulator, _ = lasting(tmp_path, lines)
    with pytest.raises(SimulatorLost, match=words):
        simulator.play(PLAIN, 1)
    simulator.close()


def test_a_simulator_that_is_killed_whenever_it_starts_is_lost_and_one_that_faults_twice_crashes(
    tmp_path: Path,
) -> None:
    with pytest.raises(SimulatorLost, match=r"SIGKILL .* before the first clock cycle"):
        lasting(tmp_path, [f"start {KILL}"] * TRIES)
    with pytest.raises(SimulatorCrash, match="SIGSEGV before the first clock cycle"):
        lasting(tmp_path, [f"start {SEGV}"] * 2)


def test_half_an_answer_is_no_answer(tmp_path: Path) -> None:
    simulator, repeats = lasting(tmp_path, ["half"], once=False)
    assert simulator.play(PLAIN, 1).death is None
    simulator.close()
    assert repeats.count == 1


def test_a_recording_larger_than_the_shell_allows_is_one_error(tmp_path: Path) -> None:
    simulator, _ = lasting(tmp_path, [])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OutputError, match=r"no room for a recording of 2,064 bytes: .*ulimit -f"):
            simulator.play({**PLAIN, "max_cycles": 2000}, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    simulator.close()


@pytest.mark.parametrize(
    ("death", "cause", "hung"),
    [
        (Death(), Cause.DESIGN, False),
        (Death(signal.SIGPROF), Cause.DESIGN, True),
        (Death(signal.SIGABRT), Cause.DOUBTFUL, False),
        (Death(stalled=True), Cause.DOUBTFUL, True),
        (Death(signal.SIGKILL), Cause.OUTSIDE, False),
        (Death(lost=True), Cause.OUTSIDE, False),
        (Death(signal.SIGABRT, no_memory=True), Cause.OUTSIDE, False),
    ],
)
def test_whose_doing_a_death_is(death: Death, cause: Cause, hung: bool) -> None:
    assert (death.cause, death.hung) == (cause, hung)

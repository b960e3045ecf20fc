"""The cocotb test module: runs inside the simulator and plays one program after another.

The process stays at the first sample event of the simulation and *forks* a
copy of itself for every program. So each test starts from true power-up (unreset registers and
memories are X again, ``$random`` starts over), no state leaks from one test to
the next, memory use does not grow, and RTL that hangs or calls ``$finish`` ends
a copy only. A copy is forked before the next program arrives, so its cost of 0.5 ms
is seldom noticed; a restart would cost 250 ms.

Nothing random happens here, and neither NumPy nor pydantic is imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import mmap
import os
import select
import signal
import socket
import time
import traceback
from pathlib import Path
from typing import Any

import cocotb
from cocotb.handle import Immediate
from cocotb.types import LogicArray

from dv_agent.runners.cocotb.framing import RECORDING_HEADER, Closed, receive, send
from dv_agent.runners.cocotb.play import Outcome, Pins, play

CONFIG_VARIABLE = "DV_AGENT_CHILD"
_PR_SET_PDEATHSIG = 1
_GPI_NO_DELAY = 3
_TIMER_CYCLES = 256
_STARTED, _ANSWERING, _ANSWERED = b"s", b"r", b"a"


@cocotb.test()
async def serve(dut: Any) -> None:
    """Play programs and send replies until the parent closes the connection."""
    config = json.loads(os.environ[CONFIG_VARIABLE])
    layout = json.loads(Path(config["layout"]).read_text(encoding="utf-8"))
    connection = socket.socket(fileno=config["socket"])
    libc = ctypes.CDLL(None)
    # Line buffering, so that the last output of RTL that hangs reaches the log; a full log must not end the process.
    libc.setvbuf(ctypes.c_void_p.in_dll(libc, "stdout"), None, 1, 0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    tick = dut.tick.value_change
    # The first sample event. The initial value of the signal may count as a change too, but not as a rising edge.
    await dut.tick.rising_edge
    # vvp handles these signals with a normal exit, which looks like RTL that calls $finish. It installs its handlers
    # after the start of the simulation.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    gc.collect()
    gc.freeze()
    send(connection, {"ready": True})
    done = _copies(connection) if config["fork"] else os.open(os.devnull, os.O_WRONLY)
    if config["fork"]:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _warm_up(layout)
    try:
        program = receive(connection)
        os.write(done, _STARTED)
        if "replay" in program:
            reply = await _compared(dut, program["replay"], config["hang_seconds"])
        else:
            reply = await _turn(dut, tick, layout, program, config)
    except Closed:
        os._exit(0)
    except Exception:
        reply = {"error": traceback.format_exc(limit=-4)}
    os.write(done, _ANSWERING)
    send(connection, reply)
    os.write(done, _ANSWERED)
    if config["fork"]:
        os._exit(0)


def _copies(connection: socket.socket) -> int:
    """Fork copies of this process, one after the other, each before the program that it will play arrives.

    Returns only in the copies: the pipe on which a copy reports its progress. The original stays in this function
    and ends with the parent.
    """
    copies: dict[int, tuple[int, bytes]] = {}
    ended: dict[int, int] = {}
    events = select.poll()
    # No event of the connection is requested, so only the hang-up of the parent is reported.
    events.register(connection, 0)
    while True:
        _reap(ended)
        done, told = os.pipe()
        copy = os.fork()
        if not copy:
            os.close(done)
            return told
        os.close(told)
        copies[done] = (copy, b"")
        events.register(done, select.POLLIN)
        _watch(copies, ended, events, connection)


def _watch(
    copies: dict[int, tuple[int, bytes]], ended: dict[int, int], events: select.poll, connection: socket.socket
) -> None:
    """Wait until a copy has received a program, so that another copy is needed.

    Ends with the parent. Sends the reply for a copy that died before it answered.

    Args:
        copies: pipe -> process, and its last progress report.
        ended: process -> wait status, of copies that ended.
    """
    taken = False
    while not taken:
        for pipe, _ in events.poll():
            if pipe not in copies:
                for copy, _ in copies.values():
                    os.kill(copy, signal.SIGKILL)
                os._exit(0)
            news = os.read(pipe, 1)
            if news in (_STARTED, _ANSWERING):
                taken = taken or news == _STARTED
                copies[pipe] = (copies[pipe][0], news)
                continue
            events.unregister(pipe)
            os.close(pipe)
            copy, said = copies.pop(pipe)
            if news == _ANSWERED:
                ended.pop(copy, None)
                continue
            if said != _STARTED:
                # Killed while it waited for a program (no reply is expected), or in the middle of its reply (which
                # cannot be completed). The parent notices the end and starts a new process.
                os._exit(1)
            status = ended.pop(copy) if copy in ended else os.waitpid(copy, 0)[1]
            send(connection, {"died": True, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0})


def _reap(ended: dict[int, int]) -> None:
    # Copies that answered end by themselves, while the parent already reads the reply.
    with contextlib.suppress(ChildProcessError):
        while True:
            copy, status = os.waitpid(-1, os.WNOHANG)
            if not copy:
                break
            ended[copy] = status


def _warm_up(layout: dict[str, Any]) -> None:
    # After a fork, the first write to each memory page is slow. The copy waits for a program anyway, so it touches
    # its pages now, by playing a few cycles without the simulator.
    program = {"tracks": {}, "memories": {}, "max_cycles": 2}
    for _ in play(layout, program, Pins(lambda: "0" * layout["sample_width"], lambda _: None, lambda _: None)):
        pass


async def _turn(dut: Any, tick: Any, layout: dict[str, Any], program: dict[str, Any], config: Any) -> dict[str, Any]:
    width = layout["sample_width"]
    with mmap.mmap(config["recording"], RECORDING_HEADER + width * program["max_cycles"]) as recording:
        started = time.perf_counter()
        game = play(layout, program, _pins(dut, recording, width))
        outcome: Outcome | None = None
        cycle = 0
        while outcome is None:
            # CPU time, not wall time, and per number of cycles, not per test: a busy machine or a long test is no hang.
            if cycle % _TIMER_CYCLES == 0:
                signal.setitimer(signal.ITIMER_PROF, config["hang_seconds"])
            cycle += 1
            try:
                next(game)
            except StopIteration as end:
                outcome = end.value
            else:
                await tick
        signal.setitimer(signal.ITIMER_PROF, 0)
        return {**outcome._asdict(), "seconds": time.perf_counter() - started, **_code()}


def _code() -> dict[str, str]:
    """Return which counters of code coverage are not 0, as hexadecimal digits, if the program was built with them."""
    try:
        read = ctypes.CDLL(None).dv_code_bits
    except AttributeError:
        return {}
    size = (read(None, 0) + 7) // 8
    bits = (ctypes.c_ubyte * size)()
    read(bits, size)
    return {"code": bytes(bits).hex()}


async def _compared(dut: Any, replay: dict[str, int], hang_seconds: float) -> dict[str, Any]:
    """Let the wrapper of `build.wrappers.replay_wrapper` compare; wake up regularly to report progress."""
    dut.count.value = Immediate(replay["count"])
    dut.masked.value = Immediate(replay["masked"])
    beat = dut.beat.value_change
    while not (verdict := int(dut.verdict.value)):
        signal.setitimer(signal.ITIMER_PROF, hang_seconds)
        await beat
    signal.setitimer(signal.ITIMER_PROF, 0)
    return {"verdict": verdict}


def _pins(dut: Any, recording: mmap.mmap, width: int) -> Pins:
    rows = 0

    def record(sample: str) -> None:
        nonlocal rows
        place = RECORDING_HEADER + rows * width
        recording[place : place + width] = sample.encode()
        rows += 1
        recording[:8] = rows.to_bytes(8, "little")

    # The handle below cocotb's own does the same calls without building a LogicArray in each cycle: measured twice
    # as fast as the public properties, which are the fallback if a release of cocotb renames it.
    sample, drive = dut.sample, dut.drive_next
    try:
        read = sample._handle.get_signal_val_binstr
        set_bits = drive._handle.set_signal_val_binstr
    except AttributeError:
        return Pins(
            lambda: str(sample.value), lambda text: setattr(drive, "value", Immediate(LogicArray(text))), record
        )
    return Pins(read, lambda text: set_bits(_GPI_NO_DELAY, text), record)

"""The cocotb test module: runs inside the simulator and plays one program after another.

The process waits at the first sample event of the simulation and *forks* for
every program. So each test starts from true power-up (unreset registers and
memories are X again, ``$random`` starts over), nothing leaks from one test to
the next, memory stays flat, and RTL that hangs or calls ``$finish`` takes down
a copy only. A fork costs about half a millisecond, a restart 250.

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

from dv_agent.runners.framing import RECORDING_HEADER, Closed, receive, send
from dv_agent.runners.play import Outcome, Pins, play

CONFIG_VARIABLE = "DV_AGENT_CHILD"
_PR_SET_PDEATHSIG = 1
_GPI_NO_DELAY = 3
_TIMER_CYCLES = 256


@cocotb.test()
async def serve(dut: Any) -> None:
    """Answer programs until the parent goes away."""
    config = json.loads(os.environ[CONFIG_VARIABLE])
    layout = json.loads(Path(config["layout"]).read_text(encoding="utf-8"))
    connection = socket.socket(fileno=config["socket"])
    libc = ctypes.CDLL(None)
    # Line buffering, so that the last words of RTL that hangs reach the log.
    libc.setvbuf(ctypes.c_void_p.in_dll(libc, "stdout"), None, 1, 0)
    tick = dut.tick.value_change
    # The first sample event. Its initial value may count as a change too, but not as a rising one.
    await dut.tick.rising_edge
    gc.collect()
    gc.freeze()
    send(connection, {"ready": True})
    try:
        program, done = _next_program(connection, config["fork"])
    except Closed:
        os._exit(0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL if config["fork"] else 0)
    try:
        reply = await _turn(dut, tick, layout, program, config)
    except Exception:
        reply = {"error": traceback.format_exc(limit=-4)}
    send(connection, reply)
    if config["fork"]:
        os.write(done, b"1")
        os._exit(0)


def _next_program(connection: socket.socket, fork: bool) -> tuple[dict[str, Any], int]:
    """The next program, in the process that shall play it, and where to write a byte after the answer.

    Raises:
        Closed: the parent is gone.
    """
    while True:
        program = receive(connection)
        if not fork:
            return program, -1
        _reap()
        read_end, write_end = os.pipe()
        copy = os.fork()
        if not copy:
            os.close(read_end)
            return program, write_end
        os.close(write_end)
        _watch(copy, read_end, connection)


async def _turn(dut: Any, tick: Any, layout: dict[str, Any], program: dict[str, Any], config: Any) -> dict[str, Any]:
    width = layout["sample_width"]
    with mmap.mmap(config["recording"], RECORDING_HEADER + width * program["max_cycles"]) as recording:
        started = time.perf_counter()
        game = play(layout, program, _pins(dut, recording, width))
        outcome: Outcome | None = None
        cycle = 0
        while outcome is None:
            # CPU time, not wall time, and per cycles, not per test: neither a busy machine nor a long test is a hang.
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
        return {**outcome._asdict(), "seconds": time.perf_counter() - started}


def _pins(dut: Any, recording: mmap.mmap, width: int) -> Pins:
    rows = 0

    def record(sample: str) -> None:
        nonlocal rows
        place = RECORDING_HEADER + rows * width
        recording[place : place + width] = sample.encode()
        rows += 1
        recording[:8] = rows.to_bytes(8, "little")

    # The handle below cocotb's own does the same calls without building a LogicArray each cycle: measured twice as
    # fast as the public properties, which remain the way out should a release of cocotb rename it.
    sample, drive = dut.sample, dut.drive_next
    try:
        read = sample._handle.get_signal_val_binstr
        set_bits = drive._handle.set_signal_val_binstr
    except AttributeError:
        return Pins(
            lambda: str(sample.value), lambda text: setattr(drive, "value", Immediate(LogicArray(text))), record
        )
    return Pins(read, lambda text: set_bits(_GPI_NO_DELAY, text), record)


def _watch(copy: int, done: int, connection: socket.socket) -> None:
    """Wait until the copy has answered; end it if the parent goes away; speak for it if it died without an answer.

    Args:
        done: read end of a pipe; the copy writes one byte after its answer, and its death closes the other end.
    """
    watched = [done, connection.fileno()]
    while done not in (ready := select.select(watched, [], [])[0]):
        if ready and not connection.recv(1, socket.MSG_PEEK):
            os.kill(copy, signal.SIGKILL)
        watched = [done]
    answered = os.read(done, 1)
    os.close(done)
    if answered:
        return
    _, status = os.waitpid(copy, 0)
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    send(connection, {"died": True, "hung": number == signal.SIGPROF})


def _reap() -> None:
    # Copies that answered end on their own time, while the parent already looks at the answer.
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass

"""The cocotb test module: runs inside the simulator and plays one program after another.

The process waits at the first sample event of the simulation and *forks* for
every program. So each test starts from true power-up (unreset registers and
memories are X again, ``$random`` starts over), nothing leaks from one test to
the next, memory stays flat, and RTL that hangs or calls ``$finish`` takes down
a copy only. A fork costs about half a millisecond, a restart 250.

Nothing random happens here, and neither NumPy nor pydantic is imported.
"""

from __future__ import annotations

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

from dv_agent.runners.framing import RECORDING_HEADER, REPLIED, Closed, receive, send
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
    await tick
    gc.collect()
    gc.freeze()
    send(connection, {"ready": True})
    try:
        while True:
            program = receive(connection)
            if config["fork"]:
                copy = os.fork()
                if copy:
                    _watch(copy, connection, config["recording"])
                    continue
                libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            break
    except Closed:
        os._exit(0)
    try:
        await _turn(dut, tick, connection, layout, program, config)
    except Exception:
        send(connection, {"error": traceback.format_exc(limit=-4)})
    if config["fork"]:
        os._exit(0)


async def _turn(
    dut: Any, tick: Any, connection: socket.socket, layout: dict[str, Any], program: dict[str, Any], config: Any
) -> None:
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
        reply = {**outcome._asdict(), "seconds": time.perf_counter() - started}
        recording[REPLIED] = 1
        send(connection, reply)


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


def _watch(copy: int, connection: socket.socket, recording: int) -> None:
    """Wait for the copy to end; end it if the parent goes away; speak for it if it died without an answer."""
    handle = os.pidfd_open(copy)
    try:
        watched = [handle, connection.fileno()]
        while handle not in (ready := select.select(watched, [], [])[0]):
            if ready and not connection.recv(1, socket.MSG_PEEK):
                os.kill(copy, signal.SIGKILL)
            watched = [handle]
    finally:
        os.close(handle)
    _, status = os.waitpid(copy, 0)
    if os.pread(recording, 1, REPLIED) != b"\x01":
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        send(connection, {"died": True, "signal": number, "hung": number == signal.SIGPROF})

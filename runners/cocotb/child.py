"""The cocotb test module: runs inside the simulator and plays one program after another.

The process stays at the first sample event of the simulation and *forks* copies of itself, see `forking.copies`.
Every program is played on an instance of the design that was never clocked before: in a copy of its own or, where
instances share nothing, on the next lane of a copy. So each test starts from true power-up (unreset registers and
memories are X again, ``$random`` starts over), no state leaks from one test to
the next, memory use does not grow, and RTL that hangs or calls ``$finish`` ends
a copy only. A fork costs 5 ms of processor time, most of it for pages that the copy writes; a restart 250 ms.

Nothing random happens here, and neither NumPy nor pydantic is imported.
"""

from __future__ import annotations

import ctypes
import gc
import json
import mmap
import os
import signal
import socket
import time
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any

import cocotb
from cocotb.handle import Immediate
from cocotb.types import LogicArray

from dv_agent.runners.cocotb.every_change import at_every_change
from dv_agent.runners.cocotb.forking.copies import Stage, in_copies, no_original
from dv_agent.runners.cocotb.forking.lean_imports import with_asyncio
from dv_agent.runners.cocotb.framing import RECORDING_HEADER, Closed, receive, send
from dv_agent.runners.cocotb.play import Outcome, Pins, play

CONFIG_VARIABLE = "DV_AGENT_CHILD"
_PR_SET_PDEATHSIG = 1
_GPI_NO_DELAY = 3
_TIMER_CYCLES = 256
_MOST_PRINTED = 1_000
_WARM_UPS = 60  # after so many, Python has specialised the code that a test runs


@cocotb.test()
async def serve(dut: Any) -> None:
    """Play programs and send replies until the parent closes the connection."""
    with_asyncio()
    config = json.loads(os.environ[CONFIG_VARIABLE])
    layout = json.loads(Path(config["layout"]).read_text(encoding="utf-8"))
    connection = socket.socket(fileno=config["socket"])
    libc = ctypes.CDLL(None)
    # Line buffering, so that the last output of RTL that hangs reaches the log; a full log must not end the process.
    libc.setvbuf(ctypes.c_void_p.in_dll(libc, "stdout"), None, 1, 0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    lanes = [getattr(dut, name) for name in layout.get("lanes", ())] or [dut]
    await _first_sample(lanes[0], dut)
    # vvp handles these signals with a normal exit, which looks like RTL that calls $finish. It installs its handlers
    # after the start of the simulation.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if config["fork"]:
        for _ in range(_WARM_UPS):
            _warm_up(layout)
    gc.collect()
    gc.freeze()
    send(connection, {"ready": True})
    progress = in_copies(connection) if config["fork"] else no_original()
    if config["fork"]:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for place, lane in enumerate(lanes):
        if place:
            lanes[place - 1].go.value = Immediate(0)
            await _first_sample(lane, dut)
        try:
            program = receive(connection)
        except Closed:
            os._exit(0)
        progress.is_at(Stage.PLAYING_LATER if place else Stage.PLAYING)
        if lane is lanes[-1]:
            progress.ask_for_next()
        reply = await _reply(lane, layout, program, config)
        progress.is_at(Stage.ANSWERING)
        send(connection, reply)
        progress.is_at(Stage.WAITING)
    if config["fork"]:
        os._exit(0)


async def _first_sample(lane: Any, dut: Any) -> None:
    """Start the clock of an instance, if it stands, and wait for its first sample event."""
    if lane is not dut:
        lane.go.value = Immediate(1)
    # The initial value of the signal may count as a change too, but not as a rising edge.
    await lane.tick.rising_edge


async def _reply(dut: Any, layout: dict[str, Any], program: dict[str, Any], config: Any) -> dict[str, Any]:
    try:
        if "replay" in program:
            return await _compared(dut, program["replay"], config["hang_seconds"])
        return await _turn(dut, layout, program, config)
    except Exception:
        return {"error": traceback.format_exc(limit=-4)}


def _warm_up(layout: dict[str, Any]) -> None:
    # Python specialises code that runs often, by writing into it: done before the fork, no copy has to do it.
    program = {"tracks": {}, "memories": {}, "max_cycles": 2}
    for _ in play(layout, program, Pins(lambda: "0" * layout["sample_width"], lambda _: None, lambda _: None)):
        pass


async def _turn(dut: Any, layout: dict[str, Any], program: dict[str, Any], config: Any) -> dict[str, Any]:
    width = layout["sample_width"]
    with mmap.mmap(config["recording"], RECORDING_HEADER + width * program["max_cycles"]) as recording:
        started = time.perf_counter()
        turn = _Turn(play(layout, program, _pins(dut, recording, width)), config["hang_seconds"])
        if turn.begin():
            await at_every_change(dut.tick, turn.go_on)
        signal.setitimer(signal.ITIMER_PROF, 0)
        assert turn.outcome is not None
        reset = layout["reset_cycles"]
        printed = [(cycle - reset, size) for cycle, size in turn.printed]
        return {**turn.outcome._asdict(), "seconds": time.perf_counter() - started, "printed": printed, **_code()}


class _Turn:
    """One test, which goes on at every sample event.

    Attributes:
        outcome: what it came to, once it has ended.
        printed: (number of the sample event, bytes printed until then), whenever something was printed.
    """

    def __init__(self, game: Generator[None, None, Outcome], hang_seconds: float) -> None:
        self._game, self._hang_seconds = game, hang_seconds
        self._events = self._said = 0
        self.outcome: Outcome | None = None
        self.printed: list[tuple[int, int]] = []

    def begin(self) -> bool:
        """Play up to the first sample event; return whether there is one."""
        # CPU time, not wall time, and per number of cycles, not per test: a busy machine or a long test is no hang.
        if self._events % _TIMER_CYCLES == 0:
            signal.setitimer(signal.ITIMER_PROF, self._hang_seconds)
        try:
            next(self._game)
        except StopIteration as end:
            self.outcome = end.value
            return False
        return True

    def go_on(self) -> bool:
        """Play from a sample event to the next one; return whether there is one."""
        if (size := os.fstat(1).st_size) != self._said and len(self.printed) < _MOST_PRINTED:
            # At this sample event the edge before it has had its effects.
            self._said = size
            self.printed.append((self._events, size))
        self._events += 1
        return self.begin()


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

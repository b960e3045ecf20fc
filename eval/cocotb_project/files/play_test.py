"""The cocotb test: plays one file of ``data/`` on the design, and asserts that no check fails."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer

from dv_agent.eval.cocotb_project.files.bus_drivers import BUS_DRIVERS
from dv_agent.eval.cocotb_project.files.output_checks import MOST_TOLD, Recording, failed_checks
from dv_agent.eval.cocotb_project.files.port_drivers import (
    DONE,
    DRIVERS,
    OFFERING,
    TIMED,
    WAITING,
    Board,
    Driver,
    Levels,
    ResetDriver,
)

HERE = Path(__file__).resolve().parent
PERIOD_NS = 10


@cocotb.test()
async def play(dut: Any) -> None:
    """Play the test that the environment names."""
    design = json.loads((HERE / "design.json").read_text(encoding="utf-8"))
    test = json.loads((HERE / "data" / f"{os.environ['DATA']}.json").read_text(encoding="utf-8"))
    seen = await record(dut, design, test)
    failed = failed_checks(design, test, seen)
    assert not failed, "\n".join(failed[:MOST_TOLD])


async def record(dut: Any, design: Mapping[str, Any], test: Mapping[str, Any]) -> Recording:
    """Drive the design as the test says, and return what its pins did."""
    clock = getattr(dut, design["clock"])
    game = cycles(design, test)
    driven: Levels = {}
    now = next(game)  # power-up, in reset
    drive(dut, {**design["ties"], **now.levels}, driven)
    Clock(clock, PERIOD_NS, unit="ns").start(start_high=False)
    for _ in range(design["reset_cycles"]):
        await RisingEdge(clock)
    now = game.send({})
    while True:
        drive(dut, now.levels, driven)
        await FallingEdge(clock)  # everything has settled, and nothing changes before the next rising edge
        if writes := happening(dut, now.writes):
            drive(dut, writes, driven)
            await Timer(PERIOD_NS // 4, unit="ns")
        seen = {pin: level_of(getattr(dut, pin)) for pin in design["sampled"]}
        try:
            now = game.send(seen)
        except StopIteration as end:
            recording: Recording = end.value
            return recording
        await RisingEdge(clock)


class Drives(NamedTuple):
    """What is driven in a cycle: levels, and writes that happen if the beat with these (valid, ready) is accepted."""

    levels: Levels
    writes: Sequence[tuple[str, str, Levels]] = ()


def happening(dut: Any, writes: Sequence[tuple[str, str, Levels]]) -> Levels:
    """Return the levels of the writes whose beat is being accepted in this cycle."""
    levels: Levels = {}
    for valid, ready, one in writes:
        if all(level_of(getattr(dut, pin)) == 1 for pin in (valid, ready) if pin):
            levels |= one
    return levels


def drive(dut: Any, levels: Levels, driven: Levels) -> None:
    """Set the pins whose level changes; `driven` is what they are, and is updated."""
    for pin, level in levels.items():
        if driven.get(pin) != level:
            getattr(dut, pin).value = driven[pin] = level


def cycles(
    design: Mapping[str, Any], test: Mapping[str, Any]
) -> Generator[Drives, Mapping[str, int | None], Recording]:
    """Play a test: yields what to drive in each cycle, and is sent what was sampled at its end.

    The first ones are those of power-up; they are answered with nothing.
    """
    board = Board(dict.fromkeys(design["streams"], 0), test["memories"])
    tracks = test["tracks"]
    drivers: list[Driver] = [
        (DRIVERS | BUS_DRIVERS)[port["kind"]](port, tracks.get(port["name"], ()), board) for port in design["ports"]
    ]
    reset = ResetDriver(tracks.get("reset", ()), board)
    end = EndDetector([*drivers, reset], design["quiet_cycles"])
    resting = {pin: level for driver in drivers for pin, level in driver.in_reset.items()}
    pins: dict[str, list[int | None]] = {pin: [] for pin in design["sampled"]}
    in_reset: list[bool] = []
    driven = resting | reset_levels(design, True)
    yield Drives(driven)
    for cycle in range(test["max_cycles"]):
        board.cycle = cycle
        resetting = reset.plan()["reset"] == 1
        if resetting and not (in_reset and in_reset[-1]):
            for driver in drivers:
                driver.reset()
        levels = dict(resting) if resetting else {pin: level for one in drivers for pin, level in one.plan().items()}
        levels |= reset_levels(design, resetting)
        if levels != driven:
            driven, end.given_up = levels, False
        # The first port wins where two beats carry a write to the same one.
        writes = [] if resetting else [write for one in reversed(drivers) for write in one.carried()]
        board.pins = yield Drives(levels, writes)
        for pin, level in board.pins.items():
            pins[pin].append(level)
        in_reset.append(resetting)
        if resetting or count_transfers(design["streams"], board):
            end.moved()
        elif verdict := end.still():
            return Recording(pins, in_reset, verdict)
    return Recording(pins, in_reset, "cycle_limit")


def reset_levels(design: Mapping[str, Any], active: bool) -> Levels:
    """Return the levels of all reset pins."""
    return {one["pin"]: int(active == one["active_high"]) for one in design["reset"]}


def level_of(handle: Any) -> int | None:
    """Return the level of a pin as an unsigned number; None if a bit of it is X or Z."""
    value = handle.value
    text = str(value)
    return int(text, 2) if set(text) <= {"0", "1"} else None


def count_transfers(streams: Mapping[str, Mapping[str, Any]], board: Board) -> bool:
    """Count the transfers of this cycle; return whether there was any."""
    moved = False
    for name, one in streams.items():
        if board.pins[one["valid"]] == 1 and (not one["ready"] or board.pins[one["ready"]] == 1):
            board.moved[name] += 1
            moved = True
    return moved


class EndDetector:
    """Decides in cycles without transfers whether a test is over."""

    def __init__(self, drivers: Sequence[Driver], quiet_cycles: int) -> None:
        self._drivers, self._limit = drivers, quiet_cycles
        self._quiet = 0
        self.given_up = False

    def moved(self) -> None:
        """There was a transfer, or a reset."""
        self._quiet, self.given_up = 0, False

    def still(self) -> str:
        """There was none; return how the test ended, or an empty text to go on."""
        if any(one.state == TIMED for one in self._drivers):
            self._quiet = 0
            return ""
        self._quiet += 1
        if self._quiet < self._limit and not self.given_up:
            return ""
        if waiting := [one for one in self._drivers if one.state == WAITING]:
            for one in waiting:  # nothing can change any more, so these waits would never end
                one.release = True
            self._quiet, self.given_up = 0, True
            return ""
        if self._quiet < self._limit:
            return ""
        stuck = any(one.state == OFFERING for one in self._drivers)
        relaxed = [stuck and one.relax() for one in self._drivers]  # all of them, not only the first
        if any(relaxed):
            self._quiet = 0
            return ""
        assert stuck or all(one.state == DONE for one in self._drivers)
        return "deadlock" if stuck else "drained"

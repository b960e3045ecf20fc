"""One test, cycle by cycle: plan, wait for the sample event, look, decide whether the test is over.

Standard library only (runs inside the simulator). `play` is a generator and
does not know what it waits for, so that the same loop drives a real simulator
and the pure-Python session.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from dv_agent.runners.drivers import (
    OFFERING,
    TIMED,
    WAITING,
    Board,
    Driver,
    ResetDriver,
    ResponderDriver,
    SinkDriver,
    SourceDriver,
    StrobeDriver,
)


class Pins(NamedTuple):
    """The border of the simulator.

    Attributes:
        read: the sample vector as text, as it is just before the next rising edge.
        write: sets the drive vector that holds after the next rising edge.
        record: keeps one sample.
    """

    read: Callable[[], str]
    write: Callable[[str], None]
    record: Callable[[str], None]


class Outcome(NamedTuple):
    """How a test ended: a value of `End`, where each track's steps began, waits that were cut short."""

    end: str
    starts: dict[str, list[tuple[int, int]]]
    released: int


def play(layout: dict[str, Any], program: dict[str, Any], pins: Pins) -> Generator[None, None, Outcome]:
    """Play `program` from power-up; each ``yield`` asks to be resumed at the next sample event.

    Args:
        layout: see `layout.child_layout`.
        program: ``tracks``, ``memories`` and ``max_cycles`` of a `Program`, as plain data.

    Returns:
        The outcome; ``drained`` needs all tracks ended and `quiet_cycles` cycles without any transfer.
    """
    streams, strobes = _monitors(layout)
    board = Board([key for key, _, _ in streams] + [key for key, _ in strobes])
    drivers = _drivers(layout, program, board)
    reset = ResetDriver(program["tracks"].get("reset", ()), board)
    judge = _Judge([*drivers, reset], layout["quiet_cycles"])
    read, write, record = pins
    counts, plans = board.counts, drivers
    # The design powers up in reset, and the first edge comes after the first sample event.
    for _ in range(layout["reset_cycles"] - 1):
        yield
    held = "1" + "0" * sum(len(driver.silent) for driver in drivers if not isinstance(driver, ResponderDriver))
    held += "".join("0" * (2 + p["response"]["last"] + p["response"]["width"]) for p in layout["responders"])
    text, was_pulse, end = held, False, "cycle_limit"
    for cycle in range(program["max_cycles"]):
        board.cycle = cycle
        pulse = reset.plan() == "1"
        if pulse and not was_pulse:
            for driver in drivers:
                driver.reset()
        wanted = held if pulse else "0" + "".join([driver.plan() for driver in plans])
        was_pulse = pulse
        if wanted != text:
            write(wanted)
            text = wanted
        yield
        board.sample = sample = read()
        record(sample)
        moved = pulse
        if not pulse:
            for key, valid, ready in streams:
                if sample[valid] == "1" == sample[ready]:
                    counts[key] += 1
                    moved = True
            for key, enable in strobes:
                if sample[enable] == "1":
                    counts[key] += 1
                    moved = True
        if moved:
            judge.quiet = 0
        elif verdict := judge.still():
            end = verdict
            break
    return Outcome(end, {driver.name: driver.starts for driver in [*drivers, reset]}, judge.released)


class _Judge:
    """Decides, while nothing moves, whether a test is over."""

    def __init__(self, drivers: list[Driver], quiet_cycles: int) -> None:
        self.drivers = drivers
        self.limit = quiet_cycles
        self.quiet = 0
        self.released = 0

    def still(self) -> str:
        """One more cycle without a transfer: a value of `End`, or an empty text to go on."""
        for driver in self.drivers:
            if driver.state == TIMED:
                self.quiet = 0
                return ""
        self.quiet += 1
        if self.quiet < self.limit:
            return ""
        waiting = [driver for driver in self.drivers if driver.state == WAITING]
        if waiting:
            # Nothing can move any more, so these waits would last for ever: a fault of the test, not of the design.
            for driver in waiting:
                driver.release = True
            self.released += len(waiting)
            self.quiet = 0
            return ""
        stuck = any(driver.state == OFFERING for driver in self.drivers)
        return "deadlock" if stuck else "drained"


def _monitors(layout: dict[str, Any]) -> tuple[list[tuple[str, int, int]], list[tuple[str, int]]]:
    streams = [(port["name"], port["valid"], port["ready"]) for port in [*layout["sources"], *layout["sinks"]]]
    for port in layout["responders"]:
        for side in ("request", "response"):
            streams.append((f"{port['name']}.{side}", port[side]["valid"], port[side]["ready"]))
    return streams, [(port["name"], port["enable"]) for port in layout["strobes"]]


def _drivers(layout: dict[str, Any], program: dict[str, Any], board: Board) -> list[Driver]:
    # In the order of the drive vector. Sources come before strobes, which give way to what sources have fired.
    tracks, memories = program["tracks"], program["memories"]
    drivers: list[Driver] = [SourceDriver(p, tracks.get(p["name"], ()), board) for p in layout["sources"]]
    drivers += [StrobeDriver(p, tracks.get(p["name"], ()), board) for p in layout["strobes"]]
    drivers += [SinkDriver(p, tracks.get(p["name"], ()), board) for p in layout["sinks"]]
    for p in layout["responders"]:
        drivers.append(ResponderDriver(p, tracks.get(p["name"], ()), board, memories.get(p["name"], [])))
    return drivers

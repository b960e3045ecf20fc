"""The loop that plays one test cycle by cycle: plan the drives, wait for the sample event, sample, detect the end.

Standard library only (runs inside the simulator). `play` is a generator and
does not know what it waits for, so that the same loop drives a real simulator
and the pure-Python session.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from dv_agent.runners.cocotb.buses.apb_driver import ApbDriver
from dv_agent.runners.cocotb.buses.axi_driver import AxiDriver
from dv_agent.runners.cocotb.buses.axi_memory_driver import AxiMemoryDriver
from dv_agent.runners.cocotb.buses.memory_driver import MemoryDriver
from dv_agent.runners.cocotb.buses.wishbone_driver import WishboneDriver
from dv_agent.runners.cocotb.clock_domains import ClockDomains, OneClock
from dv_agent.runners.cocotb.drivers import OFFERING, TIMED, WAITING, Driver, Operation, PinBoard, ResetDriver
from dv_agent.runners.cocotb.kinds.pins_driver import PinsDriver
from dv_agent.runners.cocotb.kinds.responder_driver import ResponderDriver
from dv_agent.runners.cocotb.kinds.sink_driver import SinkDriver
from dv_agent.runners.cocotb.kinds.source_driver import SourceDriver
from dv_agent.runners.cocotb.kinds.strobe_driver import StrobeDriver

DRIVERS: dict[str, Callable[[dict[str, Any], Sequence[Operation], PinBoard], Driver]] = {
    "source": SourceDriver,
    "sink": SinkDriver,
    "strobe": StrobeDriver,
    "responder": ResponderDriver,
    "pins": PinsDriver,
    "apb": ApbDriver,
    "axi": AxiDriver,
    "wishbone": WishboneDriver,
    "memory": MemoryDriver,
    "axi_memory": AxiMemoryDriver,
}
"""Drivers by name; each kind of port names its driver."""


class Pins(NamedTuple):
    """Access to the pins of the simulated design: sampling, driving and recording.

    Attributes:
        read: returns the sample vector as text, as it is just before the next rising edge.
        write: sets the drive vector that holds after the next rising edge.
        record: keeps one sample.
    """

    read: Callable[[], str]
    write: Callable[[str], None]
    record: Callable[[str], None]


class Outcome(NamedTuple):
    """The result of a test: a value of `End`, the cycles in which each track's steps began, and the waits released."""

    end: str
    starts: dict[str, list[tuple[int, int]]]
    released: int


def play(layout: dict[str, Any], program: dict[str, Any], pins: Pins) -> Generator[None, None, Outcome]:
    """Play `program` from power-up; after each ``yield`` the caller resumes it at the next sample event.

    Args:
        layout: see `layout.child_layout`.
        program: ``tracks``, ``memories`` and ``max_cycles`` of a `Program`, as plain data.

    Returns:
        The outcome; it is ``drained`` if all tracks ended and `quiet_cycles` cycles passed without any transfer.
    """
    monitors = _Monitors(layout)
    boards = [PinBoard(monitors.counts, program["memories"])]
    boards += [boards[0].twin() for _ in layout.get("rises", ())[1:]]
    clocks = ClockDomains(layout, boards) if "rises" in layout else OneClock(boards[0])
    # In the order of the drive vector.
    drivers = [
        DRIVERS[port["driver"]](port, operations_of(program, port["name"]), boards[port.get("clock", 0)])
        for port in layout["ports"]
    ]
    reset = ResetDriver(operations_of(program, "reset"), boards[0])
    everyone = [*drivers, reset]
    judge = _EndDetector(everyone, layout["quiet_cycles"])
    planners, resetting = clocks.planners(drivers), clocks.main(reset)
    read, write, record = pins
    # The design powers up in reset, and the first edge comes after the first sample event.
    for _ in range(layout["reset_cycles"] - 1):
        yield
    text = held = "1" + "".join(driver.low for driver in drivers)
    was_pulse, end = False, "cycle_limit"
    for cycle in range(program["max_cycles"]):
        clocks.begin(cycle)
        pulse = resetting.plan() == "1" or clocks.holds_reset
        if pulse and not was_pulse:
            clocks.reset_begins()
            for planner in planners:
                planner.reset()
        wanted = held if pulse else "0" + "".join([planner.plan() for planner in planners])
        was_pulse = pulse
        if wanted != text:
            write(wanted)
            text = wanted
            judge.given_up = False
        yield
        sample = read()
        clocks.take(sample)
        record(sample)
        if pulse or monitors.saw_transfer(sample):
            judge.moved()
        elif clocks.slowest_rose and (verdict := judge.still()):
            end = verdict
            break
    return Outcome(end, {driver.name: driver.starts for driver in everyone}, judge.released)


def operations_of(program: dict[str, Any], track: str) -> list[Operation]:
    """Return the operations of a track, from the columns of `runners.plain_program`."""
    count, *columns = program["tracks"].get(track, (0,))
    return list(zip(*(repeat(one[0], count) if len(one) == 1 else one for one in columns)))  # noqa: B905


class _Monitors:
    """The monitors: count the transfers of all streams, at the edges of their clocks.

    Attributes:
        counts: accepted transfers by stream.
    """

    def __init__(self, layout: dict[str, Any], counts: dict[str, int] | None = None) -> None:
        self._streams = [(name, valid, ready) for name, valid, ready in layout["monitors"] if ready is not None]
        self._strobes = [(name, valid) for name, valid, ready in layout["monitors"] if ready is None]
        self.counts = {name: 0 for name, _, _ in layout["monitors"]} if counts is None else counts
        # With several clocks: (place of the bit that tells whether a clock rises, its monitors).
        self._by_clock: list[tuple[int, _Monitors]] = []
        for clock, place in enumerate(layout.get("rises", ())):
            mine = [one for one, its in zip(layout["monitors"], layout["monitor_clocks"], strict=True) if its == clock]
            self._by_clock.append((place, _Monitors({"monitors": mine}, self.counts)))

    def saw_transfer(self, sample: str) -> bool:
        """Count the transfers of one cycle without reset; return whether there was any."""
        moved = False
        if self._by_clock:
            found = [one.saw_transfer(sample) for place, one in self._by_clock if sample[place] == "1"]
            return any(found)
        for name, valid, ready in self._streams:
            if sample[valid] == "1" == sample[ready]:
                self.counts[name] += 1
                moved = True
        for name, valid in self._strobes:
            if sample[valid] == "1":
                self.counts[name] += 1
                moved = True
        return moved


class _EndDetector:
    """Decides in cycles without transfers whether a test is over.

    Attributes:
        given_up: whether waits were released and neither the pins nor the drive vector have changed since. A wait
            that comes next cannot end either, and is released without another quiet period.
    """

    def __init__(self, drivers: list[Driver], quiet_cycles: int) -> None:
        self.drivers = drivers
        self.limit = quiet_cycles
        self.quiet = 0
        self.released = 0
        self.given_up = False

    def moved(self) -> None:
        """Handle a cycle with a transfer, or in reset."""
        self.quiet, self.given_up = 0, False

    def still(self) -> str:
        """Handle a cycle without a transfer; return a value of `End`, or an empty text to continue."""
        for driver in self.drivers:
            if driver.state == TIMED:
                self.quiet = 0
                return ""
        self.quiet += 1
        if self.quiet < self.limit and not self.given_up:
            return ""
        waiting = [driver for driver in self.drivers if driver.state == WAITING]
        if waiting:
            # Nothing can change any more, so these waits would never end: a fault of the test, not of the design.
            for driver in waiting:
                driver.release = True
            self.released += len(waiting)
            self.quiet, self.given_up = 0, True
            return ""
        if self.quiet < self.limit:
            return ""
        stuck = any(driver.state == OFFERING for driver in self.drivers)
        # A level of the test, such as an enable that is low, may be what the design waits for.
        relaxed = [stuck and driver.relax() for driver in self.drivers]
        if any(relaxed):
            self.quiet = 0
            return ""
        return "deadlock" if stuck else "drained"

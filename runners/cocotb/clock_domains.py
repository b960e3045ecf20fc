"""Several clocks in one test: every driver acts on the edges of its own clock, and counts cycles of that clock.

A row of the trace is a step in which at least one clock rises; the sample tells which. A driver plans after an edge of
its clock and repeats its piece until the next one, so its signals change at its own edges only, except that a reset
takes all of them low at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import Driver, PinBoard


class Domain:
    """One clock.

    Attributes:
        place: index of the bit of the sample that tells whether it rises.
        board: what its drivers see; its cycle counts the edges of this clock.
        due: whether it rose in the last step, so that its drivers may plan.
    """

    def __init__(self, place: int, board: PinBoard) -> None:
        self.place, self.board, self.due = place, board, True


class ClockedDriver:
    """A driver that plans only after an edge of its clock."""

    def __init__(self, driver: Driver, domain: Domain) -> None:
        self._driver, self._domain, self._text = driver, domain, driver.low

    def plan(self) -> str:
        """Return the piece of the driver for the step that is planned."""
        if self._domain.due:
            self._text = self._driver.plan()
        return self._text

    def reset(self) -> None:
        """Handle the first step of a reset."""
        self._driver.reset()
        self._text = self._driver.low


class OneClock:
    """The only clock: every driver plans in every cycle.

    Attributes:
        holds_reset: always False.
        slowest_rose: always True.
    """

    holds_reset = False
    slowest_rose = True

    def __init__(self, board: PinBoard) -> None:
        self._board = board

    def planners(self, drivers: Sequence[Driver]) -> Sequence[Driver | ClockedDriver]:
        """Return the drivers."""
        return drivers

    def main(self, driver: Driver) -> Driver | ClockedDriver:
        """Return the driver."""
        return driver

    def begin(self, row: int) -> None:
        """Begin a cycle."""
        self._board.cycle = self._board.row = row

    def reset_begins(self) -> None:
        """Do nothing: the next edge is one of the only clock."""

    def take(self, sample: str) -> None:
        """Take in the sample of a cycle."""
        self._board.sample = sample


class ClockDomains:
    """All clocks of a design with several, the main one first.

    Args:
        layout: see `dv_agent.runners.build.wrappers.layout.child_layout`.
    """

    def __init__(self, layout: dict[str, Any], boards: Sequence[PinBoard]) -> None:
        self._domains = [Domain(place, board) for place, board in zip(layout["rises"], boards, strict=True)]
        self._of_ports = [self._domains[port["clock"]] for port in layout["ports"]]
        self._slowest: Domain = self._domains[layout["slowest"]]
        self._reset_edges: int = layout["reset_edges"]
        self._unreset: dict[int, int] = {}

    @property
    def holds_reset(self) -> bool:
        """Whether a clock has not risen often enough since the last reset began."""
        return bool(self._unreset)

    @property
    def slowest_rose(self) -> bool:
        """Whether the slowest clock rose in the last step: a test is quiet for so many cycles of that one."""
        return self._slowest.due

    def planners(self, drivers: Sequence[Driver]) -> Sequence[Driver | ClockedDriver]:
        """Return the drivers of the ports, each bound to its clock."""
        return [ClockedDriver(driver, domain) for driver, domain in zip(drivers, self._of_ports, strict=True)]

    def main(self, driver: Driver) -> Driver | ClockedDriver:
        """Return a driver bound to the main clock."""
        return ClockedDriver(driver, self._domains[0])

    def begin(self, row: int) -> None:
        """Begin a step."""
        for domain in self._domains:
            domain.board.row = row

    def reset_begins(self) -> None:
        """Handle the first step of a reset; it lasts as long as the first one, in edges of every clock, at least."""
        self._unreset = dict.fromkeys((domain.place for domain in self._domains), self._reset_edges)

    def take(self, sample: str) -> None:
        """Take in the sample of a step."""
        for domain in self._domains:
            domain.due = sample[domain.place] == "1"
            domain.board.sample = sample
            if domain.due:
                domain.board.cycle += 1
                if self._unreset:
                    self._count_reset(domain.place)

    def _count_reset(self, place: int) -> None:
        left = self._unreset.pop(place, 0) - 1
        if left > 0:
            self._unreset[place] = left

"""Drivers: play the track of each port, cycle by cycle. Standard library only (runs inside the simulator).

A driver is a generator: every ``yield`` is one clock cycle and returns the
driver's piece of the drive vector for that cycle. When it is resumed, the
board shows what the monitors saw in the previous cycle.

Rules that hold for every driver:

* While reset is active all drivers are held at zero (valid, ready and enable
  low) and their cycle counts stop; only ``at`` compares absolute cycles.
* With several clocks, all numbers of a track are in cycles of its port's clock.
* At a reset a source drops a packet of which some beats were accepted. A
  packet without accepted beats is sent after the reset, from its first beat, gap included.
  A responder drops the requests that it has not answered yet.
* A driver that waits (``after``, ``at``, ``idle``) is silent, like one that
  ended: sources and strobes low, sinks ready, responders answer at once. A wait
  with a stall holds ready low instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

# An operation as read from JSON: the members of designs.program.Op in order.
Operation = Sequence[Any]
KIND, VALUE, GAP, LAST, STALL, PORT, STROBES, STEP = range(8)

# The state of a driver, as needed to decide the end of a test.
ENDED = 0  # or nothing left to do: a sink or responder that waits for the design
TIMED = 1  # changes by itself after some cycles: a gap, a stall, a latency
OFFERING = 2  # valid is high (or about to be), and the design has to answer
WAITING = 3  # in ``after``, whose condition may never become true


class PinBoard:
    """The state that all drivers of a test share.

    Attributes:
        row: the cycle of the trace that is being planned.
        cycle: the same, counted in cycles of the drivers' clock; another number only if there are several clocks.
        sample: the sample vector of the cycle before.
        counts: accepted transfers since the test began, by stream (``in``, ``ld.request``).
        fired: strobe port -> last cycle in which an attached strobe fired.
        claims: strobe port -> source that offers a beat with a strobe on it.
        memories: port -> words of its test memory.
    """

    __slots__ = ("claims", "counts", "cycle", "fired", "memories", "row", "sample")

    def __init__(self, counts: dict[str, int], memories: dict[str, list[int]]) -> None:
        self.cycle = self.row = 0
        self.sample = ""
        self.counts = counts
        self.memories = memories
        self.fired: dict[str, int] = {}
        self.claims: dict[str, str] = {}

    def twin(self) -> PinBoard:
        """Return a board with a cycle count of its own; all that drivers tell one another is the same."""
        other = PinBoard(self.counts, self.memories)
        other.fired, other.claims = self.fired, self.claims
        return other


class Driver:
    """The base of all drivers: plays operations one by one, and the waits that every track may hold.

    Attributes:
        plan: returns the piece of the drive vector for the cycle that the board shows; called once a cycle.
        silent: the piece while the driver has nothing to do.
        low: the piece while reset is active.
        state: `ENDED`, `TIMED`, `OFFERING` or `WAITING`, after the last `plan`.
        release: set by the caller to end a wait whose condition cannot become true.
        starts: (cycle, step) pairs: from that cycle on, the driver played that step.
    """

    def __init__(self, name: str, operations: Sequence[Operation], board: PinBoard, silent: str) -> None:
        self.name = name
        self.operations = operations
        self.board = board
        self.silent = silent
        self.low = "0" * len(silent)
        self.index = 0
        self.state = ENDED
        self.release = False
        self.starts: list[tuple[int, int]] = []
        self.plan: Callable[[], str] = self._walk().__next__

    def reset(self) -> None:
        """Handle a reset: the cycle being planned is the first one of a reset pulse."""

    def relax(self) -> bool:
        """Stop demanding what a test set for good, because nothing moves any more; return whether anything changes."""
        return False

    def _play(self, operation: Operation) -> Iterator[str]:
        return self._wait(operation)

    def _walk(self) -> Iterator[str]:
        while self.index < len(self.operations):
            operation = self.operations[self.index]
            if not self.starts or self.starts[-1][1] != operation[STEP]:
                self.starts.append((self.board.row, operation[STEP]))
            yield from self._play(operation)
            self.index += 1
        yield from self._rest()

    def _rest(self) -> Iterator[str]:
        self.state = ENDED
        while True:
            yield self.silent

    def _wait(self, operation: Operation) -> Iterator[str]:
        kind, value = operation[KIND], operation[VALUE]
        stalled = self.low[: len(self.silent)] if operation[STALL] else ""
        if kind == "after":
            counts, port = self.board.counts, operation[PORT]
            self.state, self.release = WAITING, False
            while counts[port] < value and not self.release:
                yield stalled or self.silent
        elif kind == "at":
            self.state = TIMED
            while self.board.cycle < value:
                yield stalled or self.silent
        else:
            yield from self._hold(value, self.silent)

    def _hold(self, cycles: int, text: str) -> Iterator[str]:
        self.state = TIMED
        for _ in range(cycles):
            yield text


class ResetDriver(Driver):
    """The driver of the reset track: ``1`` while reset is active."""

    def __init__(self, operations: Sequence[Operation], board: PinBoard) -> None:
        super().__init__("reset", operations, board, "0")

    def _play(self, operation: Operation) -> Iterator[str]:
        return self._hold(operation[VALUE], "1") if operation[KIND] == "pulse" else self._wait(operation)


def binary(value: int, width: int) -> str:
    """Return `value` as `width` binary digits (none for width 0); higher bits are cut off."""
    return format(value & ((1 << width) - 1), f"0{width}b") if width else ""

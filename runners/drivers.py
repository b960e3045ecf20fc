"""Drivers: what each port's track does, cycle by cycle. Standard library only (runs inside the simulator).

A driver is a generator: every ``yield`` is one clock cycle and hands over the
driver's piece of the drive vector for that cycle. When it is resumed, the
board shows what the monitors saw in the cycle that has just passed.

Rules that hold for every driver:

* While reset is active all drivers are held at zero (valid, ready and enable
  low) and their time stands still; only ``at`` compares absolute cycles.
* A reset makes a source drop the packet of which some beats were accepted. A
  packet without any is sent afterwards, from its first beat, gap included.
  A responder forgets the requests it has not answered yet.
* A driver that waits (``after``, ``at``, ``idle``) is silent, like one that
  ended: sources and strobes low, sinks ready, responders answer at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

# An operation as it comes out of JSON: the members of designs.program.Op in order.
Operation = Sequence[Any]
KIND, VALUE, GAP, LAST, STALL, PORT, STROBES, STEP = range(8)

# What a driver is at, as far as the end of a test is concerned.
ENDED = 0  # or needs nothing more: a sink or responder that waits for the design
TIMED = 1  # something will change by itself: a gap, a stall, a latency
OFFERING = 2  # valid is high (or wants to be), and the design has to answer
WAITING = 3  # in ``after``, which may never come true


class Board:
    """What all drivers of a test see.

    Attributes:
        cycle: the cycle that is being planned.
        sample: the sample vector of the cycle before.
        counts: accepted transfers since the test began, by port (``<port>.request``, ``<port>.response``).
        fired: strobe port -> last cycle in which an attached strobe fired.
        claims: strobe port -> source that offers a beat with a strobe on it.
    """

    __slots__ = ("claims", "counts", "cycle", "fired", "sample")

    def __init__(self, ports: Sequence[str]) -> None:
        self.cycle = 0
        self.sample = ""
        self.counts = dict.fromkeys(ports, 0)
        self.fired: dict[str, int] = {}
        self.claims: dict[str, str] = {}


class Driver:
    """Base: walks through operations, and knows the waits that every track may hold."""

    def __init__(self, name: str, operations: Sequence[Operation], board: Board, silent: str) -> None:
        self.name = name
        self.operations = operations
        self.board = board
        self.silent = silent
        self.index = 0
        self.state = ENDED
        self.release = False
        self.starts: list[tuple[int, int]] = []
        self.plan: Callable[[], str] = self._walk().__next__

    def reset(self) -> None:
        """The cycle being planned is the first one of a reset pulse."""

    def _play(self, operation: Operation) -> Iterator[str]:
        return self._wait(operation)

    def _walk(self) -> Iterator[str]:
        while self.index < len(self.operations):
            operation = self.operations[self.index]
            if not self.starts or self.starts[-1][1] != operation[STEP]:
                self.starts.append((self.board.cycle, operation[STEP]))
            yield from self._play(operation)
            self.index += 1
        yield from self._rest()

    def _rest(self) -> Iterator[str]:
        self.state = ENDED
        while True:
            yield self.silent

    def _wait(self, operation: Operation) -> Iterator[str]:
        kind, value = operation[KIND], operation[VALUE]
        if kind == "after":
            counts, port = self.board.counts, operation[PORT]
            self.state, self.release = WAITING, False
            while counts[port] < value and not self.release:
                yield self.silent
        elif kind == "at":
            self.state = TIMED
            while self.board.cycle < value:
                yield self.silent
        else:
            yield from self._hold(value, self.silent)

    def _hold(self, cycles: int, text: str) -> Iterator[str]:
        self.state = TIMED
        for _ in range(cycles):
            yield text


class ResetDriver(Driver):
    """The reset track: ``1`` while reset is active."""

    def __init__(self, operations: Sequence[Operation], board: Board) -> None:
        super().__init__("reset", operations, board, "0")

    def _play(self, operation: Operation) -> Iterator[str]:
        return self._hold(operation[VALUE], "1") if operation[KIND] == "pulse" else self._wait(operation)


class SourceDriver(Driver):
    """Offers beats and holds them until they are accepted."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: Board) -> None:
        self._has_last: bool = port["last"]
        self._width: int = port["width"]
        self._attached: list[tuple[str, int]] = [(name, width) for name, width in port["attached"]]
        self._no_strobes = "0" * sum(1 + width for _, width in self._attached)
        self._mid_packet = False
        self._offered_at: int | None = None  # accepted transfers when the current beat was first offered
        silent = "0" * (1 + self._has_last + self._width) + self._no_strobes
        super().__init__(port["name"], operations, board, silent)

    def reset(self) -> None:
        """Abandon the packet of which a part is in the design."""
        if self.index < len(self.operations):
            self._settle(self.operations[self.index])
        while self._mid_packet and self.index < len(self.operations):
            operation = self.operations[self.index]
            self._mid_packet = not (operation[KIND] == "send" and operation[LAST])
            self.index += 1
        self._mid_packet = False
        self.plan = self._walk().__next__

    def _settle(self, operation: Operation) -> None:
        # The last cycle before the reset may have accepted the beat, and the generator has not seen that yet.
        accepted = self._offered_at is not None and self.board.counts[self.name] > self._offered_at
        self._finish(operation, accepted)
        self.index += accepted

    def _play(self, operation: Operation) -> Iterator[str]:
        if operation[KIND] != "send":
            yield from self._wait(operation)
            return
        if operation[GAP]:
            yield from self._hold(operation[GAP], self.silent)
        self.state = OFFERING
        if operation[STROBES]:
            while self._claimed_by_another(operation):
                yield self.silent
            self.board.claims.update((port, self.name) for port, _ in operation[STROBES])
        counts, name, text = self.board.counts, self.name, self._text(operation)
        offered_at = self._offered_at = counts[name]
        while counts[name] == offered_at:
            yield text
        self._finish(operation, True)

    def _claimed_by_another(self, operation: Operation) -> bool:
        return any(self.board.claims.get(port, self.name) != self.name for port, _ in operation[STROBES])

    def _finish(self, operation: Operation, accepted: bool) -> None:
        for port in [port for port, owner in self.board.claims.items() if owner == self.name]:
            del self.board.claims[port]
        if accepted:
            self._mid_packet = not operation[LAST]
            self.board.fired.update((port, self.board.cycle - 1) for port, _ in operation[STROBES])
        self._offered_at = None

    def _text(self, operation: Operation) -> str:
        last = ("1" if operation[LAST] else "0") if self._has_last else ""
        return f"1{last}{binary(operation[VALUE], self._width)}{self._strobes(operation)}"

    def _strobes(self, operation: Operation) -> str:
        if not operation[STROBES]:
            return self._no_strobes
        wanted = dict(operation[STROBES])
        return "".join(
            "1" + binary(wanted[port], width) if port in wanted else "0" * (1 + width) for port, width in self._attached
        )


class StrobeDriver(Driver):
    """Strobes values; a plain strobe gives way to an attached one that fires in the same cycle."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: Board) -> None:
        self._width: int = port["width"]
        super().__init__(port["name"], operations, board, "0" * (1 + self._width))

    def _play(self, operation: Operation) -> Iterator[str]:
        if operation[KIND] != "write":
            yield from self._wait(operation)
            return
        yield from self._hold(operation[GAP], self.silent)
        self.state = TIMED
        text = "1" + binary(operation[VALUE], self._width)
        while True:
            cycle = self.board.cycle
            yield text
            if self.board.fired.get(self.name) != cycle:
                return


class SinkDriver(Driver):
    """Drives ready."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: Board) -> None:
        super().__init__(port["name"], operations, board, "1")

    def _play(self, operation: Operation) -> Iterator[str]:
        kind, value = operation[KIND], operation[VALUE]
        if kind == "ready":
            return self._hold(value, "1")
        if kind == "stall":
            return self._hold(value, "0")
        return self._accept(value) if kind == "accept" else self._wait(operation)

    def _accept(self, transfers: int) -> Iterator[str]:
        self.state = ENDED
        counts, name = self.board.counts, self.name
        target = counts[name] + transfers
        while counts[name] < target:
            yield "1"


class ResponderDriver(Driver):
    """Takes requests and answers them in order from test memory.

    A request accepted in cycle t is answered in t + 1 + latency at the
    earliest. Stalls count only cycles in which the design is asking.
    """

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: Board, memory: list[int]) -> None:
        request, response = port["request"], port["response"]
        self._asking: int = request["valid"]
        self._address = slice(*request["address"])
        self._memory = memory or [0]
        self._prefix = "1" + ("1" if response["last"] else "")
        self._width: int = response["width"]
        self._nothing = "0" * (len(self._prefix) + self._width)
        self._owed: deque[tuple[int, str]] = deque()
        self._taken = self._answered = 0  # transfers of both streams that this driver has dealt with
        self._latency = 0
        super().__init__(port["name"], operations, board, "1")
        self._ready = self._walk().__next__
        self._request_state = ENDED
        self.plan = self._both

    def reset(self) -> None:
        """Forget what is owed."""
        self._note_transfers()
        self._owed.clear()

    def _note_transfers(self) -> None:
        counts = self.board.counts
        if counts[self.name + ".response"] > self._answered:
            self._answered += 1
            self._owed.popleft()
        if counts[self.name + ".request"] > self._taken:
            self._taken += 1
            bits = self.board.sample[self._address]
            address = int("".join(bit if bit == "1" else "0" for bit in bits), 2)
            word = binary(self._memory[address % len(self._memory)], self._width)
            self._owed.append((self.board.cycle + self._latency, self._prefix + word))

    def _both(self) -> str:
        self._note_transfers()
        self.state = self._request_state
        ready = self._ready()
        self._request_state = self.state
        if not self._owed:
            return ready + self._nothing
        due, text = self._owed[0]
        if due > self.board.cycle:
            self.state = TIMED
            return ready + self._nothing
        # A stall or a wait of the request side is looked at before an unanswered response is called stuck.
        self.state = self.state or OFFERING
        return ready + text

    def _play(self, operation: Operation) -> Iterator[str]:
        return self._serve(operation) if operation[KIND] == "serve" else self._wait(operation)

    def _serve(self, operation: Operation) -> Iterator[str]:
        self._latency = operation[GAP]
        for _ in range(operation[VALUE]):
            self.state, left = ENDED, operation[STALL]
            while left:
                yield "0"
                if self.board.sample[self._asking] == "1":
                    self.state = TIMED
                    left -= 1
            self.state, taken = ENDED, self._taken
            while self._taken == taken:
                yield "1"
        self._latency = 0


def binary(value: int, width: int) -> str:
    """`value` in `width` binary digits (none for width 0); higher bits are cut off."""
    return format(value & ((1 << width) - 1), f"0{width}b") if width else ""

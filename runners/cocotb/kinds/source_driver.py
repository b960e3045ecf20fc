"""The driver of a source: offers beats, holds them until accepted, and handles a reset within a packet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import (
    GAP,
    KIND,
    LAST,
    OFFERING,
    STROBES,
    VALUE,
    Driver,
    Operation,
    PinBoard,
    binary,
)


class SourceDriver(Driver):
    """Offers beats and holds them until they are accepted."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._has_last: bool = port["last"]
        self._width: int = port["width"]
        self._attached: list[tuple[str, int]] = [(name, width) for name, width in port.get("attached", ())]
        self._no_strobes = "0" * sum(1 + width for _, width in self._attached)
        self._mid_packet = False
        self._holds: bool = port.get("hold", False)
        self._offered_at: int | None = None  # accepted transfers when the current beat was first offered
        idle = "1" if port.get("ones", False) else "0"
        self._idle = "0" + idle * (self._has_last + self._width) + self._no_strobes
        super().__init__(port["name"], operations, board, self._idle)

    def reset(self) -> None:
        """Drop the packet of which some beats were accepted."""
        if self.index < len(self.operations):
            self._settle(self.operations[self.index])
        while self._mid_packet and self.index < len(self.operations):
            operation = self.operations[self.index]
            self._mid_packet = not (operation[KIND] == "send" and operation[LAST])
            self.index += 1
        self._mid_packet = False
        self.silent = self._idle
        self.plan = self._walk().__next__

    def _settle(self, operation: Operation) -> None:
        # The beat may have been accepted in the last cycle before the reset, which the generator has not seen yet.
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
            if self._holds:
                self.silent = "0" + self._text(operation)[1 : 1 + self._has_last + self._width] + self._no_strobes
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

"""The driver of a credit port: sends a beat whenever there is a credit for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import GAP, KIND, OFFERING, VALUE, Driver, Operation, PinBoard, binary

CREDITS = 2


class CreditDriver(Driver):
    """Counts credits; a reset brings back those of the start."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._width: int = port["beat"]["width"]
        self._before_reset = 0
        super().__init__(port["name"], operations, board, "0" * (1 + self._width))

    def reset(self) -> None:
        """Forget what was sent and returned."""
        self._before_reset = self._balance()

    def _balance(self) -> int:
        counts = self.board.counts
        return counts[self.name + ".return"] - counts[self.name + ".beat"]

    def _play(self, operation: Operation) -> Iterator[str]:
        if operation[KIND] != "send":
            yield from self._wait(operation)
            return
        yield from self._hold(operation[GAP], self.silent)
        self.state = OFFERING
        while CREDITS + self._balance() - self._before_reset <= 0:
            yield self.silent
        yield "1" + binary(operation[VALUE], self._width)

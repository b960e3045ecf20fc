"""The driver of a sink: drives ready."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import ENDED, KIND, VALUE, Driver, Operation, PinBoard


class SinkDriver(Driver):
    """Drives ready of one sink port."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
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

"""The driver of switches: holds what was set last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import GAP, KIND, TIMED, VALUE, Driver, Operation, PinBoard, binary


class SwitchesDriver(Driver):
    """Its silence is the value that it holds."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._width: int = port["held"]
        super().__init__(port["name"], operations, board, "0" * self._width)

    def _play(self, operation: Operation) -> Iterator[str]:
        if operation[KIND] != "set":
            yield from self._wait(operation)
            return
        yield from self._hold(operation[GAP], self.silent)
        self.state = TIMED
        self.silent = binary(operation[VALUE], self._width)
        yield self.silent

"""The driver of pins: holds the levels that were set last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import GAP, KIND, STALL, VALUE, Driver, Operation, PinBoard, binary


class PinsDriver(Driver):
    """Its silence is the levels that it holds; during a reset, and until the first change, those at rest."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._rest_levels: str = port["rest"]
        super().__init__(port["name"], operations, board, self._rest_levels)
        self.low = self._rest_levels

    def relax(self) -> bool:
        """Return to the levels at rest."""
        changed = self.silent != self._rest_levels
        self.silent = self._rest_levels
        return changed

    def _play(self, operation: Operation) -> Iterator[str]:
        if operation[KIND] != "set":
            yield from self._wait(operation)
            return
        yield from self._hold(operation[GAP], self.silent)
        self.silent = binary(operation[VALUE], len(self.silent))
        yield from self._hold(1 + operation[STALL], self.silent)

"""The driver of a strobe: writes without ready, which yield to writes that a beat carries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import GAP, KIND, TIMED, VALUE, Driver, Operation, PinBoard, binary


class StrobeDriver(Driver):
    """Drives writes; a plain write yields to an attached one (carried by a beat) that fires in the same cycle."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._width: int = port["width"]
        self._holds: bool = port.get("hold", False)
        super().__init__(port["name"], operations, board, "0" * (1 + self._width))

    def reset(self) -> None:
        """Hold the payload no longer."""
        self.silent = "0" * (1 + self._width)

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
            if self._holds:
                self.silent = "0" + text[1:]
            if self.board.fired.get(self.name) != cycle:
                return

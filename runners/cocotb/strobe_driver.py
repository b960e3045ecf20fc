"""The driver of a strobe: writes that nobody can refuse, but that give way to those which a beat carries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import GAP, KIND, TIMED, VALUE, Driver, Operation, PinBoard, binary


class StrobeDriver(Driver):
    """Strobes values; a plain strobe gives way to an attached one that fires in the same cycle."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
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

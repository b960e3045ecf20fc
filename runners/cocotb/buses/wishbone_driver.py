"""The drivers of Wishbone ports: classic cycles that last until the answer, and pipelined ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.buses.access_driver import AccessDriver, packed_text
from dv_agent.runners.cocotb.drivers import ENDED, OFFERING, Operation, PinBoard

MOST = 8  # pipelined requests without an answer at one time


class WishboneDriver(AccessDriver):
    """Drives ``stb``, the payload, and ``cyc`` with the constant signals, in this order of the drive vector.

    ``cyc`` is high with ``stb`` and as long as a request has no answer.
    """

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._payload, self._levels, self._pipelined = port["payload"], port["levels"], port["pipelined"]
        self._request = f"{port['name']}.request" if self._pipelined else port["name"]
        self._response = f"{port['name']}.response" if self._pipelined else ""
        self._before_reset = 0
        super().__init__(port, operations, board, "")
        self._nothing = "0" + packed_text(self._payload, {})
        self.low = self._nothing + packed_text(self._levels, {})
        self._track, self._track_state = self.plan, ENDED
        self.plan = self._all

    def reset(self) -> None:
        """Drop all accesses that have begun."""
        super().reset()
        self._track, self.plan = self.plan, self._all
        self._before_reset += self._open

    @property
    def _open(self) -> int:
        """Requests without an answer; a classic cycle has its answer with its request."""
        if not self._pipelined:
            return 0
        counts = self.board.counts
        return counts[self._request] - counts[self._response] - self._before_reset

    def _all(self) -> str:
        self.state = self._track_state
        request = self._track()
        self._track_state = self.state
        waiting = self._open > 0
        if waiting and self.state == ENDED:
            self.state = OFFERING
        return (request or self._nothing) + packed_text(self._levels, {"cyc": int(bool(request) or waiting)})

    def _access(self, operation: Operation) -> Iterator[str]:
        values = self.values(operation)
        text = "1" + packed_text(self._payload, values)
        self.state = OFFERING
        counts = self.board.counts
        accepted = counts[self._request]
        while counts[self._request] == accepted:
            yield text
        limit = MOST - 1 if values.get("overlap") else 0
        while self._open > limit:
            yield ""

"""The driver of an APB port: a setup cycle, then the access phase until the design is ready."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.buses.access_driver import AccessDriver, packed_text
from dv_agent.runners.cocotb.drivers import OFFERING, Operation, PinBoard


class ApbDriver(AccessDriver):
    """Drives ``penable``, the payload and ``psel``, in this order of the drive vector."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._payload = port["payload"]
        super().__init__(port, operations, board, "0" * (1 + port["width"] + 1))

    def _access(self, operation: Operation) -> Iterator[str]:
        payload = packed_text(self._payload, self.values(operation))
        self.state = OFFERING
        yield f"0{payload}1"
        counts, name = self.board.counts, self.name
        accepted = counts[name]
        while counts[name] == accepted:
            yield f"1{payload}1"

"""What the drivers of all buses share: accesses that begin, that a reset cuts, and payloads made of named fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import GAP, KIND, VALUE, Driver, Operation, PinBoard, binary

Values = Mapping[str, int]


class AccessDriver(Driver):
    """Plays accesses; a reset drops the one that has begun, and an access that has not begun comes after the reset.

    Attributes:
        begun: operations of the access that has driven a pin and is not over; 0 if there is none.
    """

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard, silent: str) -> None:
        self._places: dict[str, tuple[int, int]] = {name: (low, bits) for name, (low, bits) in port["item"].items()}
        self.begun = 0
        super().__init__(port["name"], operations, board, silent)

    def reset(self) -> None:
        """Drop the access that has begun."""
        self.index += self.begun
        self.begun = 0
        self.plan = self._walk().__next__

    def _play(self, operation: Operation) -> Iterator[str]:
        if operation[KIND] != "access":
            yield from self._wait(operation)
            return
        if operation[GAP]:
            yield from self._hold(operation[GAP], self.silent)
        self.begun = self.length()
        yield from self._access(operation)
        self.index += self.begun - 1
        self.begun = 0

    def length(self) -> int:
        """Return the number of operations of the access that begins with the current one."""
        return 1

    def _access(self, operation: Operation) -> Iterator[str]:
        raise NotImplementedError

    def values(self, operation: Operation) -> dict[str, int]:
        """Return the fields of an access by name."""
        packed = operation[VALUE]
        return {name: (packed >> low) & ((1 << bits) - 1) for name, (low, bits) in self._places.items()}


def packed_text(places: Sequence[tuple[str, int]], values: Values) -> str:
    """Return a payload as text, its first field in the least significant bits; fields without a value are 0."""
    return "".join(binary(values.get(name, 0), bits) for name, bits in reversed(places))

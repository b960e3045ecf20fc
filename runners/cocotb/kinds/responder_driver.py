"""The driver of a responder: accepts requests on one stream and answers them on another, from test memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import (
    ENDED,
    GAP,
    KIND,
    OFFERING,
    STALL,
    TIMED,
    VALUE,
    Driver,
    Operation,
    PinBoard,
    binary,
)


class ResponderDriver(Driver):
    """Accepts requests and answers them in order from test memory.

    A request accepted in cycle t is answered in t + 1 + latency at the
    earliest. Stalls count only cycles in which the design has a request.
    """

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        request, response = port["request"], port["response"]
        self._asking: int = request["valid"]
        self._address = slice(*request["fields"][0])
        self._memory: list[int] = board.memories.get(port["name"]) or [0]
        self._prefix = "1" + ("1" if response["last"] else "")
        self._width: int = response["width"]
        self._nothing: str = "0" * (len(self._prefix) + self._width)
        self._owed: deque[tuple[int, str]] = deque()
        self._taken = self._answered = 0  # transfers of both streams that this driver has processed
        self._latency = 0
        super().__init__(port["name"], operations, board, "1")
        self._ready: Callable[[], str] = self._walk().__next__
        self._request_state = ENDED
        self.low += self._nothing
        self.plan = self._both

    def reset(self) -> None:
        """Drop the requests that are not answered yet."""
        self._note_transfers()
        self._owed.clear()

    def _note_transfers(self) -> None:
        counts = self.board.counts
        if counts[self.name + ".response"] > self._answered:
            self._answered += 1
            self._owed.popleft()
        if counts[self.name + ".request"] > self._taken:
            self._taken += 1
            bits = self.board.sample[self._address]
            address = int("".join(bit if bit == "1" else "0" for bit in bits), 2)
            word = binary(self._memory[address % len(self._memory)], self._width)
            self._owed.append((self.board.cycle + self._latency, self._prefix + word))

    def _both(self) -> str:
        self._note_transfers()
        self.state = self._request_state
        ready = self._ready()
        self._request_state = self.state
        if not self._owed:
            return ready + self._nothing
        due, text = self._owed[0]
        if due > self.board.cycle:
            self.state = TIMED
            return ready + self._nothing
        # A stall or a wait of the request side is considered before an unaccepted response counts as blocked.
        self.state = self.state or OFFERING
        return ready + text

    def _play(self, operation: Operation) -> Iterator[str]:
        return self._serve(operation) if operation[KIND] == "serve" else self._wait(operation)

    def _serve(self, operation: Operation) -> Iterator[str]:
        self._latency = operation[GAP]
        for _ in range(operation[VALUE]):
            self.state, left = ENDED, operation[STALL]
            while left:
                yield "0"
                # A request withdrawn, as by a reset, may never return: only with one does the stall end by itself.
                asking = self.board.sample[self._asking] == "1"
                self.state = TIMED if asking else ENDED
                left -= asking
            self.state, taken = ENDED, self._taken
            while self._taken == taken:
                yield "1"
        self._latency = 0

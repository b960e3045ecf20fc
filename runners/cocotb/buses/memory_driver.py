"""The driver of a memory port: takes requests, answers them from test memory, and writes into it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.drivers import (
    ENDED,
    GAP,
    KIND,
    STALL,
    TIMED,
    VALUE,
    Driver,
    Operation,
    PinBoard,
    binary,
)


class MemoryDriver(Driver):
    """A memory whose word comes with ``ready``, in the next cycle, or with ``rvalid``.

    A request that is seen in cycle t is answered in t + 1 at the earliest; stalls and latencies come on top.
    """

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        request = port["request"]
        self._request = port["name"] + ".request"
        self._valid: int = request["valid"]
        self._has_ready = request["ready"] is not None
        self._fields = {
            name: slice(*place) for (name, _), place in zip(port["payload"], request["fields"], strict=True)
        }
        self._mode: str = port["answer"]
        self._answers_writes, self._writes, self._reads = port["answers_writes"], port["writes"], port["reads"]
        self._bits: int = port["word"]
        self._step: int = port["step"]
        self._memory: list[int] = board.memories.get(port["name"]) or [0]
        self._owed: deque[tuple[int, str]] = deque()
        self._taken = self._latency = 0
        self._took = False
        self._word = "0" * self._bits if self._reads else ""
        super().__init__(port["name"], operations, board, "1")
        self._willing: Callable[[], str] = self._walk().__next__
        self._request_state = ENDED
        answer = {"with_ready": len(self._word), "next": len(self._word), "rvalid": 1 + len(self._word)}
        self.low = "0" * (self._has_ready + answer[self._mode])
        self.plan = self._all

    def reset(self) -> None:
        """Drop the requests that are not answered yet; the words stay."""
        self._note()
        self._owed.clear()
        self._took = False

    @property
    def _asking(self) -> bool:
        """Whether the cycle before showed a request that was not taken in it."""
        return self.board.sample[self._valid : self._valid + 1] == "1" and not self._took

    def _value(self, field: str) -> int:
        """Return a field of the request in the cycle before; X and Z read as 0."""
        bits = self.board.sample[self._fields[field]]
        return int("0" + "".join(bit if bit == "1" else "0" for bit in bits), 2)

    @property
    def _place(self) -> int:
        return self._value("addr") // self._step % len(self._memory)

    def _note(self) -> None:
        """Do what the request asks that was taken in the cycle before."""
        self._took = self.board.counts[self._request] > self._taken
        if not self._took:
            return
        self._taken += 1
        write = self._value(self._writes) != 0 if self._writes else not self._reads
        if write:
            self._write()
        elif self._reads:
            self._word = binary(self._memory[self._place], self._bits)
        if self._mode == "rvalid" and (self._answers_writes or not write):
            self._owed.append((self.board.cycle + self._latency, "1" + self._word))

    def _write(self) -> None:
        if "data" not in self._fields:
            return
        mask = (1 << self._bits) - 1
        if "strb" in self._fields:
            strobe = self._value("strb")
            mask = sum(0xFF << 8 * byte for byte in range(self._bits // 8) if strobe >> byte & 1)
        place = self._place
        self._memory[place] = (self._memory[place] & ~mask) | (self._value("data") & mask)

    def _all(self) -> str:
        self._note()
        self.state = self._request_state
        willing = self._willing()
        self._request_state = self.state
        if self._mode == "with_ready":
            return self._with_ready(willing)
        ready = willing if self._has_ready else ""
        return ready + (self._word if self._mode == "next" else self._response())

    def _with_ready(self, willing: str) -> str:
        if willing == "0" or not self._asking:
            return "0" * (1 + len(self._word))
        self.state = TIMED
        return "1" + binary(self._memory[self._place], self._bits)

    def _response(self) -> str:
        if not self._owed:
            return "0" * (1 + len(self._word))
        due, text = self._owed[0]
        if due > self.board.cycle:
            self.state = TIMED
            return "0" * len(text)
        self._owed.popleft()
        self.state = TIMED
        return text

    def _play(self, operation: Operation) -> Iterator[str]:
        return self._serve(operation) if operation[KIND] == "serve" else self._wait(operation)

    def _serve(self, operation: Operation) -> Iterator[str]:
        # With the word in the cycle of ready, there is no later one: a latency is a longer stall.
        tied = self._mode == "with_ready"
        self._latency = 0 if tied else operation[GAP]
        for _ in range(operation[VALUE]):
            self.state, left = ENDED, operation[STALL] + tied * operation[GAP]
            # The cycle in which such a request is first seen is no stall: it cannot be answered in it.
            left += tied and left > 0
            while left and self._has_ready:
                yield "0"
                # A request withdrawn, as by a reset, may never return: only with one does the stall end by itself.
                self.state = TIMED if self._asking else ENDED
                left -= self._asking
            self.state, taken = ENDED, self._taken
            while self._taken == taken:
                yield "1"
        self._latency = 0

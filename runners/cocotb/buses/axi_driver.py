"""The driver of AXI4 and AXI4-Lite ports: requests wait in a queue for each channel, answers are counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.buses.access_driver import AccessDriver, Values, packed_text
from dv_agent.runners.cocotb.drivers import ENDED, OFFERING, STALL, TIMED, Operation, PinBoard

MOST = 4  # accesses without an answer at one time


class RequestChannel:
    """One of aw, w and ar: offers what is queued, in order, each entry at the earliest in its cycle.

    Attributes:
        queue: (cycle, payload with valid and last) of the transfers to come.
    """

    def __init__(self, key: str, port: dict[str, Any], payload: Sequence[tuple[str, int]], board: PinBoard) -> None:
        self.key = key
        self.board = board
        self.queue: deque[tuple[int, str]] = deque()
        self._payload, self._last = payload, bool(port["last"])
        self._seen = 0
        self._nothing = "0" * (1 + self._last + port["width"])

    def put(self, cycle: int, values: Values, last: bool = True) -> None:
        """Queue one transfer."""
        self.queue.append((cycle, "1" + str(int(last)) * self._last + packed_text(self._payload, values)))

    def note(self) -> None:
        """Take what was accepted in the cycle before off the queue."""
        if self.board.counts[self.key] > self._seen:
            self._seen += 1
            if self.queue:
                self.queue.popleft()

    def plan(self) -> tuple[int, str]:
        """Return the state of the channel and its piece of the drive vector."""
        if not self.queue:
            return ENDED, self._nothing
        due, text = self.queue[0]
        return (OFFERING, text) if due <= self.board.cycle else (TIMED, self._nothing)


class AnswerChannel:
    """One of b and r: ready, except that it stalls as each access asks.

    Attributes:
        stalls: cycles that the answers to come are still held, one entry for each transfer.
    """

    def __init__(self, key: str, port: dict[str, Any], board: PinBoard) -> None:
        self.key = key
        self.board = board
        self.stalls: deque[int] = deque()
        self._valid: int = port["valid"]
        self._seen = 0
        self._held = False

    def note(self) -> None:
        """Count the cycle before: an answer that was held, or accepted."""
        if self.board.counts[self.key] > self._seen:
            self._seen += 1
            if self.stalls:
                self.stalls.popleft()
        elif self._held and self.stalls and self.board.sample[self._valid] == "1":
            self.stalls[0] -= 1

    def plan(self) -> tuple[int, str]:
        """Return the state of the channel and its ready. A stall ends by itself only while there is an answer."""
        self._held = bool(self.stalls and self.stalls[0] > 0)
        if not self._held:
            return ENDED, "1"
        waiting = self.board.sample[self._valid : self._valid + 1] == "1"
        return TIMED if waiting else ENDED, "0"


class AxiDriver(AccessDriver):
    """Plays accesses on up to five channels; ``w`` and ``b`` belong to ``aw``, ``r`` belongs to ``ar``."""

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._parts: list[str] = [part for part in ("aw", "w", "b", "ar", "r") if part in port]
        payload, name = port["payload"], port["name"]
        self.requests: dict[str, RequestChannel] = {}
        self.answers: dict[str, AnswerChannel] = {}
        for part in self._parts:
            if part in ("b", "r"):
                self.answers[part] = AnswerChannel(f"{name}.{part}", port[part], board)
            else:
                self.requests[part] = RequestChannel(f"{name}.{part}", port[part], payload[part], board)
        super().__init__(port, operations, board, "")
        self._track = self.plan
        self._track_state = ENDED
        self.low = self._text(tied=port.get("tied", ""), low=True)
        self._tied: str = port.get("tied", "")
        self.plan = self._all

    def reset(self) -> None:
        """Drop all accesses that have begun."""
        self._note()
        for request in self.requests.values():
            request.queue.clear()
        for answer in self.answers.values():
            answer.stalls.clear()
        super().reset()
        self._track, self.plan = self.plan, self._all

    @property
    def open(self) -> int:
        """Transfers of answers that are still to come."""
        return sum(len(answer.stalls) for answer in self.answers.values())

    def _note(self) -> None:
        for request in self.requests.values():
            request.note()
        for answer in self.answers.values():
            answer.note()

    def _all(self) -> str:
        self._note()
        self.state = self._track_state
        self._track()
        self._track_state = self.state
        return self._text(self._tied)

    def _text(self, tied: str, low: bool = False) -> str:
        texts = []
        states = {self.state} if not low else set()
        for part in self._parts:
            state, text = self.requests[part].plan() if part in self.requests else self.answers[part].plan()
            states.add(state)
            texts.append("0" * len(text) if low else text)
        if TIMED in states:
            self.state = TIMED
        elif self.state == ENDED and (OFFERING in states or self.open):
            self.state = OFFERING
        return "".join(texts) + tied

    def _access(self, operation: Operation) -> Iterator[str]:
        values = self.values(operation)
        self.begin(operation, values)
        self.state = OFFERING
        limit = MOST - 1 if values.get("overlap") else 0
        while self.open > limit:
            yield ""

    def begin(self, operation: Operation, values: dict[str, int]) -> None:
        """Queue the requests of one access, and how its answer is held."""
        cycle = self.board.cycle
        if values["write"]:
            self.requests["aw"].put(cycle + values["aw_delay"], values)
            self.requests["w"].put(cycle + values["w_delay"], values)
            self.answers["b"].stalls.append(operation[STALL])
        else:
            self.requests["ar"].put(cycle, values)
            self.answers["r"].stalls.append(operation[STALL])

"""The driver of AXI4 and AXI4-Lite ports: requests wait in a queue for each channel, answers are counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.buses.access_driver import AccessDriver, Values, packed_text
from dv_agent.runners.cocotb.drivers import ENDED, GAP, LAST, OFFERING, STALL, TIMED, Operation, PinBoard, binary

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
        bursts: transfers that are still to come, one entry for each access.
    """

    def __init__(self, key: str, port: dict[str, Any], board: PinBoard) -> None:
        self.key = key
        self.board = board
        self.stalls: deque[int] = deque()
        self.bursts: deque[int] = deque()
        self._valid: int = port["valid"]
        self._seen = 0
        self._held = False

    def note(self) -> None:
        """Count the cycle before: an answer that was held, or accepted."""
        if self.board.counts[self.key] > self._seen:
            self._seen += 1
            if self.stalls:
                self.stalls.popleft()
                self.bursts[0] -= 1
                if not self.bursts[0]:
                    self.bursts.popleft()
        elif self._held and self.stalls and self.board.sample[self._valid] == "1":
            self.stalls[0] -= 1

    def expect(self, stall: int, transfers: int = 1) -> None:
        """Wait for the answer of one more access."""
        self.stalls.extend([stall] * transfers)
        self.bursts.append(transfers)

    def clear(self) -> None:
        """Expect nothing any more."""
        self.stalls.clear()
        self.bursts.clear()

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
        self._bounds: dict[str, int] = port.get("bursts", {})
        self._track, self._track_state = self.plan, ENDED
        self._tied = "".join(binary(value, bits) for bits, value in reversed(port.get("constant", ())))
        self.low = self._text(low=True)
        self.plan = self._all

    def reset(self) -> None:
        """Drop all accesses that have begun."""
        self._note()
        for request in self.requests.values():
            request.queue.clear()
        for answer in self.answers.values():
            answer.clear()
        super().reset()
        self._track, self.plan = self.plan, self._all

    @property
    def open(self) -> int:
        """Accesses whose answer is still to come."""
        return sum(len(answer.bursts) for answer in self.answers.values())

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
        return self._text()

    def _text(self, low: bool = False) -> str:
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
        return "".join(texts) + self._tied

    def length(self) -> int:
        """Return the beats of the burst that begins with the current operation."""
        count = 1
        while not self.operations[self.index + count - 1][LAST]:
            count += 1
        return count

    def _access(self, operation: Operation) -> Iterator[str]:
        beats = self.operations[self.index : self.index + self.begun]
        values = self.values(operation)
        self._begin(beats[: self._fitting(values["addr"], len(beats))], values)
        self.state = OFFERING
        limit = MOST - 1 if values["overlap"] else 0
        while self.open > limit:
            yield ""

    def _fitting(self, address: int, beats: int) -> int:
        """Return how many beats a burst may have that begins at `address`."""
        if not self._bounds:
            return 1
        size, page = self._bounds["bytes"], self._bounds["page"]
        end = min(address // page * page + page, max(self._bounds["last"], address) + size)
        return max(1, min(beats, (end - address // size * size) // size))

    def _begin(self, beats: Sequence[Operation], values: dict[str, int]) -> None:
        """Queue the requests of one access, and how its answer is held."""
        cycle, stall = self.board.cycle, beats[0][STALL]
        request = {**values, "len": len(beats) - 1}
        if not values["write"]:
            self.requests["ar"].put(cycle, request)
            self.answers["r"].expect(stall, len(beats))
            return
        self.requests["aw"].put(cycle + values["aw_delay"], request)
        cycle += values["w_delay"]
        for place, beat in enumerate(beats):
            data = self.values(beat)
            if place:
                cycle += beat[GAP]
            elif self._bounds:
                # Bytes below the address are not part of the first beat.
                data["strb"] = data.get("strb", 0) >> (skip := data["addr"] % self._bounds["bytes"]) << skip
            self.requests["w"].put(cycle, data, last=place == len(beats) - 1)
        self.answers["b"].expect(stall)

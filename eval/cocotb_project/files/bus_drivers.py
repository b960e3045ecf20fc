"""The driver of AXI4-Lite ports: requests wait in a queue for each channel, answers are counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dv_agent.eval.cocotb_project.files.port_drivers import DONE, OFFERING, TIMED, Board, Driver, Levels, Step, pins_of

MOST = 4  # accesses without an answer at one time
REQUESTS = ("aw", "w", "ar")


class RequestChannel:
    """One of aw, w and ar: offers what is queued, in order, each entry at the earliest in its cycle."""

    def __init__(self, part: Mapping[str, Any], board: Board) -> None:
        self._part, self._board = part, board
        self.queue: deque[tuple[int, Levels]] = deque()
        self._taken = 0
        self.nothing = dict.fromkeys([part["valid"], *(one["pin"] for one in part["fields"].values())], 0)

    def put(self, cycle: int, values: Mapping[str, int]) -> None:
        """Queue one transfer."""
        payload = pins_of(self._part["fields"], {name: values.get(name, 0) for name in self._part["fields"]})
        self.queue.append((cycle, {self._part["valid"]: 1, **payload}))

    def note(self) -> None:
        """Take what was accepted in the cycle before off the queue."""
        if self._board.moved[self._part["stream"]] > self._taken:
            self._taken += 1
            if self.queue:
                self.queue.popleft()

    def plan(self) -> tuple[str, Levels]:
        """Return the state of the channel and its levels."""
        if not self.queue:
            return DONE, self.nothing
        due, levels = self.queue[0]
        return (OFFERING, levels) if due <= self._board.cycle else (TIMED, self.nothing)


class AnswerChannel:
    """One of b and r: ready, except that it stalls as each access asks, as long as there is an answer."""

    def __init__(self, part: Mapping[str, Any], board: Board) -> None:
        self._part, self._board = part, board
        self.stalls: deque[int] = deque()
        self._taken, self._held = 0, False
        self.nothing = {part["ready"]: 0}

    def note(self) -> None:
        """Count the cycle before: an answer that was held, or accepted."""
        if self._board.moved[self._part["stream"]] > self._taken:
            self._taken += 1
            if self.stalls:
                self.stalls.popleft()
        elif self._held and self.stalls and self._waiting():
            self.stalls[0] -= 1

    def plan(self) -> tuple[str, Levels]:
        """Return the state of the channel and its ready."""
        self._held = bool(self.stalls and self.stalls[0] > 0)
        if not self._held:
            return DONE, {self._part["ready"]: 1}
        return TIMED if self._waiting() else DONE, self.nothing

    def _waiting(self) -> bool:
        return self._board.pins.get(self._part["valid"]) == 1


class AxiLiteDriver(Driver):
    """Plays ``{"access": {"write": 1, "addr": 4, "data": 5}, "gap": 2, "stall": 3}``; the stall holds the answer."""

    def __init__(self, port: Mapping[str, Any], steps: Sequence[Step], board: Board) -> None:
        parts = port["parts"].items()
        self._requests = {name: RequestChannel(part, board) for name, part in parts if name in REQUESTS}
        self._answers = {name: AnswerChannel(part, board) for name, part in parts if name not in REQUESTS}
        self._begun, self._track_state = 0, DONE
        super().__init__(port["name"], steps, board, {})
        self.in_reset = {pin: 0 for one in self._channels for pin in one.nothing}

    @property
    def _channels(self) -> list[RequestChannel | AnswerChannel]:
        return [*self._requests.values(), *self._answers.values()]

    def reset(self) -> None:
        """Drop all accesses that have begun."""
        for channel in self._channels:
            channel.note()
        for request in self._requests.values():
            request.queue.clear()
        for answer in self._answers.values():
            answer.stalls.clear()
        self.index, self._begun = self.index + self._begun, 0
        self._walk = self._play_all()

    def plan(self) -> Levels:
        """Return the levels of all channels."""
        for channel in self._channels:
            channel.note()
        self.state = self._track_state
        next(self._walk)
        self._track_state = self.state
        states, levels = set(), dict[str, int]()
        for channel in self._channels:
            state, own = channel.plan()
            states.add(state)
            levels |= own
        if TIMED in states:
            self.state = TIMED
        elif self.state == DONE and (OFFERING in states or self._open):
            self.state = OFFERING
        return levels

    @property
    def _open(self) -> int:
        return sum(len(answer.stalls) for answer in self._answers.values())

    def _play(self, step: Step) -> Iterator[Levels]:
        if "access" not in step:
            yield from super()._play(step)
            return
        yield from self._hold(step.get("gap", 0), self.rest)
        self._begun, values, cycle = 1, step["access"], self.board.cycle
        if values["write"]:
            self._requests["aw"].put(cycle + values["aw_delay"], values)
            self._requests["w"].put(cycle + values["w_delay"], values)
        else:
            self._requests["ar"].put(cycle, values)
        self._answers["b" if values["write"] else "r"].stalls.append(step.get("stall", 0))
        self.state = OFFERING
        while self._open > (MOST - 1 if values["overlap"] else 0):
            yield self.rest
        self._begun = 0


BUS_DRIVERS = {"axi_lite": AxiLiteDriver}

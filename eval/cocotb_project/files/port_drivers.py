"""The drivers of the ports: each plays the steps of its track, one clock cycle after the other.

A driver is a generator: each ``yield`` is one cycle, and gives the levels of its pins after the rising edge that begins
it. When it goes on, `Board` shows what moved in the cycle before. While reset is active all drivers rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Levels = dict[str, int]
"""Pin -> level."""
Step = Mapping[str, Any]
"""One step of a track, such as ``{"send": {"m": 3}, "gap": 2}`` or ``{"idle": 5}``; see the README."""

DONE = "done"  # nothing left to do
TIMED = "timed"  # changes by itself after some cycles
OFFERING = "offering"  # valid is high, and the design has to answer
WAITING = "waiting"  # for transfers that may never come


@dataclass
class Board:
    """What the drivers of one test know of it.

    Attributes:
        cycle: the cycle that is being planned, from 0.
        moved: stream -> transfers since the test began.
        pins: the levels that were sampled in the cycle before; None for X and Z.
        memories: port -> words that it answers with.
        fired: port -> the last cycle in which a write that a beat carried happened on it.
        claims: port -> source that offers a beat with a write on it.
    """

    moved: dict[str, int]
    memories: Mapping[str, Sequence[int]]
    cycle: int = 0
    pins: Mapping[str, int | None] = field(default_factory=dict)
    fired: dict[str, int] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)


def pins_of(fields: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any]) -> Levels:
    """Return the levels of the pins of a payload; lane 0 of a vector is in its lowest bits."""
    levels = {}
    for name, one in fields.items():
        value, width = values[name], one["width"]
        lanes = value if isinstance(value, list) else [value]
        mask = (1 << width) - 1
        levels[one["pin"]] = sum((lane & mask) << (place * width) for place, lane in enumerate(lanes))
    return levels


class Driver:
    """The base of all drivers: plays the steps, and the waits that every track may hold.

    Attributes:
        rest: the levels while there is nothing to do.
        state: `DONE`, `TIMED`, `OFFERING` or `WAITING`, after the last `plan`.
        release: ends a wait that would never end.
    """

    def __init__(self, name: str, steps: Sequence[Step], board: Board, rest: Levels) -> None:
        self.name, self.steps, self.board = name, steps, board
        self.rest, self.in_reset = rest, dict.fromkeys(rest, 0)
        self.state, self.release, self.index = DONE, False, 0
        self._walk = self._play_all()

    def plan(self) -> Levels:
        """Return the levels of the cycle that the board shows; called once a cycle, but not in reset."""
        return next(self._walk)

    def reset(self) -> None:
        """A reset begins."""

    def carried(self) -> Iterator[tuple[str, str, Levels]]:
        """Yield (valid, ready, levels) of each write that happens if the beat with these pins is accepted."""
        yield from ()

    def relax(self) -> bool:
        """Nothing moves any more: demand no longer what a test set for good; return whether that changes anything."""
        return False

    def _play_all(self) -> Iterator[Levels]:
        while self.index < len(self.steps):
            yield from self._play(self.steps[self.index])
            self.index += 1
        self.state = DONE
        while True:
            yield self.rest

    def _play(self, step: Step) -> Iterator[Levels]:
        held = dict.fromkeys(self.rest, 0) if step.get("held") else {}  # ready is low during this wait
        if "after" in step:
            self.state, self.release = WAITING, False
            while self.board.moved[step["after"]] < step["transfers"] and not self.release:
                yield held or self.rest
        elif "at" in step:
            self.state = TIMED
            while self.board.cycle < step["at"]:
                yield held or self.rest
        else:
            yield from self._hold(step.get("idle", step.get("hold", 0)), self.rest)

    def _hold(self, cycles: int, levels: Levels) -> Iterator[Levels]:
        self.state = TIMED
        for _ in range(cycles):
            yield levels


class ResetDriver(Driver):
    """The reset: ``{"pulse": 3}`` is active for 3 cycles."""

    def __init__(self, steps: Sequence[Step], board: Board) -> None:
        super().__init__("reset", steps, board, {"reset": 0})

    def _play(self, step: Step) -> Iterator[Levels]:
        return self._hold(step["pulse"], {"reset": 1}) if "pulse" in step else super()._play(step)


class SourceDriver(Driver):
    """Offers beats: valid and payload stay until the beat is accepted.

    A reset drops the packet of which some beats were accepted; one without accepted beats is sent after it.
    """

    def __init__(self, port: Mapping[str, Any], steps: Sequence[Step], board: Board) -> None:
        self._port = port
        zero = {
            pin: 0 for pin in [port["valid"], port["last"], *(one["pin"] for one in port["fields"].values())] if pin
        }
        self._zero = zero
        self._offered: Step | None = None
        self._idle = zero | (_ones(port) if port["ones"] else {})
        self._in_packet = False
        self._offered_at: int | None = None
        super().__init__(port["name"], steps, board, self._idle)

    def reset(self) -> None:
        """Drop a packet that has begun."""
        if self.index < len(self.steps):
            # The beat may have been accepted in the cycle before.
            accepted = self._offered_at is not None and self.board.moved[self.name] > self._offered_at
            self._settle(self.steps[self.index], accepted)
            self.index += accepted
        while self._in_packet and self.index < len(self.steps):
            step = self.steps[self.index]
            self._in_packet = not ("send" in step and step["last"])
            self.index += 1
        self._in_packet = False
        self.rest = self._idle
        self._walk = self._play_all()

    def _play(self, step: Step) -> Iterator[Levels]:
        if "send" not in step:
            yield from super()._play(step)
            return
        if step.get("gap"):
            yield from self._hold(step["gap"], self.rest)
        self.state = OFFERING
        writes = step.get("with", {})
        while any(self.board.claims.get(port, self.name) != self.name for port in writes):
            yield self.rest
        self.board.claims.update(dict.fromkeys(writes, self.name))
        offer, self._offered = self._offer(step), step
        before = self._offered_at = self.board.moved[self.name]
        while self.board.moved[self.name] == before:
            yield offer
        self._settle(step, True)

    def _offer(self, step: Step) -> Levels:
        port = self._port
        levels = self._zero | {port["valid"]: 1} | pins_of(port["fields"], step["send"])
        if port["last"]:
            levels[port["last"]] = step["last"]
        return levels

    def carried(self) -> Iterator[tuple[str, str, Levels]]:
        """See `Driver.carried`."""
        for name, values in (self._offered or {}).get("with", {}).items():
            rider = self._port["riders"][name]
            yield self._port["valid"], self._port["ready"], {rider["valid"]: 1} | pins_of(rider["fields"], values)

    def _settle(self, step: Step, accepted: bool) -> None:
        for port in [port for port, owner in self.board.claims.items() if owner == self.name]:
            del self.board.claims[port]
        if accepted:
            self._in_packet = not step["last"]
            if self._port["hold"]:
                own = {one["pin"] for one in self._port["fields"].values()} | {self._port["last"]}
                self.rest = self._zero | {pin: level for pin, level in self._offer(step).items() if pin in own}
            self.board.fired.update(dict.fromkeys(step.get("with", {}), self.board.cycle - 1))
        self._offered_at = self._offered = None


def _ones(port: Mapping[str, Any]) -> Levels:
    """Return last and payload with all bits high."""
    levels = {one["pin"]: (1 << (one["width"] * one["lanes"])) - 1 for one in port["fields"].values()}
    return levels | ({port["last"]: 1} if port["last"] else {})


class StrobeDriver(Driver):
    """Writes: the enable is high for one cycle. A write that a beat carries goes first."""

    def __init__(self, port: Mapping[str, Any], steps: Sequence[Step], board: Board) -> None:
        self._port = port
        self._zero = dict.fromkeys([port["valid"], *(one["pin"] for one in port["fields"].values())], 0)
        super().__init__(port["name"], steps, board, self._zero)

    def reset(self) -> None:
        """Hold the payload no longer."""
        self.rest = self._zero
        super().reset()

    def _play(self, step: Step) -> Iterator[Levels]:
        if "write" not in step:
            yield from super()._play(step)
            return
        yield from self._hold(step.get("gap", 0), self.rest)
        self.state = TIMED
        payload = pins_of(self._port["fields"], step["write"])
        while True:
            cycle = self.board.cycle
            yield {self._port["valid"]: 1, **payload}
            if self._port["hold"]:
                self.rest = {self._port["valid"]: 0, **payload}
            if self.board.fired.get(self.name) != cycle:
                return


class SinkDriver(Driver):
    """Takes what the design sends: ``{"ready": 4}``, ``{"stall": 9}``, ``{"accept": 2}``; ready when all is done."""

    def __init__(self, port: Mapping[str, Any], steps: Sequence[Step], board: Board) -> None:
        self._ready = port["ready"]
        super().__init__(port["name"], steps, board, {self._ready: 1} if self._ready else {})

    def _play(self, step: Step) -> Iterator[Levels]:
        if "ready" in step:
            return self._hold(step["ready"], self.rest)
        if "stall" in step:
            return self._hold(step["stall"], dict.fromkeys(self.rest, 0))
        return self._accept(step["accept"]) if "accept" in step else super()._play(step)

    def _accept(self, transfers: int) -> Iterator[Levels]:
        self.state = DONE
        target = self.board.moved[self.name] + transfers
        while self.board.moved[self.name] < target:
            yield self.rest


class ResponderDriver(Driver):
    """Answers the design's requests in order, from the test's memory.

    A request of cycle t is answered in t + 1 + latency at the earliest; stalls count only cycles with a request.
    """

    def __init__(self, port: Mapping[str, Any], steps: Sequence[Step], board: Board) -> None:
        self._request, self._response = port["request"], port["response"]
        self._memory = board.memories.get(port["name"]) or [0]
        (self._address,) = [one["pin"] for one in self._request["fields"].values()][:1]
        self._word: Mapping[str, Any] = next(iter(self._response["fields"].values()))
        self._nothing = {pin: 0 for pin in [self._response["valid"], self._response["last"], self._word["pin"]] if pin}
        self._owed: deque[tuple[int, int]] = deque()
        self._taken = self._answered = self._latency = 0
        self._request_state = DONE
        super().__init__(port["name"], steps, board, {self._request["ready"]: 1})
        self.in_reset |= self._nothing

    def reset(self) -> None:
        """Drop the requests that are not answered yet."""
        self._note()
        self._owed.clear()

    def plan(self) -> Levels:
        """Return ready of the requests, and the answer that is due."""
        self._note()
        self.state = self._request_state
        ready = next(self._walk)
        self._request_state = self.state
        if not self._owed:
            return ready | self._nothing
        due, word = self._owed[0]
        if due > self.board.cycle:
            self.state = TIMED
            return ready | self._nothing
        self.state = OFFERING if self.state == DONE else self.state
        return ready | dict.fromkeys(self._nothing, 1) | {self._word["pin"]: word}

    def _note(self) -> None:
        moved = self.board.moved
        if moved[self._response["stream"]] > self._answered:
            self._answered += 1
            self._owed.popleft()
        if moved[self._request["stream"]] > self._taken:
            self._taken += 1
            address = self.board.pins[self._address] or 0
            self._owed.append((self.board.cycle + self._latency, self._memory[address % len(self._memory)]))

    def _play(self, step: Step) -> Iterator[Levels]:
        return self._serve(step) if "serve" in step else super()._play(step)

    def _serve(self, step: Step) -> Iterator[Levels]:
        self._latency = step["latency"]
        for _ in range(step["serve"]):
            self.state, left = DONE, step["stall"]
            while left:
                yield dict.fromkeys(self.rest, 0)
                asking = self.board.pins[self._request["valid"]] == 1
                self.state = TIMED if asking else DONE
                left -= asking
            self.state, taken = DONE, self._taken
            while self._taken == taken:
                yield self.rest
        self._latency = 0


class PinsDriver(Driver):
    """Holds levels: ``{"set": {"mode": 2}}`` until the next one."""

    def __init__(self, port: Mapping[str, Any], steps: Sequence[Step], board: Board) -> None:
        self._fields = port["fields"]
        self._at_rest = dict(port["rest"])
        super().__init__(port["name"], steps, board, self._at_rest)
        self.in_reset = self._at_rest

    def relax(self) -> bool:
        """Return to the levels at rest."""
        changed = self.rest != self._at_rest
        self.rest = self._at_rest
        return changed

    def _play(self, step: Step) -> Iterator[Levels]:
        if "set" not in step:
            yield from super()._play(step)
            return
        yield from self._hold(step.get("gap", 0), self.rest)
        self.rest = pins_of(self._fields, step["set"])
        yield from self._hold(1 + step.get("stall", 0), self.rest)


DRIVERS: dict[str, type[SourceDriver | StrobeDriver | SinkDriver | ResponderDriver | PinsDriver]] = {
    "source": SourceDriver,
    "strobe": StrobeDriver,
    "sink": SinkDriver,
    "responder": ResponderDriver,
    "pins": PinsDriver,
}

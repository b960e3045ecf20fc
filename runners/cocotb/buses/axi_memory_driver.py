"""The driver of a memory behind AXI4 or AXI4-Lite: takes requests of the design, answers them in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dv_agent.runners.cocotb.buses.access_driver import packed_text
from dv_agent.runners.cocotb.drivers import ENDED, GAP, KIND, OFFERING, STALL, TIMED, VALUE, Driver, Operation, PinBoard

Fields = dict[str, int]
FIXED, WRAP = 0, 2  # kinds of bursts; all others have the next address with each beat


class AxiMemoryDriver(Driver):
    """Channels of one memory. A request is held by ``stall``, its answer comes ``latency`` cycles later than possible.

    A write is done when its last beat is in; a word is read when its beat is first offered.
    """

    def __init__(self, port: dict[str, Any], operations: Sequence[Operation], board: PinBoard) -> None:
        self._port = port
        self._parts: list[str] = [part for part in ("aw", "w", "b", "ar", "r") if part in port]
        self._keys = {part: f"{port['name']}.{part}" for part in self._parts}
        self._seen = dict.fromkeys(self._parts, 0)
        self._memory: list[int] = board.memories.get(port["name"]) or [0]
        self._addressed: deque[tuple[int, Fields]] = deque()  # writes without all of their data: latency, request
        self._data: deque[Fields] = deque()
        self._written: deque[tuple[int, str]] = deque()  # answers of writes: earliest cycle, text
        self._reads: deque[tuple[int, Fields, int]] = deque()  # beats of reads: earliest cycle, request, place
        self._offered = ""  # the beat of a read that is being offered
        self._latency = self._taken = 0
        self._held: str = "0" * port.get("held", 0)
        super().__init__(port["name"], operations, board, "1")
        self._willing: Callable[[], str] = self._walk().__next__
        self._request_state = ENDED
        self._nothing: dict[str, str] = {
            part: "0" * (1 + port[part]["last"] + port[part]["width"]) for part in self._parts if part in ("b", "r")
        }
        self.low = "".join(self._nothing.get(part, "0") for part in self._parts) + self._held
        self.plan = self._all

    def reset(self) -> None:
        """Drop all that is under way; the words stay."""
        self._note()
        for queue in (self._addressed, self._data, self._written, self._reads):
            queue.clear()
        self._offered = ""

    # What the cycle before did ----------------------------------------------------------------------------

    def _fired(self, part: str) -> bool:
        if part not in self._seen or self.board.counts[self._keys[part]] <= self._seen[part]:
            return False
        self._seen[part] += 1
        return True

    def _fields(self, part: str) -> Fields:
        """Return the fields of a transfer in the cycle before; X and Z read as 0."""
        found, sample = {}, self.board.sample
        names = (name for name, _ in self._port["payload"][part])
        for name, (first, end) in zip(names, self._port[part]["fields"], strict=True):
            found[name] = int("0" + "".join(bit if bit == "1" else "0" for bit in sample[first:end]), 2)
        return found

    def _note(self) -> None:
        if self._fired("b"):
            self._written.popleft()
        if self._fired("r"):
            self._reads.popleft()
            self._offered = ""
        if self._fired("aw"):
            self._taken += 1
            self._addressed.append((self._latency, self._fields("aw")))
        if self._fired("w"):
            self._data.append(self._fields("w"))
        while self._addressed and len(self._data) > self._addressed[0][1].get("len", 0):
            self._write(*self._addressed.popleft())
        if self._fired("ar"):
            self._taken += 1
            request = self._fields("ar")
            due = self.board.cycle + self._latency
            self._reads.extend((due, request, place) for place in range(request.get("len", 0) + 1))

    def _write(self, latency: int, request: Fields) -> None:
        for place in range(request.get("len", 0) + 1):
            data = self._data.popleft()
            strobes = data.get("strb", -1)
            mask = sum(0xFF << 8 * byte for byte in range(self._port["bytes"]) if strobes >> byte & 1)
            word = self._word(request, place)
            self._memory[word] = (self._memory[word] & ~mask) | (data["data"] & mask)
        answer = "1" + packed_text(self._port["payload"]["b"], {"id": request.get("id", 0)})
        self._written.append((self.board.cycle + latency, answer))

    def _word(self, request: Fields, place: int) -> int:
        """Return the place in the memory of one beat of a burst."""
        size = 1 << request["size"] if "size" in request else self._port["bytes"]
        first, kind = request["addr"], request.get("burst", 1)
        address = first if kind == FIXED or not place else first // size * size + place * size
        if kind == WRAP:
            whole = size * (request.get("len", 0) + 1)
            address = first // whole * whole + address % whole
        step: int = self._port["step"]
        return address // step % len(self._memory)

    # What comes next --------------------------------------------------------------------------------------

    def _all(self) -> str:
        self._note()
        self.state = self._request_state
        ready = self._willing()
        self._request_state = self.state
        texts = {"aw": ready, "ar": ready, "w": "1", "b": self._write_answer(), "r": self._read_answer()}
        return "".join(texts[part] for part in self._parts) + self._held

    def _write_answer(self) -> str:
        if not self._written:
            return self._nothing.get("b", "")
        due, text = self._written[0]
        return self._timed(due, text, self._nothing["b"])

    def _read_answer(self) -> str:
        if not self._reads:
            return self._nothing.get("r", "")
        due, request, place = self._reads[0]
        if due <= self.board.cycle and not self._offered:
            values = {"id": request.get("id", 0), "data": self._memory[self._word(request, place)]}
            last = str(int(place == request.get("len", 0))) * self._port["r"]["last"]
            self._offered = "1" + last + packed_text(self._port["payload"]["r"], values)
        return self._timed(due, self._offered, self._nothing["r"])

    def _timed(self, due: int, text: str, nothing: str) -> str:
        """Return an answer, or nothing before it is due."""
        if due > self.board.cycle:
            self.state = TIMED
            return nothing
        self.state = self.state or OFFERING
        return text

    @property
    def _asking(self) -> bool:
        return any(self.board.sample[self._port[part]["valid"]] == "1" for part in ("aw", "ar") if part in self._port)

    def _play(self, operation: Operation) -> Iterator[str]:
        return self._serve(operation) if operation[KIND] == "serve" else self._wait(operation)

    def _serve(self, operation: Operation) -> Iterator[str]:
        self._latency = operation[GAP]
        served = 0
        while served < operation[VALUE]:
            self.state, left = ENDED, operation[STALL]
            while left:
                yield "0"
                # A request withdrawn, as by a reset, may never return: only with one does the stall end by itself.
                self.state = TIMED if self._asking else ENDED
                left -= self._asking
            self.state, taken = ENDED, self._taken
            while self._taken == taken:
                yield "1"
            served += self._taken - taken
        self._latency = 0

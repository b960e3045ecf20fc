"""The beats that a source offers, put into packets of the lengths that its design allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from dv_agent.designs.program import Op


class Beat(NamedTuple):
    """A beat on the pins: the cycle in which it is first offered, its payload, and whether last is high."""

    cycle: int
    payload: int
    last: bool


@dataclass
class Packets:
    """Makes operations of beats.

    Args:
        least, most: beats of a packet.
        ends: whether a pin ends packets; otherwise they end as soon as they may.
    """

    least: int
    most: int
    ends: bool

    def __post_init__(self) -> None:
        self._ops: list[Op] = []
        self._count = 0  # beats of the open packet
        self._now: Beat | None = None  # offered, not accepted
        self._again: Beat | None = None  # what a reset took back, the first beat of a packet: it is offered again
        self._free = 0  # the first cycle in which the next beat can be offered
        self._from = 0  # the first cycle behind the last reset
        self._soonest = 0  # when the first beat of the open packet could have been offered

    @property
    def offers(self) -> bool:
        """Whether a beat is offered that is not accepted yet."""
        return self._now is not None

    def offer(self, beat: Beat, accepted: bool) -> bool:
        """Take a cycle with valid; return False if what is offered has changed."""
        if self._again is not None:
            if self._again[1:] != beat[1:] or not self._waited(beat.cycle - self._from):
                return False
            self._now, self._again = beat, None
        elif self._now is None:
            self._begin(beat)
            self._now = beat
        elif self._now[1:] != beat[1:]:
            return False
        if accepted:
            self._now = None
            self._free = beat.cycle + 1
            if self._ops[-1].last:
                self._count = 0
        return True

    def reset(self, cycle: int) -> None:
        """Take a reset that begins in `cycle`: what it takes back is offered again, unless beats of its packet were
        accepted; then the packet is over.
        """  # fmt: skip
        if self._count == 1 and self._now is not None:
            self._again, self._now = self._now, None
        elif self._again is None:
            if self._count:
                self._complete(cycle)
            self._count, self._now = 0, None

    def rest(self, cycle: int) -> None:
        """Take a cycle of a reset."""
        self._from = cycle + 1

    def ops(self, end: int) -> list[Op]:
        """Return the operations; a packet that is open is completed from cycle `end` on."""
        if self._count and not self._ops[-1].last:
            self._complete(end)
        return self._ops

    def _begin(self, beat: Beat) -> None:
        self._count += 1
        last = beat.last if self.ends else self._count >= self.least
        gap = 0
        if self._count == 1:
            self._soonest = max(self._free, self._from)
            self._ops += [Op("at", beat.cycle)] if beat.cycle > self._free else []
        else:
            gap = beat.cycle - self._free
        self._ops.append(Op("send", beat.payload, gap=gap, last=int(last)))

    def _waited(self, gap: int) -> bool:
        """Let the first beat of a packet wait so long before each offer of it; return False if it did not before."""
        *before, send = self._ops
        if gap == send.gap:
            return True
        at = before.pop() if before and before[-1].kind == "at" else None
        begins = (at.value if at else self._soonest) - gap
        if send.gap or begins < self._soonest:
            return False
        self._ops = [*before, *[Op("at", begins)] * (begins > self._free), send._replace(gap=gap)]
        return True

    def _complete(self, cycle: int) -> None:
        """Add beats, not before `cycle`, until the packet has its least length."""
        gap = max(cycle - self._free, 0)
        while self._count < self.least or not self._ops[-1].last:
            self._count += 1
            self._ops.append(Op("send", 0, gap=gap, last=int(self._count >= self.least)))
            gap = 0

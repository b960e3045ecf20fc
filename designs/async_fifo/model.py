"""Reference model of ``async_fifo``, written from ``spec.md``: words on both sides, and when each side sees them.

Axis name used below: c cycles, which are steps: instants at which at least one clock rises. All arrays are int64.
"""

from __future__ import annotations

import numpy as np

from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.rules.clocked_registers import NEVER, Clocked
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace

PLACES, TURNS = 16, 32  # words that fit; a pointer tells them modulo twice as many
PINS = ("winc", "wdata", "rinc", "wfull", "rempty")


def observe(trace: Trace) -> Observation:
    """See `dv_agent.designs.observation.ReferenceModel`; nothing is foretold if the trace does not hold the pins."""
    if not Clocked.has(trace, PINS):
        return Observation(expected={}, tables={"read": Table({}), "write": Table({})})
    queue = Queue(trace)
    tables = {"read": queue.events(queue.reads, queue.popped), "write": queue.events(queue.writes, queue.pushed)}
    return Observation(expected={}, tables=tables, levels=queue.levels())


class Queue:
    """Section 3 of spec.md: (c,) columns of one trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace, self._at = trace, Clocked(trace)
        live = ~trace.in_reset
        self.writes, self.reads = trace.ticks("wr") & live, trace.ticks("rd") & live
        self.pushed = self.writes & self._at.high("winc") & ~self._at.high("wfull")
        self.popped = self.reads & self._at.high("rinc") & ~self._at.high("rempty")
        self._written, self._read = self._count(self.pushed), self._count(self.popped)

    def events(self, edges: BoolColumn, moved: BoolColumn) -> Table:
        """One row an edge: the pointer before it, and 1 if a word moves at it."""
        pointer = self._count(moved) % TURNS
        at = np.flatnonzero(edges)
        return Table(
            {
                "cycle": at,
                "epoch": self._trace.epoch[at],
                "pointer": pointer[at],
                "moves": moved.astype(np.int64)[at],
            }
        )

    def levels(self) -> dict[str, IntColumn]:
        """All outputs, cycle by cycle, section 3.2 and 3.3."""
        room = (self._seen(self._read, self.writes) + PLACES - self._written - self.pushed) % TURNS
        left = (self._seen(self._written, self.reads) - self._read - self.popped) % TURNS
        return {
            "wfull": self._flag(self.writes, room == 0, 0),
            "awfull": self._flag(self.writes, room == 1, 0),
            "rempty": self._flag(self.reads, left == 0, 1),
            "arempty": self._flag(self.reads, left == 1, 0),
            "rdata": self._oldest(),
        }

    def _count(self, moved: BoolColumn) -> IntColumn:
        """(c,) words that moved since the reset, which acts at once."""
        return np.where(self._trace.in_reset, 0, self._at.count(moved))

    def _seen(self, count: IntColumn, edges: BoolColumn) -> IntColumn:
        """(c,) a count of the other side, as the two registers of the crossing hand it on at the edges of this side."""
        first = self._at.held(edges, count)
        return self._at.held(edges, first)

    def _flag(self, edges: BoolColumn, value: BoolColumn, reset: int) -> IntColumn:
        """(c,) a register of one side, which a reset sets at once."""
        return np.where(self._trace.in_reset, reset, self._at.held(edges, value, reset))

    def _oldest(self) -> IntColumn:
        """(c,) the word in the place of the read pointer; resets leave the words as they are, 0 from the start."""
        word = self._at.pin("wdata")
        into, place = self._written % PLACES, self._read % PLACES
        rows = np.arange(self._trace.cycles, dtype=np.int64)
        found = np.zeros_like(rows)
        for one in range(PLACES):
            written = np.where(self.pushed & (into == one), rows, NEVER)
            last = np.concatenate([[NEVER], np.maximum.accumulate(written)[:-1]])
            here = (place == one) & (last != NEVER)
            found[here] = word[last[here]]
        return found

"""Registers, foretold cycle by cycle from what was sampled: a counter, a flag or a word after each edge.

A register of a specification is written as what happens to it at an edge: the events are masks over the cycles, taken
from sampled values of the same cycle. The value after the edge is what must be sampled in the next cycle. So the whole
trace is foretold by induction from the reset: the first cycle in which the design does something else differs.

Every column has an entry for each cycle; in a cycle of reset nothing happens but the reset.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.trace import BoolColumn, IntColumn, Trace

NEVER = -1


class Clocked:
    """The registers of the design of one trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._rows = np.arange(trace.cycles, dtype=np.int64)
        self._last_reset = self._last(trace.in_reset)

    @staticmethod
    def has(trace: Trace, signals: Iterable[str]) -> bool:
        """Return whether a trace holds these signals; a played model, for one, has none."""
        return trace.cycles > 0 and all(name in trace.signals for name in signals)

    def pin(self, signal: str) -> IntColumn:
        """(cycles,) the sampled values of a signal of up to 63 bits; X reads as 0."""
        return self._trace.signals[signal]

    def high(self, signal: str) -> BoolColumn:
        """(cycles,) whether a signal of one bit is 1."""
        return np.asarray(self._trace.signals[signal] == 1)

    def moved(self, stream: str) -> BoolColumn:
        """(cycles,) whether a stream transfers, or a strobe is given."""
        mask = np.zeros(self._trace.cycles, np.bool_)
        mask[self._trace.accepted[stream].cycle] = True
        return mask

    def field(self, stream: str, name: str) -> IntColumn:
        """(cycles,) a field of the transfers of a stream; 0 in cycles without one."""
        seen = self._trace.accepted[stream]
        found = np.zeros(self._trace.cycles, np.int64)
        found[seen.cycle] = seen.columns[name]
        return found

    def after(self, value: NDArray[np.int64] | BoolColumn, reset: int = 0) -> IntColumn:
        """(cycles,) a register that takes `value` at every edge."""
        return self._shifted(np.where(self._trace.in_reset, reset, np.asarray(value, np.int64)), reset)

    def held(self, load: BoolColumn, value: IntColumn | BoolColumn | int, reset: int = 0) -> IntColumn:
        """(cycles,) a register that takes `value` where `load`, and keeps it else."""
        last = self._last(load & ~self._trace.in_reset)
        values = np.broadcast_to(np.asarray(value, np.int64), self._rows.shape)
        return self._shifted(np.where(last > self._last_reset, values[last], reset), reset)

    def flag(self, rise: BoolColumn, fall: BoolColumn) -> BoolColumn:
        """(cycles,) a flag that rises and falls with events; with both, it rises."""
        return np.asarray(self.held(rise | fall, rise) == 1)

    def count(self, up: IntColumn | BoolColumn, down: IntColumn | BoolColumn | None = None) -> IntColumn:
        """(cycles,) how many `up` there were since the reset, less those `down`."""
        change = np.asarray(up, np.int64) - (0 if down is None else np.asarray(down, np.int64))
        total = np.cumsum(np.where(self._trace.in_reset, 0, change))
        at_reset = np.where(self._last_reset == NEVER, 0, total[self._last_reset])
        return self._shifted(total - at_reset, 0)

    def nth(self, values: IntColumn, epochs: IntColumn, place: IntColumn) -> IntColumn:
        """(cycles,) entry number `place` of a sequence, counted from the reset of each cycle; 0 behind its end.

        Args:
            values: (n,) the sequence; epochs: (n,) the reset epoch of each.
        """
        epoch = self._shifted(self._trace.epoch, 0)  # in the first cycle of a reset the state is still that before it
        start, end = (np.searchsorted(epochs, epoch, side) for side in ("left", "right"))
        where = start + place
        inside = (place >= 0) & (where < end)
        if not len(values):
            return np.zeros(self._trace.cycles, np.int64)
        return np.where(inside, np.asarray(values, np.int64)[np.where(inside, where, 0)], 0)

    def since(self, value: IntColumn) -> IntColumn:
        """(cycles,) for how many cycles before this one a value has been the same."""
        changed = np.ones(len(value), np.bool_)
        changed[1:] = value[1:] != value[:-1]
        return np.asarray(self._rows - self._last(changed))

    def within(self, value: IntColumn, events: BoolColumn) -> IntColumn:
        """(cycles,) how many events there were before this cycle since a value became what it is."""
        total = self.count(events)
        return np.asarray(total - total[self._rows - self.since(value)])

    def skid(self, offered: BoolColumn, waits: BoolColumn) -> tuple[BoolColumn, IntColumn]:
        """A buffer of two places whose ready is a register: (cycles,) whether it has room, and its valid.

        Args:
            offered: what stands in front of it is taken if there is room; waits: its oldest one is not taken.
        """
        full = self.flag(offered & waits, ~waits)
        return ~full, self.after(waits | full | offered)

    def waiting(self, stream: str) -> BoolColumn:
        """(cycles,) whether an output is offered and not taken, by its pins ``<name>_valid`` and ``<name>_ready``."""
        return self.high(f"{stream}_valid") & ~self.high(f"{stream}_ready")

    def _last(self, mask: BoolColumn) -> IntColumn:
        """(cycles,) the newest row up to each one in which `mask` is true, or `NEVER`."""
        return np.maximum.accumulate(np.where(mask, self._rows, NEVER))

    def _shifted(self, value: IntColumn, first: int) -> IntColumn:
        return np.concatenate([np.full(1, first, np.int64), value])[: self._trace.cycles]

"""The life of each job from its first cycle to its end: what it went through, and what went on beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.trace import IntColumn, Trace
from dv_agent.designs.vit_attention.both_contexts import STATE_COLUMNS, Job, Row
from dv_agent.designs.vit_attention.jobs_and_rows import Epoch
from dv_agent.designs.vit_attention.register_block import REGISTER_COLUMNS, Registers
from dv_agent.designs.vit_attention.register_map import ACCEPTING, CREDIT, MOST_CREDITS, NONE

DONE, ABORTED = 0, 1  # fates


@dataclass(frozen=True, slots=True)
class Life:
    """One job that has ended."""

    context: int
    job: Job
    start: int  # first cycle in which it runs
    end: int  # cycle of the end of its last packet, or in which its clean-up completes
    fate: int
    rows: tuple[Row, ...]
    stall: int  # longest stall of the output in it, in cycles
    starved: int  # cycles without a credit
    added: int  # credits that were added

    @property
    def quality(self) -> int:
        """0 all rows whole, 1 with a bad row, 2 aborted."""
        return 2 if self.fate == ABORTED else int(any(row.bad for row in self.rows))


def stalls(trace: Trace) -> IntColumn:
    """(cycles,) how long the output has been stalled."""
    if "out_valid" not in trace.signals:
        return np.zeros(trace.cycles, np.int64)
    stalled = (trace.signals["out_valid"] == 1) & (trace.signals["out_ready"] == 0)
    total = np.cumsum(stalled)
    return total - np.maximum.accumulate(np.where(stalled, 0, total))


@dataclass(frozen=True, slots=True)
class Hunger:
    """How long a context was starved."""

    cycles: IntColumn  # of the notes of the epoch
    spent: IntColumn  # starved cycles before each
    starved: IntColumn  # whether it is starved from each on

    @classmethod
    def of(cls, epoch: Epoch, context: int) -> Hunger:
        """Add up the notes of an epoch."""
        notes = np.array(epoch.notes, np.int64)
        phase, accepting = (notes[:, 1 + STATE_COLUMNS.index(f"{name}{context}")] for name in ("phase", "accepting"))
        starved = ((phase == ACCEPTING) & (accepting == 0)).astype(np.int64)
        spent = np.cumsum(np.concatenate([[0], starved[:-1] * np.diff(notes[:, 0])]))
        return cls(notes[:, 0], spent, starved)

    def before(self, cycle: int) -> int:
        """Return how many cycles before this one it was starved in."""
        at = int(np.searchsorted(self.cycles, cycle, side="right")) - 1
        return int(self.spent[at] + self.starved[at] * (cycle - self.cycles[at]))


def lives(epoch: Epoch, stall: IntColumn) -> tuple[list[Life], list[Life]]:
    """The jobs of both contexts that have ended in an epoch, in their order."""
    found: tuple[list[Life], list[Life]] = ([], [])
    writes = [one for one in epoch.happened if one.word == CREDIT]
    for c in (0, 1):
        ends = [
            (one.cycle, DONE if one.finish >> c & 1 else ABORTED)
            for one in epoch.happened
            if (one.finish | one.cleaned) >> c & 1
        ]
        hunger = Hunger.of(epoch, c)
        given = [(one.cycle, one.data >> 8 * c & MOST_CREDITS) for one in writes if one.strb >> c & 1]
        for (start, job, *_), (end, fate) in zip(epoch.starts[c], ends, strict=False):
            found[c].append(Life(
                c, job, start, end, fate, tuple(row for row in epoch.rows if row.context == c and row.job is job),
                int(stall[start : end + 1].max(initial=0)), hunger.before(end) - hunger.before(start),
                sum(amount for cycle, amount in given if start <= cycle <= end),
            ))  # fmt: skip
    return found


def kept_errors(block: Registers, first: int, final: int) -> tuple[int, int]:
    """Bits of ERROR that are 1 in all cycles from `first` to `final`, and those that are 1 in any."""
    place = 1 + REGISTER_COLUMNS.index("error")
    notes = block.notes
    always, ever = 255, 0
    for n, note in enumerate(notes):
        until = notes[n + 1][0] if n + 1 < len(notes) else final + 1
        if note[0] <= final and until > first:
            always, ever = always & note[place], ever | note[place]
    return always, ever


def next_after(found: list[Life], cycle: int) -> Life | None:
    """The first job that starts after a cycle."""
    return next((one for one in found if one.start > cycle), None)


def at(found: list[Life], cycle: int) -> Life | None:
    """The job that runs in a cycle, if it has ended."""
    return next((one for one in found if one.start <= cycle <= one.end), None)


def differences(one: Job, two: Job) -> int:
    """How many of keys, bank, format and correction differ."""
    pairs = ((one.keys, two.keys), (one.bank, two.bank), (one.format, two.format), (one.correction, two.correction))
    return sum(first != second for first, second in pairs)


def or_none(life: Life | None, name: str) -> int:
    """A number of a job, NONE without one."""
    return NONE if life is None else int(getattr(life, name))

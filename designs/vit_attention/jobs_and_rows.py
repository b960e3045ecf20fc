"""Jobs, rows and aborts of both contexts, folded over the cycles in which something happens; section 4."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from dv_agent.designs.trace import IntColumn, Trace
from dv_agent.designs.vit_attention.both_contexts import Context, Happened, Job, Row, make_job
from dv_agent.designs.vit_attention.performed_accesses import Accesses, first_reset
from dv_agent.designs.vit_attention.register_map import (
    CREDIT,
    CTRL,
    EXP0,
    EXP1,
    JOB0,
    JOB1,
    MOST_CREDITS,
    NONE,
    NORM_SET,
    merged,
)


@dataclass
class Events:
    """What happened in one cycle, at the pins and on the bus."""

    write: int = NONE  # access
    read: int = NONE
    beats: list[tuple[int, int]] = field(default_factory=list)  # context, transfer
    load: int = NONE
    head: bool = False
    packet: bool = False


@dataclass
class Epoch:
    """The fold over one reset epoch: rows, jobs and aborts."""

    trace: Trace
    number: int
    writes: Accesses
    reads: Accesses
    offered: IntColumn  # (cycles,) packets of the trace whose head was offered up to each cycle
    contexts: tuple[Context, Context] = field(default_factory=lambda: (Context(), Context()))
    banks: list[list[tuple[int, ...]]] = field(
        default_factory=lambda: [[(0,) * 32, (0,) * 16, (0,) * 8] for _ in range(2)]
    )
    jobs: list[int] = field(default_factory=lambda: [0, 0])
    exponents: list[int] = field(default_factory=lambda: [0, 0])
    rows: list[Row] = field(default_factory=list)
    heads: int = 0  # packets whose head has moved
    ended: int = 0  # packets that have ended
    norm_beats: list[tuple[int, int, int, int]] = field(default_factory=list)  # cycle, context, transfer, last
    commits: list[int] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    notes: list[tuple[int, ...]] = field(default_factory=list)  # cycle, then `STATE_COLUMNS`
    # By context, each job that runs: first cycle, job, the one before, 1 if it had waited, 1 behind an abort
    starts: tuple[list[tuple[int, Job, Job | None, int, int]], ...] = field(default_factory=lambda: ([], []))
    queued: tuple[list[tuple[int, int]], ...] = field(
        default_factory=lambda: ([], [])
    )  # cycle, bank of the job that waits
    cut: list[int] = field(default_factory=lambda: [0, 0])

    def play(self) -> None:
        """Fold all cycles in which something can change."""
        events = self._events()
        first = int(np.searchsorted(self.trace.epoch, self.number, side="left"))
        final = first_reset(self.trace, self.number)
        self._note(first)
        nothing = Events()
        for cycle in sorted({*events, *(cycle + 1 for cycle in events)}):
            if cycle < final:
                self.happened.append(self._cycle(cycle, events.get(cycle, nothing)))
                self._note(cycle + 1)

    def _events(self) -> dict[int, Events]:
        found: defaultdict[int, Events] = defaultdict(Events)
        for kind, seen in (("write", self.writes), ("read", self.reads)):
            for n in np.flatnonzero((seen.epoch == self.number) & (seen.performed != NONE)).tolist():
                setattr(found[int(seen.performed[n])], kind, n)
        for context in (0, 1):
            beats = self.trace.accepted[f"x{context}"]
            for n in np.flatnonzero(beats.epoch == self.number).tolist():
                found[int(beats.cycle[n])].beats.append((context, n))
        loads = self.trace.accepted["ld"]
        for n in np.flatnonzero(loads.epoch == self.number).tolist():
            found[int(loads.cycle[n])].load = n
        out = self.trace.accepted["out"]
        for n in np.flatnonzero(out.epoch == self.number).tolist():
            if out.columns["head"][n]:
                found[int(out.cycle[n])].head = True
            if out.columns["last"][n]:
                found[int(out.cycle[n])].packet = True
        return dict(found)

    def _note(self, cycle: int) -> None:
        facts = [
            (one.phase, int(one.waiting is not None), one.in_flight, one.begun, one.ended, int(one.flush), one.place,
             int(one.accepting), int(one.needs), one.credits, *one.settings)
            for one in self.contexts
        ]  # fmt: skip
        self.notes.append((cycle, *facts[0], *facts[1]))

    def _cycle(self, cycle: int, now: Events) -> Happened:
        """One cycle. Everything is judged by the state at its beginning; section 4.7 gives the order."""
        one = Happened(cycle, read=now.read, load=now.load, states=(self.contexts[0].state, self.contexts[1].state))
        one.credits = (self.contexts[0].credit, self.contexts[1].credit)
        one.starved = sum(1 << c for c, it in enumerate(self.contexts) if it.unfinished and not it.accepting)
        if now.write != NONE:
            one.word, one.data, one.strb = (
                int(part[now.write]) for part in (self.writes.word, self.writes.data, self.writes.strb)
            )
        if one.word == CTRL and one.strb & 1:
            one.asked = one.data & 3
            if one.data & 4:
                self.commits.append(cycle)
        one.aborts = sum(
            1 << c
            for c in (0, 1)
            if one.asked >> c & 1 and self.contexts[c].job is not None and not self.contexts[c].aborting
        )
        one.cleaned = sum(1 << c for c in (0, 1) if self.contexts[c].aborting and not self.contexts[c].in_flight)
        if now.head and self.heads < len(self.rows):
            one.head = self.rows[self.heads]
            one.head.begun_at = cycle
            self.heads += 1
        if now.packet and self.ended < len(self.rows):
            one.ending = self.rows[self.ended]
            one.ending.done = cycle
            self.ended += 1
            context = self.contexts[one.ending.context]
            job = context.job
            if job is not None and not context.aborting and context.ended + 1 == job.rows:
                one.finish = 1 << one.ending.context
        self._load(one)
        for context_number, transfer in now.beats:
            self._beat(one, context_number, transfer)
        self._kill(one)
        asked = self._job_asked(one)
        self._credit(one)
        for c in (0, 1):
            self._advance(one, c, asked if one.word == JOB0 + c else None)
        return one

    def _load(self, one: Happened) -> None:
        if one.load == NONE:
            return
        kind, bank, index, data = (
            int(self.trace.accepted["ld"].columns[name][one.load]) for name in ("kind", "bank", "index", "data")
        )
        if kind == NORM_SET:
            return
        if any(context.job is not None and context.job.bank == bank for context in self.contexts):
            one.load_refused = True
            return
        words = list(self.banks[bank][kind])
        words[index % len(words)] = data
        self.banks[bank][kind] = tuple(words)

    def _beat(self, one: Happened, number: int, transfer: int) -> None:
        context, bit = self.contexts[number], 1 << number
        last = bool(self.trace.accepted[f"x{number}"].columns["last"][transfer])
        if context.flush:
            context.flush = not last
            one.flushed |= bit
            one.flush_end |= bit * last
            return
        if context.job is None and context.open is None:
            return  # cannot be: the stream is not granted
        row = context.open
        if row is None:
            job = context.job
            assert job is not None
            row = Row(number, job, context.begun, self.number, one.cycle, tuple(self.banks[job.bank]))
            row.other, row.ahead = self.contexts[1 - number].job, sum(other.in_flight for other in self.contexts)
            row.commits = len(self.commits) - int(bool(self.commits) and self.commits[-1] == one.cycle)
            self.rows.append(row)
            context.open, one.began = row, one.began | bit
        row.beats.append(transfer)
        ends = last or len(row.beats) == row.job.length
        self.norm_beats.append((one.cycle, number, transfer, int(ends)))
        if ends:
            row.end, context.open, one.row_end = one.cycle, None, one.row_end | bit
            if not last:
                row.bad = context.flush = True
                one.overlong |= bit

    def _kill(self, one: Happened) -> None:
        """Section 4.5: rows of an aborted context whose packet has not begun."""
        begun = int(self.offered[one.cycle]) - int(self.offered_before)
        for row in self.rows[max(begun, 0) :]:
            if one.aborts >> row.context & 1 and row.done == NONE and row.killed == NONE:
                row.killed = one.cycle

    def _credit(self, one: Happened) -> None:
        """Section 4.6: what rows take, markers give back and a write adds."""
        for c, context in enumerate(self.contexts):
            bit, added = 1 << c, 0
            if one.began & bit and context.needs and context.credits:
                self.rows[-1].charged = True
                one.took |= bit
            ending = one.ending
            if ending is not None and ending.context == c and ending.reason and ending.charged:
                one.gave_back |= bit
            needs = context.needs
            if one.word == CREDIT and one.strb & bit:
                byte = one.data >> 8 * c & 255
                needs, added = bool(byte >> 7), byte & MOST_CREDITS
            change = added + bool(one.gave_back & bit) - bool(one.took & bit)
            if one.took & bit and context.credits + change == 0:
                one.spent |= bit
            context.needs, context.credits = needs, min(context.credits + change, MOST_CREDITS)

    def note_at(self, cycle: int) -> tuple[int, ...]:
        """The state at the beginning of any cycle."""
        return self.notes[bisect_right(self.notes, cycle, key=lambda note: note[0]) - 1]

    def waits_at(self, number: int, cycle: int) -> int:
        """The bank of the job that waits, if one does."""
        known = [bank for since, bank in self.queued[number] if since <= cycle]
        return known[-1] if known else NONE

    @cached_property
    def offered_before(self) -> int:
        """Packets whose head moved in earlier epochs; one that a reset took back was offered in vain."""
        out = self.trace.accepted["out"]
        return int(((out.epoch < self.number) & (out.columns["head"] == 1)).sum())

    def _job_asked(self, one: Happened) -> Job | None:
        """The job that a write asks for; keeps what the registers hold."""
        if one.word not in (JOB0, JOB1, EXP0, EXP1):
            return None
        number = one.word & 1
        held = self.exponents if one.word >= EXP0 else self.jobs
        held[number] = merged(held[number], one.word, one.data, one.strb)
        return None if one.word >= EXP0 else make_job(self.jobs[number], self.exponents[number])

    def _advance(self, one: Happened, number: int, asked: Job | None) -> None:
        """Section 4.4: one context to the next cycle."""
        context, bit = self.contexts[number], 1 << number
        finish, abort = bool(one.finish & bit), bool(one.aborts & bit)
        if asked is not None and (context.aborting or context.waiting is not None):
            one.refused |= bit
            asked = None
        if one.began & bit:
            context.begun += 1
            context.in_flight += 1
        if one.ending is not None and one.ending.context == number:
            context.in_flight -= 1
            context.ended += 1
        if one.cleaned & bit:
            context.job, context.aborting, context.begun, context.ended = None, False, 0, 0
        if finish:
            context.job, context.waiting = context.waiting, None
            context.begun = context.ended = 0
        promoted = finish and context.job is not None
        if asked is not None and context.job is None:
            context.job = asked
            promoted = True
            one.started |= bit
        elif asked is not None:
            context.waiting = asked
            self.queued[number].append((one.cycle + 1, asked.bank))
        if promoted and context.job is not None:
            before = self.starts[number][-1][1] if self.starts[number] else None
            self.starts[number].append((one.cycle + 1, context.job, before, int(asked is None), self.cut[number]))
            self.cut[number] = 0
        if one.cleaned & bit:
            self.cut[number] = 1
        if abort and context.job is not None:
            context.aborting, context.waiting = True, None

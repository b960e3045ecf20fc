"""Reference model of ``vit_attention``: registers and contexts as a fold over what moved at the pins, values by the parts.

Written from ``spec.md``. Three steps: when each access of the bus is performed (section 3.1), the contexts cycle by cycle
(sections 3 and 4), and what leaves for each row (section 5), which the models of the four units compute.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from dv_agent.designs.composition.part_models import moved, owed, part_model
from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

NORM = part_model("mxint_layernorm")
DOT = part_model("lqer_dot")
SOFTMAX = part_model("mxint_softmax")
QUANT = part_model("block_quant")

ID, CTRL, STATUS, ERROR, MASK, STATE, ARB, COUNT, JOB0, JOB1, EXP0, EXP1 = range(12)
READ_ONLY = (ID, STATE, COUNT)
IDENTITY = 0x56495431
OKAY, SLVERR = 0, 2
SLOTS = 4
BLOCK = 8
REFUSED, OVERLONG, LOAD, RANGE, ADDRESS = 0, 2, 4, 5, 7  # bits of ERROR
DONE, ABORTED = 0, 2  # bits of STATUS
KILLED, BAD = 1, 2  # bits of a marker
WEIGHTS, FACTORS, KEYS, NORM_SET = range(4)
E_MIN, E_MAX = -8, 7
NONE = -1


# --- The bus ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accesses:
    """The accesses of one direction that were asked for, in order."""

    asked: tuple[IntColumn, ...]  # (n,) cycle in which each request channel moved
    performed: IntColumn  # (n,) cycle in which each is performed; NONE if it never is
    answered: IntColumn  # (n,) cycle of the transfer of the answer; NONE
    epoch: IntColumn  # (n,)
    word: IntColumn  # (n,)
    data: IntColumn  # (n,) writes only
    strb: IntColumn  # (n,)


def accesses(trace: Trace, requests: tuple[str, ...], answer: str) -> Accesses:
    """Section 3.1: each access with the cycle in which it is performed."""
    seen = [trace.accepted[f"regs.{name}"] for name in requests]
    answers = trace.accepted[f"regs.{answer}"]
    rows: list[tuple[int, ...]] = []
    for epoch in sorted({int(e) for one in seen for e in np.unique(one.epoch)}):
        at = [np.flatnonzero(one.epoch == epoch) for one in seen]
        done = answers.cycle[answers.epoch == epoch].tolist()
        ends = first_reset(trace, epoch)
        for n in range(max(map(len, at))):
            cycles = [int(one.cycle[rows_of[n]]) if n < len(rows_of) else NONE for one, rows_of in zip(seen, at, strict=True)]
            free = n == 0 or n - 1 < len(done)
            performed = NONE
            if NONE not in cycles and free:
                performed = max(max(cycles) + 1, done[n - 1] if n else 0)
                performed = performed if performed < ends else NONE
            index = [int(rows_of[n]) if n < len(rows_of) else NONE for rows_of in at]
            rows.append((*cycles, performed, done[n] if n < len(done) else NONE, epoch, *index))
    table = np.array(rows, np.int64).reshape(-1, 2 * len(seen) + 3)
    count = len(seen)
    word = _picked(seen[0], "addr", table[:, count + 3]) >> 2
    data = _picked(seen[-1], "data", table[:, -1]) if count == 2 else np.zeros(len(table), np.int64)
    strb = _picked(seen[-1], "strb", table[:, -1]) if count == 2 else np.zeros(len(table), np.int64)
    return Accesses(tuple(table[:, i] for i in range(count)), table[:, count], table[:, count + 1], table[:, count + 2],
                    word, data, strb)  # fmt: skip


def _picked(seen: Transfers, name: str, rows: IntColumn) -> IntColumn:
    column = np.append(np.asarray(seen.columns[name], np.int64), 0)
    return column[rows]


def first_reset(trace: Trace, epoch: int) -> int:
    """Return the first cycle of the reset that ends an epoch, or the end of the trace."""
    return int(np.searchsorted(trace.epoch, epoch, side="right"))


# --- Contexts --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """What a job register and the exponents said when it was written."""

    rows: int
    length: int  # beats
    keys: int
    bank: int
    format: int
    correction: int
    scale: int
    ew: int
    ea: int
    eb: int


def make_job(word: int, exponents: int) -> Job:
    """Section 3.3."""
    return Job(
        rows=(word & 7) or 8, length=(word >> 3 & 3) + 1, keys=2 * (word >> 5 & 3) + 2, bank=word >> 7 & 1,
        format=word >> 8 & 3, correction=word >> 10 & 1, scale=signed(word >> 11, 4), ew=signed(exponents, 4),
        ea=signed(exponents >> 4, 4), eb=signed(exponents >> 8, 4),
    )  # fmt: skip


def signed(value: int, width: int) -> int:
    """Return the low bits of a number as a signed one."""
    low = value & ((1 << width) - 1)
    return low - (1 << width) if low >> (width - 1) else low


@dataclass
class Row:
    """One row that has begun."""

    context: int
    job: Job
    number: int  # of its job, from 0
    epoch: int
    first: int  # cycle of its first beat
    bank: tuple[tuple[int, ...], ...]  # the words of its bank, by kind
    beats: list[int] = field(default_factory=list)  # transfers of its stream
    end: int = NONE  # cycle of its last beat
    bad: bool = False
    killed: int = NONE  # cycle of the abort
    done: int = NONE  # cycle of the end of its packet
    other: Job | None = None  # the job of the other context as the row began
    ahead: int = 0  # rows in flight before it
    clipped: int = 0  # whether a pair of its scores was
    commits: int = 0  # before it, in its epoch
    begun_at: int = NONE  # cycle in which the head of its packet is transferred

    @property
    def reason(self) -> int:
        """The data of its marker; 0 if it has none."""
        return BAD * self.bad + KILLED * (self.killed != NONE)


@dataclass
class Context:
    """One context, at the beginning of a cycle."""

    job: Job | None = None
    waiting: Job | None = None
    aborting: bool = False
    begun: int = 0
    ended: int = 0
    in_flight: int = 0
    flush: bool = False
    open: Row | None = None

    @property
    def accepting(self) -> bool:
        """Whether rows may begin."""
        return self.job is not None and not self.aborting and self.begun < self.job.rows

    @property
    def phase(self) -> int:
        """0 idle, 1 accepting, 2 all rows begun, 3 aborting."""
        return IDLE if self.job is None else ABORTING if self.aborting else ACCEPTING if self.accepting else DRAINING

    @property
    def state(self) -> int:
        """The six bits of STATE."""
        return self.in_flight << 3 | int(self.aborting) << 2 | int(self.waiting is not None) << 1 | int(self.job is not None)

    @property
    def place(self) -> int:
        """Beats of the row that is open; 0 if there is none."""
        return len(self.open.beats) if self.open else 0

    @property
    def settings(self) -> tuple[int, ...]:
        """What event tables tell of its job: see `SETTINGS`; NONE without a job."""
        job = self.job
        if job is None:
            return (NONE,) * len(SETTINGS)
        return job.rows, job.length, job.keys, job.bank, min(job.format, 2), job.correction, job.scale


IDLE, ACCEPTING, DRAINING, ABORTING = range(4)
SETTINGS = ("rows", "length", "keys", "bank", "fmt", "lr", "scale")
PER_CONTEXT = ("phase", "waits", "fly", "begun", "ended", "flush", "place", "accepting", *SETTINGS)
STATE_COLUMNS = tuple(f"{name}{c}" for c in (0, 1) for name in PER_CONTEXT)


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
class Happened:
    """What one cycle did, beside the state that it left behind."""

    cycle: int
    word: int = NONE  # of a write that is performed
    data: int = 0
    strb: int = 0
    read: int = NONE  # access
    load: int = NONE  # transfer
    load_refused: bool = False
    asked: int = 0  # contexts whose abort was written
    aborts: int = 0  # contexts whose abort was taken
    finish: int = 0
    cleaned: int = 0
    refused: int = 0
    overlong: int = 0
    began: int = 0
    row_end: int = 0
    flushed: int = 0
    head: Row | None = None
    ending: Row | None = None
    states: tuple[int, int] = (0, 0)  # STATE of both contexts at its beginning


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
    # By context, each job that begins to run: cycle, job, the one before, how (0 asked for, 1 it waited), 1 behind an abort
    starts: tuple[list[tuple[int, Job, Job | None, int, int]], ...] = field(default_factory=lambda: ([], []))
    queued: tuple[list[tuple[int, int]], ...] = field(default_factory=lambda: ([], []))  # cycle, bank of the job that waits
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
             int(one.accepting), *one.settings)
            for one in self.contexts
        ]  # fmt: skip
        self.notes.append((cycle, *facts[0], *facts[1]))

    def _cycle(self, cycle: int, now: Events) -> Happened:
        """One cycle. Everything is judged by the state at its beginning; section 4.6 gives the order."""
        one = Happened(cycle, read=now.read, load=now.load, states=(self.contexts[0].state, self.contexts[1].state))
        if now.write != NONE:
            one.word, one.data, one.strb = (int(part[now.write]) for part in (self.writes.word, self.writes.data, self.writes.strb))
        if one.word == CTRL and one.strb & 1:
            one.asked = one.data & 3
            if one.data & 4:
                self.commits.append(cycle)
        one.aborts = sum(
            1 << c for c in (0, 1) if one.asked >> c & 1 and self.contexts[c].job is not None and not self.contexts[c].aborting
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
        for c in (0, 1):
            self._advance(one, c, asked if one.word == JOB0 + c else None)
        return one

    def _load(self, one: Happened) -> None:
        if one.load == NONE:
            return
        kind, bank, index, data = (int(self.trace.accepted["ld"].columns[name][one.load]) for name in ("kind", "bank", "index", "data"))
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
        number, mask = one.word & 1, (255 if one.strb & 1 else 0) | (0xFF00 if one.strb & 2 else 0)
        held = self.exponents if one.word >= EXP0 else self.jobs
        held[number] = (held[number] & ~mask | one.data & mask) & (0xFFF if one.word >= EXP0 else 0x7FFF)
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


# --- Registers -------------------------------------------------------------------------------


@dataclass
class Registers:
    """The register block of one epoch, at the beginning of a cycle."""

    status: int = 0
    error: int = 0
    mask: int = 0
    arb: int = 0
    count: int = 0
    job: list[int] = field(default_factory=lambda: [0, 0])
    exp: list[int] = field(default_factory=lambda: [0, 0])
    notes: list[tuple[int, ...]] = field(default_factory=list)  # cycle, `REGISTER_COLUMNS`
    values: dict[int, tuple[int, int]] = field(default_factory=dict)  # read access -> data, response
    set_now: list[tuple[int, ...]] = field(default_factory=list)  # cycle, bits set, cleared of STATUS and ERROR

    @property
    def irq(self) -> int:
        """The level of the interrupt."""
        return int(((int(self.error != 0) << 4 | self.status) & self.mask) != 0)

    def play(self, first: int, happened: list[Happened], reads: Accesses) -> None:
        """Fold what happened in one epoch that begins in cycle `first`."""
        self._note(first)
        for one in happened:
            if one.read != NONE:
                self._read(one, int(reads.word[one.read]))
            self._settle(one, one.read != NONE and int(reads.word[one.read]) == COUNT)
            self._note(one.cycle + 1)

    def _note(self, cycle: int) -> None:
        self.notes.append((cycle, self.irq, self.arb, self.status, self.error, self.mask, self.count))

    def _read(self, one: Happened, word: int) -> None:
        held = {
            ID: IDENTITY, STATUS: int(self.error != 0) << 4 | self.status, ERROR: self.error, MASK: self.mask,
            STATE: one.states[0] | one.states[1] << 8, ARB: self.arb, COUNT: self.count, JOB0: self.job[0],
            JOB1: self.job[1], EXP0: self.exp[0], EXP1: self.exp[1],
        }  # fmt: skip
        self.values[one.read] = (held.get(word, 0), OKAY if word <= EXP1 else SLVERR)

    def _settle(self, one: Happened, counts_again: bool) -> None:
        low = one.data & 255 if one.strb & 1 else 0
        status = one.finish << DONE | one.cleaned << ABORTED
        error = one.refused << REFUSED | one.overlong << OVERLONG | int(one.load_refused) << LOAD
        if one.head is not None and not one.head.reason:
            error |= one.head.clipped << (RANGE + one.head.context)
        if refuses_write(one.word) or (one.read != NONE and self.values[one.read][1] != OKAY):
            error |= 1 << ADDRESS
        clears = (low & 15 if one.word == STATUS else 0, low if one.word == ERROR else 0)
        if status or error or one.word in (STATUS, ERROR):
            self.set_now.append((one.cycle, status, error, *clears, self.status, self.error))
        self.status = self.status & ~clears[0] | status
        self.error = self.error & ~clears[1] | error
        self.count = min((0 if counts_again else self.count) + (one.ending is not None), 255)
        if one.word == MASK and one.strb & 1:
            self.mask = low & 31
        if one.word == ARB and one.strb & 1:
            self.arb = low & 1
        if one.word in (JOB0, JOB1, EXP0, EXP1):
            mask = (255 if one.strb & 1 else 0) | (0xFF00 if one.strb & 2 else 0)
            held = self.exp if one.word >= EXP0 else self.job
            held[one.word & 1] = (held[one.word & 1] & ~mask | one.data & mask) & (0xFFF if one.word >= EXP0 else 0x7FFF)


def refuses_write(word: int) -> bool:
    """Return whether a write to this word is answered with an error."""
    return word in READ_ONLY or word > EXP1


REGISTER_COLUMNS = ("irq", "fixed", "status", "error", "mask", "count")


# --- Values ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Values:
    """What leaves for each row whose scores count."""

    codes: dict[int, list[int]]  # id of the row -> header and eight codes
    facts: dict[int, tuple[int, ...]]  # id of the row -> `VALUE_COLUMNS`


VALUE_COLUMNS = ("spread", "zeros", "greatest", "least", "clips", "e_top", "header_e", "kept")


def compute(trace: Trace, epochs: list[Epoch]) -> Values:
    """Section 5, by the models of the parts; sets `Row.clipped`."""
    rows, mants, exps = normalised(trace, epochs)
    if not rows:
        return Values({}, {})
    scores = dot_products(rows, mants, exps)
    pairs, facts = packed(rows, *scores)
    probabilities = owed(SOFTMAX, "out", {"in": pairs})
    elements, formats = unpacked(rows, probabilities)
    out = owed(QUANT, "out", {"in": moved(np.arange(len(elements)), {"x": elements, "fmt": formats})})
    codes = out.columns["data"].reshape(-1, BLOCK + 1).tolist()
    found = {}
    for row, one, fact, x in zip(rows, codes, facts, elements.reshape(-1, BLOCK), strict=True):
        found[id(row)] = (*fact, one[0] & 15, int((x > 0).sum()))
    return Values({id(row): one for row, one in zip(rows, codes, strict=True)}, found)


def normalised(trace: Trace, epochs: list[Epoch]) -> tuple[list[Row], list[IntColumn], list[IntColumn]]:
    """Complete rows that are not bad, with the mantissas (b, 4) and exponents (b,) of the layer normalisation."""
    beats = [(*beat, one.number) for one in epochs for beat in one.norm_beats]
    cycle, source, index, last, epoch = np.array(beats, np.int64).reshape(-1, 5).T
    both = [trace.accepted[f"x{c}"] for c in (0, 1)]
    m = np.concatenate([np.asarray(one.columns["m"], np.int64).reshape(-1, 4) for one in both])
    e = np.concatenate([np.asarray(one.columns["e"], np.int64) for one in both])
    at = index + source * len(both[0])
    loads = trace.accepted["ld"]
    sets = np.flatnonzero(loads.columns["kind"] == NORM_SET)
    place = np.asarray(loads.columns["index"], np.int64)[sets]
    data = np.asarray(loads.columns["data"], np.int64)[sets] & 255
    commits = [(c, one.number) for one in epochs for c in one.commits]
    commit_cycle, commit_epoch = np.array(commits, np.int64).reshape(-1, 2).T
    done = owed(
        NORM, "out",
        {"in": moved(cycle, {"m": m[at], "e": e[at], "last": last}, epoch),
         "cfg": moved(loads.cycle[sets], {"sel": place >> 4, "addr": place & 15, "data": np.where(data > 127, data - 256, data)},
                      loads.epoch[sets]),
         "commit": moved(commit_cycle, {}, commit_epoch)},
        trace.epoch,
    )  # fmt: skip
    rows = [row for one in epochs for row in one.rows if row.end != NONE]
    lengths = np.cumsum([len(row.beats) for row in rows])[:-1] if rows else np.zeros(0, np.int64)
    mants, exps = np.split(done.columns["m"].reshape(-1, 4), lengths), np.split(done.columns["e"], lengths)
    kept = [n for n, row in enumerate(rows) if not row.bad]
    return [rows[n] for n in kept], [mants[n] for n in kept], [exps[n] for n in kept]


def dot_products(rows: list[Row], mants: list[IntColumn], exps: list[IntColumn]) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Section 5.2: mantissa, exponent and zero flag of every score, row by row."""
    x, w, a0, a1, ex, ew, ea, last, config = [], [], [], [], [], [], [], [], []
    for row, m, e in zip(rows, mants, exps, strict=True):
        job, beats = row.job, len(e)
        weights = lanes(np.array(row.bank[WEIGHTS]).reshape(BLOCK, 4)[: job.keys, :beats], 4, 4)
        factors = lanes(np.array(row.bank[FACTORS]).reshape(2, 4, 2)[:, :beats], 8, 2).reshape(2, beats, 4)
        keys = lanes(np.array(row.bank[KEYS])[: job.keys], 8, 2)
        x.append(np.tile(m, (job.keys, 1)))
        w.append(weights.reshape(-1, 4))
        a0.append(np.tile(factors[0], (job.keys, 1)))
        a1.append(np.tile(factors[1], (job.keys, 1)))
        ex.append(np.tile(e, job.keys))
        ew.append(np.full(beats * job.keys, job.ew))
        ea.append(np.full(beats * job.keys, job.ea))
        last.append(np.tile(np.arange(beats) == beats - 1, job.keys))
        config += [(beats, *pair, job.eb, job.correction) for pair in keys.tolist()]
    lengths, b0, b1, eb, enable = np.array(config, np.int64).T
    begins = np.cumsum(lengths) - lengths
    columns = {name: np.pad(np.concatenate(part), ((0, 0), (0, 4))) for name, part in (("x", x), ("w", w), ("a0", a0), ("a1", a1))}
    columns |= {name: np.concatenate(part) for name, part in (("ex", ex), ("ew", ew), ("ea", ea))}
    columns["last"] = np.concatenate(last).astype(np.int64)
    beats_in = moved(2 * np.arange(len(columns["last"])) + 1, columns)
    written = moved(2 * begins, {"b0": b0, "b1": b1, "eb": eb, "lr_en": enable})
    out = owed(DOT, "y", {"in": beats_in, "cfg": written})
    return out.columns["m"], out.columns["e"], out.columns["zero"]


def lanes(words: IntColumn, width: int, count: int) -> IntColumn:
    """The signed lanes of words, lowest first, along a new last axis."""
    found = (words[..., None] >> (width * np.arange(count))) & ((1 << width) - 1)
    return np.where(found >> (width - 1), found - (1 << width), found).astype(np.int64)


def packed(rows: list[Row], m: IntColumn, e: IntColumn, zero: IntColumn) -> tuple[Transfers, list[tuple[int, ...]]]:
    """Section 5.3: pairs of scores as beats of the softmax; sets `Row.clipped`."""
    keys = np.array([row.job.keys for row in rows], np.int64)
    scale = np.repeat([row.job.scale for row in rows], keys)
    exponent = np.where(zero == 1, -64, e + scale).reshape(-1, 2)
    block = np.clip(exponent.max(axis=1), E_MIN, E_MAX)
    gap = block[:, None] - exponent
    mant, none = m.reshape(-1, 2), zero.reshape(-1, 2) == 1
    clipped = ~none & (gap < 0)
    aligned = np.where(clipped, np.where(mant < 0, -128, 127), mant >> np.clip(gap, 0, 7))
    ends = np.cumsum(keys // 2)
    last = np.zeros(len(block), np.int64)
    last[ends - 1] = 1
    facts: list[tuple[int, ...]] = []
    for row, end, count in zip(rows, ends.tolist(), (keys // 2).tolist(), strict=True):
        mine = slice(end - count, end)
        row.clipped = int(clipped[mine].any())
        top = exponent[mine].max()
        facts.append((
            int(np.ptp(exponent[mine][~none[mine]])) if not none[mine].all() else NONE, int(none[mine].sum()),
            int(aligned[mine].max()), int(aligned[mine].min()), int(clipped[mine].sum()), int(top),
        ))  # fmt: skip
    return moved(np.arange(len(block)), {"m": np.where(none, 0, aligned), "e": block, "last": last}), facts


def unpacked(rows: list[Row], probabilities: Expected) -> tuple[IntColumn, IntColumn]:
    """Section 5.4: elements of the quantiser and their formats, eight a row."""
    shift = probabilities.columns["e"][:, None] + 8
    x = ((probabilities.columns["m"] << shift) >> 1).reshape(-1)
    keys = np.array([row.job.keys for row in rows], np.int64)
    elements = np.zeros((len(rows), BLOCK), np.int64)
    elements[np.arange(BLOCK) < keys[:, None]] = x
    return elements.reshape(-1), np.repeat([row.job.format for row in rows], BLOCK).astype(np.int64)


def expected_packets(epochs: list[Epoch], values: Values) -> Expected:
    """Section 5.5: a packet or a marker for every complete row."""
    beats: list[tuple[int, ...]] = []
    for one in epochs:
        for row in one.rows:
            if row.end == NONE:
                continue
            common = (row.context, one.number, row.end)
            if row.reason:
                beats.append((row.reason, 1, 1, 1, *common))
                continue
            header, *codes = values.codes[id(row)]
            beats.append((header | row.clipped << 6, 1, 0, 0, *common))
            beats += [(code, 0, 0, int(n == row.job.keys - 1), *common) for n, code in enumerate(codes[: row.job.keys])]
    data, head, drop, last, context, epoch, cause = np.array(beats, np.int64).reshape(-1, 7).T
    return Expected(epoch, {"data": data, "head": head, "drop": drop, "ctx": context, "last": last}, cause)


# --- Levels ----------------------------------------------------------------------------------


def levels(trace: Trace, epochs: list[Epoch], blocks: list[Registers], writes: Accesses, reads: Accesses) -> dict[str, IntColumn]:
    """Sections 3.1 and 4.1: the bus, the interrupt and the grant, cycle by cycle; none if the trace holds no signals."""
    if not trace.cycles or "x_grant" not in trace.signals:
        return {}
    returned = {n: value for block in blocks for n, value in block.values.items()}
    count = len(reads.performed)
    data, resp = (np.array([returned.get(n, (0, 0))[k] for n in range(count)], np.int64) for k in (0, 1))
    failed = np.array([SLVERR * refuses_write(word) for word in writes.word.tolist()], np.int64)
    one, one_read = np.ones(len(writes.performed), np.int64), np.ones(count, np.int64)
    known = expanded(trace, [note for block in blocks for note in block.notes])
    return {
        "s_awready": 1 - held(trace, writes.asked[0], writes.performed, writes.epoch, one),
        "s_wready": 1 - held(trace, writes.asked[1], writes.performed, writes.epoch, one),
        "s_bvalid": held(trace, writes.performed, writes.answered, writes.epoch, one),
        "s_bresp": held(trace, writes.performed, writes.answered, writes.epoch, failed),
        "s_arready": 1 - held(trace, reads.asked[0], reads.performed, reads.epoch, one_read),
        "s_rvalid": held(trace, reads.performed, reads.answered, reads.epoch, one_read),
        "s_rdata": held(trace, reads.performed, reads.answered, reads.epoch, data),
        "s_rresp": held(trace, reads.performed, reads.answered, reads.epoch, resp),
        "irq": known[0],
        "x_grant": grants(trace, epochs, known[1]),
    }


def held(trace: Trace, loads: IntColumn, frees: IntColumn, epoch: IntColumn, value: IntColumn) -> IntColumn:
    """(cycles,) a register that holds `value` from the cycle after `loads` to that of `frees`, or to the reset."""
    change = np.zeros(trace.cycles + 2, np.int64)
    ends = np.searchsorted(trace.epoch, epoch, side="right")  # the first cycle of a reset still shows the state
    use = loads != NONE
    stop = np.where(frees == NONE, np.minimum(ends, trace.cycles), frees)
    np.add.at(change, loads[use] + 1, value[use])
    np.add.at(change, stop[use] + 1, -value[use])
    return np.cumsum(change)[: trace.cycles]


def expanded(trace: Trace, notes: list[tuple[int, ...]]) -> list[IntColumn]:
    """Columns of the state in each cycle, from notes of what it is from a cycle on; the first of a reset is still old."""
    table = np.array(notes, np.int64)
    row = np.searchsorted(table[:, 0], np.arange(trace.cycles), side="right") - 1
    begins = np.zeros(trace.cycles, np.bool_)
    begins[1:] = trace.epoch[1:] != trace.epoch[:-1]
    row[begins] -= 1  # the note of the new epoch is that of its first cycle
    return [column[np.maximum(row, 0)] for column in table.T[1:]]


def grants(trace: Trace, epochs: list[Epoch], fixed: IntColumn) -> IntColumn:
    """Section 4.1: the grant after each edge, from what was granted before it."""
    state = dict(zip(STATE_COLUMNS, expanded(trace, [note for one in epochs for note in one.notes]), strict=True))
    done = {one.cycle: one for epoch in epochs for one in epoch.happened}
    aborts, ends, begins = (np.zeros(trace.cycles, np.int64) for _ in range(3))
    for cycle, one in done.items():
        aborts[cycle], ends[cycle], begins[cycle] = one.aborts, one.row_end, one.began
    grant = trace.signals["x_grant"]
    valid = [trace.signals[f"x{c}_valid"] == 1 for c in (0, 1)]
    room = state["fly0"] + state["fly1"] < SLOTS
    want = [(state[f"accepting{c}"] == 1) & valid[c] & (state[f"flush{c}"] == 0) & (aborts >> c & 1 == 0) & room for c in (0, 1)]
    at = Clocked(trace)
    served = at.held(grant != 0, grant >> 1, reset=1)
    second = np.where(want[0] & want[1], (fixed == 0) & (served == 0), want[1])
    choice = np.where(want[0] | want[1], np.where(second, 2, 1), 0)
    opened = (state["place0"] + state["place1"] > 0) | (begins != 0)
    withdrawn = ~opened & (grant & aborts != 0)
    return at.after(np.where(grant == 0, choice, np.where((ends != 0) | withdrawn, 0, grant)))


# --- Tables ----------------------------------------------------------------------------------

NEW = ("rows", "length", "keys", "bank", "fmt", "lr", "scale")
BEGINS, WAITS, FULL, BUSY = range(4)  # what becomes of a job that is asked for
NOTHING, HEAD_OFFERED, HEAD_TAKEN, CODES, OTHER = range(5)  # where the packet at the output stands when an abort comes


class Rows:
    """The rows of one event table, gathered by name."""

    def __init__(self, *names: str) -> None:
        self._names = ("cycle", "epoch", *names)
        self._rows: list[tuple[int, ...]] = []

    def add(self, *values: int) -> None:
        """Add a row: cycle, epoch, and a value for each name."""
        self._rows.append(tuple(int(value) for value in values))

    def columns(self) -> dict[str, IntColumn]:
        """Return the columns, in the order of the rows."""
        table = np.array(self._rows, np.int64).reshape(-1, len(self._names))
        return dict(zip(self._names, table.T, strict=True))


@dataclass(frozen=True, slots=True)
class States:
    """The contexts and the register block at the beginning of any cycle."""

    contexts: IntColumn  # (notes, 1 + columns)
    registers: IntColumn

    @classmethod
    def of(cls, epochs: list[Epoch], blocks: list[Registers]) -> States:
        """Gather the notes of all epochs."""
        contexts = [note for one in epochs for note in one.notes]
        registers = [note for block in blocks for note in block.notes]
        return cls(
            np.array(contexts, np.int64).reshape(-1, 1 + len(STATE_COLUMNS)),
            np.array(registers, np.int64).reshape(-1, 1 + len(REGISTER_COLUMNS)),
        )

    def beside(self, columns: dict[str, IntColumn]) -> Table:
        """Return a table with the state at its cycles: of ``ctx`` and of the other one if it has such a column."""
        found = dict(columns)
        cycle = columns["cycle"]
        for names, notes in ((STATE_COLUMNS, self.contexts), (REGISTER_COLUMNS, self.registers)):
            row = np.maximum(np.searchsorted(notes[:, 0], cycle, side="right") - 1, 0)
            for place, name in enumerate(names, 1):
                found.setdefault(name, notes[row, place] if len(notes) else np.zeros(len(cycle), np.int64))
        if "ctx" in columns:
            second = columns["ctx"] == 1
            for name in PER_CONTEXT:
                found.setdefault(f"own_{name}", np.where(second, found[f"{name}1"], found[f"{name}0"]))
                found.setdefault(f"other_{name}", np.where(second, found[f"{name}0"], found[f"{name}1"]))
        return Table(found)


def tables(trace: Trace, epochs: list[Epoch], blocks: list[Registers], reads: Accesses, values: Values) -> dict[str, Table]:
    """The event tables; see the README of the design."""
    states = States.of(epochs, blocks)
    made = {
        "job": job_table(epochs), "start": start_table(epochs), "abort": abort_table(trace, epochs),
        "clean": clean_table(epochs), "done": done_table(epochs, reads), "flag": flag_table(epochs, blocks),
        "read": read_table(epochs, blocks, reads), "load": load_table(trace, epochs), "row": row_table(epochs, values),
        "change": change_table(epochs),
    }  # fmt: skip
    return {name: states.beside(one.columns()) for name, one in made.items()}


def change_table(epochs: list[Epoch]) -> Rows:
    """A row for each cycle after one in which something happened."""
    rows = Rows()
    for one in epochs:
        for note in one.notes:
            rows.add(note[0], one.number)
    return rows


def settings(job: Job | None) -> tuple[int, ...]:
    """The columns `NEW` of a job."""
    if job is None:
        return (NONE,) * len(NEW)
    return job.rows, job.length, job.keys, job.bank, min(job.format, 2), job.correction, job.scale


def job_table(epochs: list[Epoch]) -> Rows:
    """A row for each write to a job register: what it asked for, and what became of it (``outcome``)."""
    rows = Rows("ctx", *NEW, "outcome", "finish", "other_finish", "strb", "cleaned", "other_began")
    for one in epochs:
        registers, exponents = [0, 0], [0, 0]
        for now in one.happened:
            if now.word not in (JOB0, JOB1):
                continue
            ctx, mask = now.word - JOB0, (255 if now.strb & 1 else 0) | (0xFF00 if now.strb & 2 else 0)
            registers[ctx] = (registers[ctx] & ~mask | now.data & mask) & 0x7FFF
            state, bit = now.states[ctx], 1 << ctx
            finish = int(bool(now.finish & bit))
            outcome = BUSY if state & 4 else FULL if state & 2 else BEGINS if not state & 1 or finish else WAITS
            rows.add(
                now.cycle, one.number, ctx, *settings(make_job(registers[ctx], exponents[ctx])), outcome, finish,
                int(bool(now.finish & ~bit)), now.strb, int(bool(now.cleaned & bit)), int(bool(now.began & ~bit)),
            )  # fmt: skip
    return rows


def start_table(epochs: list[Epoch]) -> Rows:
    """A row for each job that begins to run, in its first cycle, with the job of this context before it (``was_*``)."""
    rows = Rows("ctx", *NEW, *(f"was_{name}" for name in NEW), "how", "since_abort")
    for one in epochs:
        for ctx in (0, 1):
            for cycle, job, before, how, cut in one.starts[ctx]:
                rows.add(cycle, one.number, ctx, *settings(job), *settings(before), how, cut)
    return rows


def abort_table(trace: Trace, epochs: list[Epoch]) -> Rows:
    """A row for each context whose abort is written."""
    rows = Rows(
        "ctx", "taken", "both", "commit", "finish", "other_finish", "began", "ended_row", "other_began", "packet",
        "killed", "kept", "age", "alone", "length", "keys", "delivered_after", "jobs_after", "other_open",
    )  # fmt: skip
    for one in epochs:
        for now in one.happened:
            for ctx in (0, 1):
                if now.asked >> ctx & 1:
                    rows.add(now.cycle, one.number, ctx, *abort_facts(trace, one, now, ctx))
    return rows


def abort_facts(trace: Trace, epoch: Epoch, now: Happened, ctx: int) -> tuple[int, ...]:
    """The columns of `abort_table` after ``ctx``."""
    bit, cycle = 1 << ctx, now.cycle
    flying = [row for row in epoch.rows if row.first <= cycle and (row.done == NONE or row.done >= cycle)]
    mine = [row for row in flying if row.context == ctx]
    at_gate = flying[0] if flying else None
    begun = int(epoch.offered[cycle]) - epoch.offered_before
    packet = NOTHING
    if at_gate is not None and epoch.rows.index(at_gate) < begun:
        taken = at_gate.begun_at
        stage = CODES if taken != NONE and taken < cycle else HEAD_TAKEN if taken == cycle else HEAD_OFFERED
        packet = stage if at_gate.context == ctx else OTHER
    youngest = mine[-1] if mine else None
    age = cycle - youngest.end if youngest is not None and youngest.end != NONE else NONE
    delivered = sum(row.context == ctx and row.first > cycle and row.done != NONE and not row.reason for row in epoch.rows)
    jobs = sum(started[0] > cycle for started in epoch.starts[ctx])
    others = [row for row in flying if row.context != ctx]
    return (
        int(bool(now.aborts & bit)), int(now.asked == 3), int(bool(now.data & 4)), int(bool(now.finish & bit)),
        int(bool(now.finish & ~bit)), int(bool(now.began & bit)), int(bool(now.row_end & bit)), int(bool(now.began & ~bit)),
        packet, sum(row.killed == cycle for row in mine), int(packet in (HEAD_OFFERED, HEAD_TAKEN, CODES)), age,
        int(len(flying) == 1), len(youngest.beats) if youngest else 0, youngest.job.keys if youngest else 0, delivered, jobs,
        int(any(row.end == NONE or row.end >= cycle for row in others)),
    )  # fmt: skip


def clean_table(epochs: list[Epoch]) -> Rows:
    """A row for each clean-up that is complete."""
    rows = Rows("ctx", "took", "markers", "whole", "wrote", "both", "delivered_after", "other_delivered")
    for one in epochs:
        begun = {0: NONE, 1: NONE}
        for now in one.happened:
            for ctx in (0, 1):
                bit = 1 << ctx
                if now.aborts & bit:
                    begun[ctx] = now.cycle
                if now.cleaned & bit:
                    span = range(begun[ctx], now.cycle + 1)
                    ended = [row for row in one.rows if row.done in span]
                    mine = [row for row in ended if row.context == ctx]
                    later = sum(row.context == ctx and row.first > now.cycle and row.done != NONE and not row.reason for row in one.rows)
                    rows.add(
                        now.cycle, one.number, ctx, now.cycle - begun[ctx], sum(row.killed != NONE for row in mine),
                        sum(not row.reason for row in mine), int(now.word == JOB0 + ctx), int(now.cleaned == 3), later,
                        sum(row.context != ctx and not row.reason for row in ended),
                    )  # fmt: skip
    return rows


def done_table(epochs: list[Epoch], reads: Accesses) -> Rows:
    """A row for each job that is done."""
    rows = Rows(
        "ctx", "asked", "wrote", "clears", "was_set", "read", "bad_rows", "clipped_rows", "since_other", "last_reason", "writes",
    )  # fmt: skip
    for one in epochs:
        status, when = 0, [NONE, NONE]
        for now in one.happened:
            clears = now.data & 15 if now.word == STATUS and now.strb & 1 else 0
            for ctx in (0, 1):
                bit = 1 << ctx
                if now.finish & bit and now.ending is not None:
                    rows_of = [row for row in one.rows if row.context == ctx and row.job is now.ending.job]
                    since = now.cycle - when[1 - ctx] if when[1 - ctx] != NONE else NONE
                    rows.add(
                        now.cycle, one.number, ctx, int(bool(now.asked & bit)), int(now.word == JOB0 + ctx),
                        int(bool(clears & bit)), int(bool(status & bit)),
                        int(reads.word[now.read]) if now.read != NONE else NONE, sum(row.bad for row in rows_of),
                        sum(row.clipped for row in rows_of), since, now.ending.reason, int(now.word != NONE),
                    )  # fmt: skip
                    when[ctx] = now.cycle
            status = status & ~clears | now.finish << DONE | now.cleaned << ABORTED
    return rows


def flag_table(epochs: list[Epoch], blocks: list[Registers]) -> Rows:
    """A row for each bit of STATUS (0..3) and ERROR (4..11) that an event sets or a write clears."""
    rows = Rows("bit", "sets", "clears", "was", "others")
    for one, block in zip(epochs, blocks, strict=True):
        for cycle, status, error, clear_status, clear_error, held_status, held_error in block.set_now:
            sets, clears, held = status | error << 4, clear_status | clear_error << 4, held_status | held_error << 4
            for bit in range(12):
                if (sets | clears) >> bit & 1:
                    rows.add(cycle, one.number, bit, sets >> bit & 1, clears >> bit & 1, held >> bit & 1, int(bool(sets & ~(1 << bit))))
    return rows


def read_table(epochs: list[Epoch], blocks: list[Registers], reads: Accesses) -> Rows:
    """A row for each read that is performed; ``moves``: what it reads changes in this very cycle."""
    rows = Rows("word", "value", "moves", "wrote")
    for one, block in zip(epochs, blocks, strict=True):
        sets = {cycle: (status, error) for cycle, status, error, *_ in block.set_now}
        for now in one.happened:
            if now.read == NONE:
                continue
            word = int(reads.word[now.read])
            status, error = sets.get(now.cycle, (0, 0))
            moves = {
                STATUS: status != 0, ERROR: error != 0, COUNT: now.ending is not None,
                STATE: bool(now.began or now.ending or now.finish or now.cleaned or now.aborts),
            }  # fmt: skip
            rows.add(now.cycle, one.number, word, block.values[now.read][0], int(moves.get(word, False)), now.word)
    return rows


def load_table(trace: Trace, epochs: list[Epoch]) -> Rows:
    """A row for each load of a bank; ``user`` tells who has the bank, ``meets`` what happens in the same cycle."""
    rows = Rows("kind", "bank", "refused", "user", "meets", "waits_for", "commit")
    loads = {name: np.asarray(trace.accepted["ld"].columns[name], np.int64) for name in ("kind", "bank")}
    for one in epochs:
        place = {note[0]: note for note in one.notes}
        for now in one.happened:
            if now.load == NONE:
                continue
            kind, bank = int(loads["kind"][now.load]), int(loads["bank"][now.load])
            state = dict(zip(STATE_COLUMNS, place.get(now.cycle, one.note_at(now.cycle))[1:], strict=True))
            users = [c for c in (0, 1) if state[f"bank{c}"] == bank and state[f"phase{c}"] != IDLE]
            user = 0 if not users else 4 if len(users) == 2 else 3 if state[f"phase{users[0]}"] == ABORTING else 1 + users[0]
            meets = 1 if now.word in (JOB0, JOB1) and not now.states[now.word - JOB0] & 1 else 2 if now.finish else 3 if now.cleaned else 0
            waiting = int(any(now.states[c] & 2 and one.waits_at(c, now.cycle) == bank for c in (0, 1)))
            rows.add(now.cycle, one.number, kind, bank, int(now.load_refused), user, meets, waiting, int(now.word == CTRL and bool(now.data & 4)))
    return rows


def row_table(epochs: list[Epoch], values: Values) -> Rows:
    """A row for each complete row whose packet has ended, in the cycle of its first beat; ``was_*`` is the row before it."""
    rows = Rows(
        "ctx", *NEW, "beats", "number", "reason", "clipped", "ahead", "was_ctx", *(f"was_{name}" for name in NEW), "was_beats",
        "was_reason", "was_clipped", "together", "new_commits", "took", "run", "next_ctx", *VALUE_COLUMNS,
    )  # fmt: skip
    for one in epochs:
        run = 0
        for number, row in enumerate(one.rows):
            before = one.rows[number - 1] if number else None
            run = run + 1 if before is not None and before.context == row.context else 1
            if row.done == NONE:
                continue
            was = (before.context, *settings(before.job), len(before.beats), before.reason, before.clipped) if before else (NONE,) * 11
            together = int(before is not None and (before.done == NONE or before.done > row.end))
            later = one.rows[number + 1].context if number + 1 < len(one.rows) else NONE
            facts = values.facts.get(id(row), (NONE,) * len(VALUE_COLUMNS))
            rows.add(
                row.first, one.number, row.context, *settings(row.job), len(row.beats), row.number, row.reason,
                row.clipped if not row.reason else 0, row.ahead, *was[:8], *was[8:], together,
                row.commits - (before.commits if before else 0), row.done - row.end, run, later, *facts,
            )  # fmt: skip
    return rows


# --- All of it -------------------------------------------------------------------------------


def observe(trace: Trace) -> Observation:
    """Fold one trace: packets, registers and interrupts that the design owes, and raw facts about jobs, rows and aborts."""
    writes, reads = accesses(trace, ("aw", "w"), "b"), accesses(trace, ("ar",), "r")
    offered = offers(trace)
    numbers = np.unique(trace.epoch).tolist()
    epochs = [Epoch(trace, number, writes, reads, offered) for number in numbers]
    for one in epochs:
        one.play()
    values = compute(trace, epochs)
    blocks = []
    for one in epochs:
        block = Registers()
        block.play(int(np.searchsorted(trace.epoch, one.number, side="left")), one.happened, reads)
        blocks.append(block)
    expected = {"out": expected_packets(epochs, values)}
    made = tables(trace, epochs, blocks, reads, values)
    return Observation(expected, made, waiting_streams(epochs), levels(trace, epochs, blocks, writes, reads))


def offers(trace: Trace) -> IntColumn:
    """(cycles + 1,) packets of the trace whose head was offered up to each cycle."""
    out = trace.accepted["out"]
    begun = np.zeros(trace.cycles + 1, np.int64)
    begun[out.cycle[out.columns["head"] == 1]] = 1
    total = np.cumsum(begun)
    if "out_valid" not in trace.signals:
        return total
    waits = (trace.signals["out_valid"] == 1) & (trace.signals["out_head"] == 1) & (trace.signals["out_ready"] == 0) & ~trace.in_reset
    total[: trace.cycles] += waits
    return total


def waiting_streams(epochs: list[Epoch]) -> frozenset[str]:
    """Inputs that may wait for ever: their context accepts no row."""
    if not epochs:
        return frozenset({"x0", "x1"})
    return frozenset(f"x{c}" for c, one in enumerate(epochs[-1].contexts) if not one.accepting and not one.flush and not one.open)

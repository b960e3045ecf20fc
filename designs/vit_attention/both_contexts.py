"""The words of section 2 at the beginning of a cycle: jobs, rows, contexts; and what a cycle did to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from dv_agent.designs.vit_attention.register_map import ABORTING, ACCEPTING, BAD, DRAINING, IDLE, KILLED, NONE, signed


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
    charged: bool = False  # whether it took a credit
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
    needs: bool = False  # credits
    credits: int = 0

    @property
    def unfinished(self) -> bool:
        """Whether rows of its job are to begin yet."""
        return self.job is not None and not self.aborting and self.begun < self.job.rows

    @property
    def accepting(self) -> bool:
        """Whether rows may begin."""
        return self.unfinished and (not self.needs or self.credits > 0)

    @property
    def phase(self) -> int:
        """0 idle, 1 accepting, 2 all rows begun, 3 aborting."""
        return IDLE if self.job is None else ABORTING if self.aborting else ACCEPTING if self.unfinished else DRAINING

    @property
    def state(self) -> int:
        """The six bits of STATE."""
        return (
            self.in_flight << 3
            | int(self.aborting) << 2
            | int(self.waiting is not None) << 1
            | int(self.job is not None)
        )

    @property
    def credit(self) -> int:
        """The byte of CREDIT."""
        return self.needs << 7 | self.credits

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


SETTINGS = ("rows", "length", "keys", "bank", "fmt", "lr", "scale")
PER_CONTEXT = ("phase", "waits", "fly", "begun", "ended", "flush", "place", "accepting", "needs", "credits", *SETTINGS)
STATE_COLUMNS = tuple(f"{name}{c}" for c in (0, 1) for name in PER_CONTEXT)


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
    credits: tuple[int, int] = (0, 0)  # CREDIT of both contexts at its beginning
    took: int = 0  # contexts of which a row took a credit
    gave_back: int = 0
    spent: int = 0  # contexts whose last credit was taken
    starved: int = 0  # contexts that have no credit, at its beginning
    flush_end: int = 0
    started: int = 0  # contexts whose job runs as it was written

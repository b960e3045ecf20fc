"""The register block, folded over what happened; section 3.2."""

from __future__ import annotations

from dataclasses import dataclass, field

from dv_agent.designs.vit_attention.both_contexts import Happened
from dv_agent.designs.vit_attention.interrupt_spell import Spell, Watched
from dv_agent.designs.vit_attention.performed_accesses import Accesses
from dv_agent.designs.vit_attention.register_map import (
    ABORTED,
    ADDRESS,
    ARB,
    COAL,
    COUNT,
    CREDIT,
    DONE,
    ERROR,
    EXP0,
    EXP1,
    ID,
    IDENTITY,
    JOB0,
    JOB1,
    LOAD,
    MASK,
    NONE,
    OKAY,
    OVERLONG,
    RANGE,
    REFUSED,
    SLVERR,
    STATE,
    STATUS,
    merged,
    refuses_write,
)


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
    threshold: int = 0
    timeout: int = 0  # in units of four cycles
    spell: Spell = field(default_factory=Spell)
    at: int = 0  # the cycle at whose beginning all this holds
    notes: list[tuple[int, ...]] = field(default_factory=list)  # cycle, `REGISTER_COLUMNS`
    values: dict[int, tuple[int, int]] = field(default_factory=dict)  # read access -> data, response
    spells: list[tuple[int, ...]] = field(default_factory=list)  # cycle of the end, `SPELL_COLUMNS`
    watched: Watched | None = None  # the spell that goes on
    last_spell: int = NONE  # cycle of the end of the one before
    set_now: list[tuple[int, ...]] = field(default_factory=list)  # cycle, bits set, cleared of STATUS and ERROR

    @property
    def raised(self) -> bool:
        """Whether a bit of STATUS that is not masked is 1."""
        return ((int(self.error != 0) << 4 | self.status) & self.mask) != 0

    @property
    def irq(self) -> int:
        """The level of the interrupt."""
        return int(self.raised and (self.spell.ripe or self.threshold == 0))

    def play(self, first: int, happened: list[Happened], reads: Accesses, final: int) -> None:
        """Fold what happened in one epoch that lasts from cycle `first` to before `final`."""
        self.at = first
        self._note(first)
        for one in happened:
            self._pass_to(one.cycle)
            if one.read != NONE:
                self._read(one, int(reads.word[one.read]))
            self._settle(one, one.read != NONE and int(reads.word[one.read]) == COUNT)
            self._note(one.cycle + 1)
            self.at = one.cycle + 1
            self._watch()
        self._pass_to(final)

    def _pass_to(self, cycle: int) -> None:
        """Let the spell pass over cycles in which nothing happens, up to the beginning of `cycle`."""
        while self.at < cycle:
            was = self.irq
            calm = self.spell.calm(self.threshold, self.timeout, cycle - self.at, raised=self.raised)
            if calm:
                self.spell.skip(calm, raised=self.raised)
            else:
                self.spell.step(0, self.threshold, self.timeout, raised=self.raised)
            self.at += max(calm, 1)
            if self.irq != was:
                self._note(self.at)
            self._watch()

    def _watch(self) -> None:
        """Keep what the table of spells tells, at the beginning of a cycle."""
        if self.raised and self.watched is None:
            self.watched = Watched(self.at, self.at - self.last_spell if self.last_spell != NONE else NONE)
        one = self.watched
        if one is None:
            return
        if not self.raised:
            self.spells.append((self.at, *one.facts(self.at, self.threshold, self.timeout)))
            self.watched, self.last_spell = None, self.at
            return
        one.seen |= (int(self.error != 0) << 4 | self.status) & self.mask
        if self.spell.ripe and one.ripe_at == NONE:
            one.ripe_at, one.why, one.at_ripe = self.at, self.spell.why, self.spell.events
            one.jump = self.spell.events - one.events
            one.behind_write = int(self.at - one.written <= 2 and one.written != NONE)
        one.events = self.spell.events

    def _cleared(self, clears: tuple[int, int], status: int, error: int) -> None:
        """A write that clears in a spell: it goes on, perhaps only because of what is set in this very cycle."""
        if self.watched is None or not any(clears):
            return
        left, left_error = self.status & ~clears[0], self.error & ~clears[1]
        remains = (left | int(left_error != 0) << 4) & self.mask
        new = (status | int(error != 0) << 4) & self.mask
        if remains or new:
            self.watched.survived += 1
        if new and not remains:
            self.watched.saved |= new

    def _note(self, cycle: int) -> None:
        self.notes.append(
            (cycle, self.irq, self.arb, self.status, self.error, self.mask, self.count, *self.spell.facts)
        )

    def _read(self, one: Happened, word: int) -> None:
        held = {
            ID: IDENTITY, STATUS: int(self.error != 0) << 4 | self.status, ERROR: self.error, MASK: self.mask,
            STATE: one.states[0] | one.states[1] << 8, ARB: self.arb, COUNT: self.count, JOB0: self.job[0],
            CREDIT: one.credits[0] | one.credits[1] << 8, COAL: self.timeout << 8 | self.threshold,
            JOB1: self.job[1], EXP0: self.exp[0], EXP1: self.exp[1],
        }  # fmt: skip
        self.values[one.read] = (held.get(word, 0), OKAY if word <= COAL else SLVERR)

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
        self._cleared(clears, status, error)
        if self.watched is not None and one.word == COAL:
            self.watched.written = one.cycle
        self.spell.step((status & self.mask & 15).bit_count(), self.threshold, self.timeout, raised=self.raised)
        self.status = self.status & ~clears[0] | status
        self.error = self.error & ~clears[1] | error
        self.count = min((0 if counts_again else self.count) + (one.ending is not None), 255)
        if one.word == MASK and one.strb & 1:
            self.mask = low & 31
        if one.word == ARB and one.strb & 1:
            self.arb = low & 1
        if one.word == COAL:
            self.threshold = low & 15 if one.strb & 1 else self.threshold
            self.timeout = one.data >> 8 & 255 if one.strb & 2 else self.timeout
        if one.word in (JOB0, JOB1, EXP0, EXP1):
            held = self.exp if one.word >= EXP0 else self.job
            held[one.word & 1] = merged(held[one.word & 1], one.word, one.data, one.strb)


REGISTER_COLUMNS = ("irq", "fixed", "status", "error", "mask", "count", "events", "age", "ripe")

"""Reference model of ``mips_core``, written from ``spec.md``: an interpreter, and when each word is where.

Axis names used below: n accepted words, c cycles. All arrays are int64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, begins_epoch, previous
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

WORD = 0xFFFFFFFF
BOOT, VECTOR = 0xBFC00000, 0xBFC00380
PLACES = {"op": 26, "rs": 21, "rt": 16, "rd": 11, "sa": 6, "funct": 0}
JUMPS, BRANCHES, STORES = (2, 3), (4, 5), {40: 1, 41: 2, 43: 4}  # opcodes; of stores the bytes
SHIFT, JUMP_REGISTER, LINK = 0, 8, 31
QUEUE = 4
NAMED = {32: 1, 34: 2, 15: 3, 42: 4, 43: 5, 38: 6, 2: 7, 3: 8, 37: 9, 36: 10}  # column op, by funct
NAMED_JUMP, NAMED_STORES = 11, {40: 12, 41: 13, 43: 14}


def signed(value: int, bits: int = 32) -> int:
    """The low `bits` bits as a signed number."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


Operation = Callable[[int, int], int]
BY_FUNCT: dict[int, Operation] = {  # section 3.2; rs and rt, numbers without a sign
    2: lambda s, t: t >> (s & 31),
    3: lambda s, t: signed(t) >> (s & 31),
    15: lambda s, t: t << (s & 31),
    32: lambda s, t: s + t,
    33: lambda s, t: s + t,
    34: lambda s, t: s - t,
    35: lambda s, t: s - t,
    36: lambda s, t: s & t,
    37: lambda s, t: s | t,
    38: lambda s, t: s ^ t,
    42: lambda s, t: int(signed(s) < signed(t)),
    43: lambda s, t: int(s < t),
}
BY_OPCODE: dict[int, Operation] = {  # rs and the 16 bits of the immediate
    8: lambda s, i: s + signed(i, 16),
    9: lambda s, i: s + signed(i, 16),
    10: lambda s, i: int(signed(s) < signed(i, 16)),
    11: lambda s, i: int(s < signed(i, 16) & WORD),
    12: lambda s, i: s & i,
    13: lambda s, i: s | i,
    14: lambda s, i: s ^ i,
    15: lambda _, i: i << 16,
}


class Word(NamedTuple):
    """The fields of a word."""

    op: int
    rs: int
    rt: int
    rd: int
    sa: int
    funct: int

    @property
    def immediate(self) -> int:
        """The low 16 bits."""
        return self.rd << 11 | self.sa << 6 | self.funct

    @property
    def target(self) -> int:
        """The low 26 bits."""
        return self.rs << 21 | self.rt << 16 | self.immediate

    @property
    def legal(self) -> bool:
        """Section 3.1."""
        if self.op == 0:
            return self.funct in BY_FUNCT or self.funct in (SHIFT, JUMP_REGISTER)
        return self.op in BY_OPCODE or self.op in JUMPS or self.op in BRANCHES or self.op in STORES

    @property
    def goes_elsewhere(self) -> bool:
        """Whether it is a jump or a branch."""
        return self.op in JUMPS or self.op in BRANCHES or (self.op == 0 and self.funct == JUMP_REGISTER)

    @property
    def reads(self) -> tuple[int, ...]:
        """The registers that it reads."""
        if self.op == 0:
            if self.funct == JUMP_REGISTER:
                return (self.rs,)
            return (self.rt,) if self.funct == SHIFT else (self.rs, self.rt)
        if self.op in BRANCHES or self.op in STORES:
            return self.rs, self.rt
        return (self.rs,) if self.op in BY_OPCODE and self.op != 15 else ()

    @property
    def name(self) -> int:
        """Column ``op`` of the table."""
        if self.op in JUMPS:
            return NAMED_JUMP
        return NAMED.get(self.funct, 0) if self.op == 0 else NAMED_STORES.get(self.op, 0)


class Done(NamedTuple):
    """What a word has done: `store` is address, strobe and data."""

    word: Word
    pc: int
    rd: int
    value: int
    store: tuple[int, int, int] | None


@dataclass(slots=True)
class Machine:
    """Registers and program counters, section 3."""

    pc: int = BOOT
    next_pc: int = BOOT + 4
    registers: list[int] = field(default_factory=lambda: [0] * 32)

    def step(self, word: Word) -> Done:
        """Execute the next word."""
        pc, s, t = self.pc, self.registers[word.rs], self.registers[word.rt]
        rd, value = self.written(word, s, t)
        store = stored(word, s, t)
        if not word.legal:
            self.pc, self.next_pc = VECTOR, VECTOR + 4
        else:
            self.pc, self.next_pc = self.next_pc, self.behind(word, s, t)
        if rd:
            self.registers[rd] = value & WORD
        return Done(word, pc, rd, self.registers[rd], store)

    def written(self, word: Word, s: int, t: int) -> tuple[int, int]:
        """The register that a word writes, and the value; register 0 if there is none."""
        if word.op == 0 and word.funct == SHIFT:
            return word.rd, t << word.sa
        if word.op == 0 and word.funct in BY_FUNCT:
            return word.rd, BY_FUNCT[word.funct](s, t)
        if word.op in BY_OPCODE:
            return word.rt, BY_OPCODE[word.op](s, word.immediate)
        return (LINK, self.next_pc + 4) if word.op == 3 else (0, 0)

    def behind(self, word: Word, s: int, t: int) -> int:
        """The address of the word after the next one."""
        slot = self.next_pc
        if word.op in JUMPS:
            return (slot & 0xF0000000) | word.target << 2
        if word.op == 0 and word.funct == JUMP_REGISTER:
            return s & ~3
        taken = word.op in BRANCHES and (s == t) == (word.op == 4)
        return (slot + (4 * signed(word.immediate, 16) if taken else 4)) & WORD


def stored(word: Word, s: int, t: int) -> tuple[int, int, int] | None:
    """Address, strobe and data of a store, section 3.4."""
    size = STORES.get(word.op)
    if size is None:
        return None
    address = (s + signed(word.immediate, 16)) & WORD
    place = address & 3 & -size
    return address & ~3, ((1 << size) - 1) << place, (t << 8 * place) & WORD


def observe(trace: Trace) -> Observation:
    """See `dv_agent.designs.observation.ReferenceModel`; table ``retired``: one row a word that has retired."""
    taken = trace.accepted["in"]
    done = executed(taken)
    rows = [(index, *one.store) for index, one in enumerate(done) if one.store]
    index, *columns = np.array(rows, np.int64).reshape(-1, 4).T
    owed = Expected(taken.epoch[index], dict(zip(("addr", "strb", "data"), columns, strict=True)), taken.cycle[index])
    if not Clocked.has(trace, ("store_valid_o", "store_ready_i")):
        return Observation(
            expected={"store": owed}, tables={"retired": retired_table(taken, done, taken.cycle, np.arange(len(done)))}
        )
    shown, levels = timing(trace, taken, done)
    lanes = [np.flatnonzero(lane >= 0) for lane in shown]
    cycle, word = np.concatenate(lanes), np.concatenate([lane[seen] for lane, seen in zip(shown, lanes, strict=True)])
    order = np.argsort(word)
    return Observation(
        expected={"store": owed}, tables={"retired": retired_table(taken, done, cycle[order], word[order])},
        levels=levels | records(shown, done),
    )  # fmt: skip


def executed(taken: Transfers) -> list[Done]:
    """What each accepted word does."""
    columns = [np.asarray(taken.columns[name], np.int64).tolist() for name in PLACES]
    done, machine = list[Done](), Machine()
    for begins, *fields in zip(begins_epoch(taken.epoch).tolist(), *columns, strict=True):
        if begins:
            machine = Machine()
        done.append(machine.step(Word(*fields)))
    return done


def pairs(first: Done, second: Done) -> bool:
    """Whether two words are issued at once, section 4."""
    if first.word.goes_elsewhere or not first.word.legal or not second.word.legal or (first.store and second.store):
        return False
    return not (first.rd and first.rd in second.word.reads)


def timing(
    trace: Trace, taken: Transfers, done: list[Done]
) -> tuple[tuple[IntColumn, IntColumn], dict[str, IntColumn]]:
    """Section 4, cycle by cycle: which word each lane shows as retired (-1: none), and the handshakes."""
    shown = np.full(trace.cycles, NONE, np.int64), np.full(trace.cycles, NONE, np.int64)
    ready, store = np.ones(trace.cycles, np.int64), np.zeros(trace.cycles, np.int64)
    comes = np.zeros(trace.cycles, np.int64)
    comes[taken.cycle] = 1
    may_pair = [pairs(*both) for both in pairwise(done)]
    stores = [one.store is not None for one in done]
    head = tail = 0  # words up to here have been issued, accepted
    waited, execute, write = False, (0, 0), (0, 0)  # a group: its first word, and how many
    rows = zip(trace.in_reset.tolist(), comes.tolist(), trace.signals["store_ready_i"].tolist(), strict=True)
    for cycle, (reset, come, drain) in enumerate(rows):
        count, asks = tail - head, any(stores[execute[0] : sum(execute)])
        ready[cycle], store[cycle] = count < QUEUE, asks
        for lane in range(write[1]):
            shown[lane][cycle] = write[0] + lane
        if reset:
            head, waited, execute, write = tail, False, (0, 0), (0, 0)
            continue
        advance, go = not asks or drain == 1, 0
        if advance and count > 1:
            go = 1 + may_pair[head]
        elif advance and count == 1:
            go = int(waited)
        write = execute if advance else (0, 0)
        execute = (head, go) if advance else execute
        waited = count == 1 and go == 0
        head, tail = head + go, tail + come
    return shown, {"instr_ready_o": ready, "store_valid_o": store}


def records(shown: tuple[IntColumn, IntColumn], done: list[Done]) -> dict[str, IntColumn]:
    """What the lanes show, cycle by cycle; all 0 without a word."""
    columns = {
        "insn": [one.word.op << 26 | one.word.target for one in done], "pc": [one.pc for one in done],
        "trap": [int(not one.word.legal) for one in done], "rd": [one.rd for one in done],
        "value": [one.value for one in done], "valid": [1] * len(done),
    }  # fmt: skip
    found = {}
    for lane, word in enumerate(shown):
        for name, values in columns.items():
            if (lane, name) != (1, "trap"):  # a word that traps is alone
                found[f"retire{lane}_{name}_o"] = np.where(word >= 0, np.array([*values, 0], np.int64)[word], 0)
    return found


def retired_table(taken: Transfers, done: list[Done], cycle: IntColumn, word: IntColumn) -> Table:
    """One row a word: see the columns of plan.yaml. Args: cycle: of each row; word: its place in `done`."""
    facts = [
        (one.word.name, one.word.rs, one.word.rt, one.word.rd,
         4 * one.word.target - (one.pc & 0x0FFFFFFF) if one.word.name == NAMED_JUMP else 0)
        for one in done
    ]  # fmt: skip
    op, rs, rt, rd, ahead = (column[word] for column in np.array(facts, np.int64).reshape(-1, 5).T)
    epoch = taken.epoch[word]
    before = previous(op, epoch)
    columns = {
        "cycle": cycle, "epoch": epoch, "op": op, "rs": rs, "rt": rt, "rd": rd, "ahead": ahead,
        "before": np.where(before == NONE, 0, before), "before_rd": previous(rd, epoch),
    }  # fmt: skip
    return Table(columns)

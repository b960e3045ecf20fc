"""Reference model of ``rv32_core``, written from ``spec.md``: an interpreter of RV32I, and when each word is where.

Axis names used below: n executed words, c cycles. All arrays are int64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, begins_epoch, previous
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

WORD = 0xFFFFFFFF
BOOT, VECTOR = 0x00100080, 0x00100000
LUI, AUIPC, JAL, JALR, BRANCH, LOAD, STORE = 0x37, 0x17, 0x6F, 0x67, 0x63, 0x03, 0x23
OP_IMM, OP, FENCE = 0x13, 0x33, 0x0F
PLACES = {"opcode": 0, "rd": 7, "funct3": 12, "rs1": 15, "rs2": 20, "funct7": 25}
NAMED = {
    (0, 0): 1,
    (0, 32): 2,
    (1, 0): 3,
    (2, 0): 4,
    (3, 0): 5,
    (4, 0): 6,
    (5, 0): 7,
    (5, 32): 8,
    (6, 0): 9,
    (7, 0): 10,
}
NAMED_JAL, NAMED_STORE = 11, 12  # codes of the table; stores go on from there


def signed(value: int, bits: int = 32) -> int:
    """The low `bits` bits as a signed number."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


OPERATIONS: dict[int, Callable[[int, int], int]] = {  # section 3.2, by funct3; numbers without a sign
    0: lambda a, b: a + b,
    1: lambda a, b: a << (b & 31),
    2: lambda a, b: int(signed(a) < signed(b)),
    3: lambda a, b: int(a < b),
    4: lambda a, b: a ^ b,
    5: lambda a, b: a >> (b & 31),
    6: lambda a, b: a | b,
    7: lambda a, b: a & b,
}
ALTERNATIVES: dict[int, Callable[[int, int], int]] = {0: lambda a, b: a - b, 5: lambda a, b: signed(a) >> (b & 31)}
CONDITIONS: dict[int, Callable[[int, int], bool]] = {
    0: lambda a, b: a == b,
    1: lambda a, b: a != b,
    4: lambda a, b: signed(a) < signed(b),
    5: lambda a, b: signed(a) >= signed(b),
    6: lambda a, b: a < b,
    7: lambda a, b: a >= b,
}


@dataclass(frozen=True, slots=True)
class Word:
    """The fields of an instruction word, and its immediate."""

    bits: int
    opcode: int
    rd: int
    funct3: int
    rs1: int
    rs2: int
    funct7: int

    @classmethod
    def of(cls, bits: int) -> Word:
        """Take a word apart."""
        return cls(bits, bits & 127, bits >> 7 & 31, bits >> 12 & 7, bits >> 15 & 31, bits >> 20 & 31, bits >> 25)

    @property
    def legal(self) -> bool:
        """Section 3.1."""
        f3, f7 = self.funct3, self.funct7
        return {
            LUI: True, AUIPC: True, JAL: True, JALR: f3 == 0, BRANCH: f3 in CONDITIONS, LOAD: f3 in (0, 1, 2, 4, 5),
            STORE: f3 < 3, OP_IMM: f3 not in (1, 5) or f7 == 0 or (f3 == 5 and f7 == 32),
            OP: f7 == 0 or (f7 == 32 and f3 in ALTERNATIVES), FENCE: f3 == 0,
        }.get(self.opcode, False)  # fmt: skip

    @property
    def immediate(self) -> int:
        """Section 3.3, as a signed number."""
        bits = self.bits
        if self.opcode in (LUI, AUIPC):
            return signed(bits & 0xFFFFF000)
        if self.opcode == JAL:
            parts = (bits >> 31) << 20 | (bits >> 12 & 255) << 12 | (bits >> 20 & 1) << 11 | (bits >> 21 & 1023) << 1
            return signed(parts, 21)
        if self.opcode == BRANCH:
            parts = (bits >> 31) << 12 | (bits >> 7 & 1) << 11 | (bits >> 25 & 63) << 5 | (bits >> 8 & 15) << 1
            return signed(parts, 13)
        return signed(self.funct7 << 5 | (self.rd if self.opcode == STORE else self.rs2), 12)

    @property
    def redirects(self) -> bool:
        """Whether the word behind it is taken only when it has been executed."""
        return self.opcode in (JAL, JALR, BRANCH) or not self.legal

    @property
    def name(self) -> int:
        """The code of column ``op``."""
        if not self.legal:
            return 0
        if self.opcode == OP:
            return NAMED[self.funct3, self.funct7]
        return {JAL: NAMED_JAL, STORE: NAMED_STORE + self.funct3}.get(self.opcode, 0)


@dataclass(frozen=True, slots=True)
class Access:
    """What a load or store asks of the memory, section 3.4."""

    address: int
    write: int
    strobe: int
    data: int


@dataclass(slots=True)
class Machine:
    """The registers and the program counter, section 3."""

    pc: int = BOOT
    registers: list[int] = field(default_factory=lambda: [0] * 32)

    def access(self, word: Word) -> Access | None:
        """What the next word asks of the memory."""
        if word.opcode not in (LOAD, STORE) or not word.legal:
            return None
        address, size = (self.registers[word.rs1] + word.immediate) & WORD, 1 << (word.funct3 & 3)
        place = address & 3 & -size
        data = (self.registers[word.rs2] << 8 * place) & WORD
        return Access(address & ~3, int(word.opcode == STORE), ((1 << size) - 1) << place, data)

    def step(self, word: Word, answer: int = 0) -> tuple[int, int, int]:
        """Execute a word; `answer` is what the memory gave. Returns rd (0: none), its value, and the next pc."""
        after, value = self.pc + 4, None
        if not word.legal:
            after = VECTOR
        elif word.opcode in (OP, OP_IMM):
            value = self.computed(word)
        elif word.opcode in (LUI, AUIPC):
            value = word.immediate + (self.pc if word.opcode == AUIPC else 0)
        elif word.opcode in (JAL, JALR):
            value = after
            after = (self.registers[word.rs1] if word.opcode == JALR else self.pc) + word.immediate
        elif word.opcode == BRANCH and CONDITIONS[word.funct3](self.registers[word.rs1], self.registers[word.rs2]):
            after = self.pc + word.immediate
        elif word.opcode == LOAD:
            value = self.loaded(word, answer)
        rd = word.rd if value is not None else 0
        if rd:
            self.registers[rd] = (value or 0) & WORD
        self.pc = after & WORD & ~3
        return rd, self.registers[rd], self.pc

    def computed(self, word: Word) -> int:
        """What the ALU gives."""
        right = self.registers[word.rs2] if word.opcode == OP else word.immediate & WORD
        other = word.funct7 == 32 and (word.opcode == OP or word.funct3 == 5)
        return (ALTERNATIVES if other else OPERATIONS)[word.funct3](self.registers[word.rs1], right)

    def loaded(self, word: Word, answer: int) -> int:
        """The part of the memory's word that a load takes."""
        size = 1 << (word.funct3 & 3)
        part = answer >> 8 * ((self.registers[word.rs1] + word.immediate) & 3 & -size)
        return part & ((1 << 8 * size) - 1) if word.funct3 & 4 else signed(part, 8 * size)


class Run:
    """What is owed, and what each output is, cycle by cycle."""

    def __init__(self, trace: Trace) -> None:
        self.trace, cycles = trace, trace.cycles
        self.retired, self.asked = list[tuple[int, ...]](), list[tuple[int, ...]]()
        self.ready, self.valid, self.request = np.ones(cycles, np.int64), *np.zeros((2, cycles), np.int64)
        self.counters = [(0, BOOT)]  # from which cycle on the program counter has which value

    @property
    def addr(self) -> IntColumn:
        """(c,) the program counter of the word that is taken next."""
        since, value = np.array(self.counters, np.int64).T
        return np.asarray(value[np.searchsorted(since, np.arange(self.trace.cycles), "right") - 1])


def observe(trace: Trace) -> Observation:
    """See `dv_agent.designs.observation.ReferenceModel`; table ``retired``: one row a record that is shown."""
    run = Run(trace)
    taken = trace.accepted["in"]
    bits = sum((np.asarray(taken.columns[name], np.int64) << place for name, place in PLACES.items()), np.int64(0))
    words = np.broadcast_to(bits, (len(taken),)).tolist()
    for start, stop in pairwise([*np.flatnonzero(begins_epoch(taken.epoch)).tolist(), len(taken)]):
        follow(run, taken, words, start, stop)
    retired = np.array(run.retired, np.int64).reshape(-1, 11).T
    asked = np.array(run.asked, np.int64).reshape(-1, 6).T
    names = ("insn", "trap", "rd", "rd_value", "pc", "next_pc")
    request = dict(zip(("addr", "write", "strb", "data"), asked[2:], strict=True))
    owed = {
        "retire": Expected(retired[1], dict(zip(names, retired[2:8], strict=True)), retired[0]),
        "data.request": Expected(asked[1], request, asked[0]),
    }
    levels = dict[str, IntColumn]()
    if Clocked.has(trace, ("rvfi_valid_o", "instr_ready_o")):
        levels = {
            "instr_ready_o": run.ready,
            "instr_addr_o": run.addr,
            "rvfi_valid_o": run.valid,
            "data_req_o": run.request,
        }
    return Observation(expected=owed, tables={"retired": retired_table(trace, retired)}, levels=levels)


def follow(run: Run, taken: Transfers, words: list[int], start: int, stop: int) -> None:
    """Execute the words of one epoch, and follow them through the stages of section 4; forget what a reset cuts off."""
    end = int(np.searchsorted(run.trace.epoch, taken.epoch[start], "right"))  # the first cycle of the next reset
    execute(run, taken, words, start, stop, end)
    while run.counters[-1][0] >= end:
        run.counters.pop()
    run.counters.append((end, BOOT))


def execute(run: Run, taken: Transfers, words: list[int], start: int, stop: int, end: int) -> None:
    """Execute the words of one epoch, as far as the memory has answered."""
    trace, epoch = run.trace, int(taken.epoch[start])
    answers = trace.accepted["data.response"]
    given, granted = (of_epoch(trace.accepted[f"data.{part}"], epoch) for part in ("response", "request"))
    machine, left, accesses = Machine(), 0, 0  # left: the first cycle in which the execute stage is free again
    for place in range(start, stop):
        word, accepted = Word.of(words[place]), int(taken.cycle[place])
        pc, access, answer = machine.pc, machine.access(word), 0
        enters = max(accepted + 2, left)
        run.counters.append((accepted + 1, (pc + 4) & WORD))
        run.ready[accepted + 1 : min(enters - 1, end)] = 0
        left, cause = enters + 1, accepted
        if access:
            run.asked.append((accepted, epoch, access.address, access.write, access.strobe, access.data))
            run.request[enters : min(granted[accesses] + 1 if accesses < len(granted) else end, end)] = 1
            if accesses == len(given):  # no answer: one more word may have come, and nothing behind it is known
                for later in taken.cycle[place + 1 : stop].tolist():
                    run.ready[later + 1 : end] = 0
                    run.counters.append((later + 1, (pc + 8) & WORD))
                break
            at = int(np.searchsorted(answers.epoch, epoch)) + accesses
            answer, cause, accesses = int(answers.columns["data"][at]), given[accesses], accesses + 1
            left = cause + 2
        rd, value, after = machine.step(word, answer)
        if word.redirects:
            run.ready[accepted + 1 : min(left, end)] = 0
            run.counters.append((left, after))
        run.valid[left : min(left + 1, end)] = 1
        offset = word.immediate if word.name == NAMED_JAL else 0
        run.retired.append(
            (cause, epoch, word.bits, int(not word.legal), rd, value, pc, after, left, word.name, offset)
        )


def of_epoch(transfers: Transfers, epoch: int) -> list[int]:
    """The cycles of the transfers of one epoch."""
    first, last = (np.searchsorted(transfers.epoch, epoch, side) for side in ("left", "right"))
    return [int(one) for one in transfers.cycle[first:last]]


def retired_table(trace: Trace, retired: IntColumn) -> Table:
    """One row a record that is shown: see the columns of plan.yaml. Args: retired: int64[11, n], as in `Run`."""
    shown = retired[8]
    seen = np.flatnonzero(shown < trace.cycles)
    seen = seen[trace.epoch[shown[seen]] == retired[1][seen]]
    epoch, bits, cycle, op, offset = (retired[row][seen] for row in (1, 2, 8, 9, 10))
    rd = bits >> 7 & 31
    before = previous(op, epoch)
    columns = {
        "cycle": cycle, "epoch": epoch, "op": op, "rd": rd, "rs1": bits >> 15 & 31, "rs2": bits >> 20 & 31,
        "offset": offset, "before": np.where(before == NONE, 0, before), "before_rd": previous(rd, epoch),
    }  # fmt: skip
    return Table(columns)

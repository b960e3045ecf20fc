"""Reference model of ``rv32_decoder``, written from ``spec.md``: a table of instructions, looked up word by word.

Axis names used below: c cycles. All arrays are int64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dv_agent.designs.observation import Observation
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace

PLACES = {"[6:0]": 0, "[11:7]": 7, "[14:12]": 12, "[19:15]": 15, "[24:20]": 20, "[31:25]": 25}  # slices of insn_i
LUI, AUIPC, JAL, JALR, BRANCH, LOAD, STORE = 0x37, 0x17, 0x6F, 0x67, 0x63, 0x03, 0x23
OP_IMM, OP, FENCE, SYSTEM = 0x13, 0x33, 0x0F, 0x73
OPERATORS = ("ADD", "SUB", "OR", "XOR", "AND", "SLL", "SRL", "SRA", "SLT", "SLTU", "EQ", "NE", "GE", "GEU")


class Form(NamedTuple):
    """A form of instruction: the fields that it fixes (None: any value), and the operator of the ALU."""

    opcode: int
    funct3: int | None = None
    funct7: int | None = None
    operator: str = "ADD"


MULTIPLIES = tuple(Form(OP, funct3, 1) for funct3 in (0, 1, 2, 3))
DIVIDES = tuple(Form(OP, funct3, 1) for funct3 in (4, 5, 6, 7))
CSR = tuple(Form(SYSTEM, funct3) for funct3 in (1, 2, 3, 5, 6, 7))
WHOLE = (0x00000073, 0x00100073, 0x30200073, 0x10500073)  # ECALL, EBREAK, MRET, WFI
FORMS = (
    Form(LUI), Form(AUIPC), Form(JAL), Form(JALR, 0),
    Form(BRANCH, 0, None, "EQ"), Form(BRANCH, 1, None, "NE"), Form(BRANCH, 4, None, "SLT"),
    Form(BRANCH, 5, None, "GE"), Form(BRANCH, 6, None, "SLTU"), Form(BRANCH, 7, None, "GEU"),
    *(Form(LOAD, funct3) for funct3 in (0, 1, 2, 4, 5)),
    *(Form(STORE, funct3) for funct3 in (0, 1, 2)),
    Form(OP_IMM, 0), Form(OP_IMM, 1, 0, "SLL"), Form(OP_IMM, 2, None, "SLT"), Form(OP_IMM, 3, None, "SLTU"),
    Form(OP_IMM, 4, None, "XOR"), Form(OP_IMM, 5, 0, "SRL"), Form(OP_IMM, 5, 32, "SRA"),
    Form(OP_IMM, 6, None, "OR"), Form(OP_IMM, 7, None, "AND"),
    Form(OP, 0, 0), Form(OP, 0, 32, "SUB"), Form(OP, 1, 0, "SLL"), Form(OP, 2, 0, "SLT"), Form(OP, 3, 0, "SLTU"),
    Form(OP, 4, 0, "XOR"), Form(OP, 5, 0, "SRL"), Form(OP, 5, 32, "SRA"), Form(OP, 6, 0, "OR"), Form(OP, 7, 0, "AND"),
    *MULTIPLIES, *DIVIDES, Form(FENCE, 0), Form(FENCE, 1), *CSR,
)  # fmt: skip


def observe(trace: Trace) -> Observation:
    """See `dv_agent.designs.observation.ReferenceModel`; no levels if the trace does not hold the word."""
    parts = [(trace.signals.get(f"insn_i{name}"), place) for name, place in PLACES.items()]
    known = [np.asarray(part, np.int64) << place for part, place in parts if part is not None]
    foretold = levels(Words(np.bitwise_or.reduce(known))) if len(known) == len(PLACES) else {}
    return Observation(expected={}, tables={}, levels=foretold)


class Words:
    """The fields of (c,) words."""

    def __init__(self, word: IntColumn) -> None:
        self.word = word
        self.opcode, self.rd = self.bits(6, 0), self.bits(11, 7)
        self.funct3, self.funct7 = self.bits(14, 12), self.bits(31, 25)
        self.rs1, self.rs2 = self.bits(19, 15), self.bits(24, 20)

    def bits(self, high: int, low: int) -> IntColumn:
        """(c,) the bits of a place, as an unsigned number."""
        return (self.word >> low) & ((1 << (high - low + 1)) - 1)

    def of(self, *opcodes: int) -> BoolColumn:
        """(c,) whether the word has one of these opcodes."""
        return np.isin(self.opcode, opcodes)

    def fits(self, *forms: Form) -> BoolColumn:
        """(c,) whether the word is of one of these forms."""
        found = np.zeros(len(self.word), np.bool_)
        for one in forms:
            fits = self.opcode == one.opcode
            if one.funct3 is not None:
                fits &= self.funct3 == one.funct3
            if one.funct7 is not None:
                fits &= self.funct7 == one.funct7
            found |= fits
        return found


def levels(words: Words) -> dict[str, IntColumn]:
    """All outputs, cycle by cycle."""
    legal = words.fits(*FORMS) | np.isin(words.word, WHOLE)
    divides = words.fits(*DIVIDES)
    access = words.fits(*CSR)
    reads = words.of(JALR, BRANCH, LOAD, STORE, OP_IMM, OP) | (access & (words.funct3 < 4))
    writes = words.of(LUI, AUIPC, JAL, JALR, OP_IMM, OP) | access
    flags = {
        "rf_ren_a_o": reads, "rf_ren_b_o": words.of(BRANCH, STORE, OP), "rf_we_o": writes,
        "mult_en_o": words.fits(*MULTIPLIES), "div_en_o": divides, "data_req_o": words.of(LOAD, STORE),
        "jump_o": words.of(JAL, JALR), "branch_o": words.of(BRANCH), "csr_access_o": access,
    }  # fmt: skip
    values = {
        "rf_raddr_a_o": words.rs1, "rf_raddr_b_o": words.rs2, "rf_waddr_o": words.rd,
        "rf_wdata_sel_o": words.of(SYSTEM) & (words.funct3 > 0),
        "alu_operator_o": operator(words), "imm_o": immediate(words),
        "alu_op_a_mux_sel_o": words.of(AUIPC, JAL, JALR) + 2 * words.of(LUI),
        "alu_op_b_mux_sel_o": ~words.of(BRANCH, OP),
        "data_we_o": words.of(STORE), "data_type_o": size(words),
        "data_sign_extension_o": words.of(LOAD) & (words.funct3 < 4),
    }  # fmt: skip
    gated = {name: flag & legal for name, flag in flags.items()} | {"illegal_insn_o": ~legal}
    return {name: np.asarray(column, np.int64) for name, column in (values | gated).items()}


def operator(words: Words) -> IntColumn:
    """(c,) what the ALU does; a shift right by an immediate tells by bit 30 alone whether it is arithmetic."""
    chosen = np.zeros(len(words.word), np.int64)
    for one in FORMS:
        chosen[words.fits(one)] = OPERATORS.index(one.operator)
    by_immediate = words.of(OP_IMM)
    chosen[by_immediate & (words.funct3 == 1)] = OPERATORS.index("SLL")
    right = by_immediate & (words.funct3 == 5)
    chosen[right] = np.where(words.bits(30, 30) == 1, OPERATORS.index("SRA"), OPERATORS.index("SRL"))[right]
    return chosen


def size(words: Words) -> IntColumn:
    """(c,) what is accessed: 0 a word, 1 a half word, 2 a byte; section 3.4."""
    kind = np.where(words.of(LOAD), words.funct3 % 4, words.funct3)
    return np.where(words.of(LOAD, STORE) & (kind < 2), 2 - kind, 0)


def immediate(words: Words) -> IntColumn:
    """(c,) the immediate as 32 bits, section 3.3."""
    bits, sign = words.bits, -words.bits(31, 31)
    in_i = bits(30, 20) + (sign << 11)
    in_s = (bits(30, 25) << 5) + bits(11, 7) + (sign << 11)
    in_b = (bits(7, 7) << 11) + (bits(30, 25) << 5) + (bits(11, 8) << 1) + (sign << 12)
    in_u = bits(31, 12) << 12
    in_j = (bits(19, 12) << 12) + (bits(20, 20) << 11) + (bits(30, 21) << 1) + (sign << 20)
    forms = [words.of(STORE), words.of(BRANCH), words.of(LUI, AUIPC), words.of(JAL)]
    return np.asarray(np.select(forms, [in_s, in_b, in_u, in_j], in_i), np.int64) & 0xFFFFFFFF

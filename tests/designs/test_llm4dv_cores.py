"""The processor cores of suite `llm4dv`: words by hand, programs with known results, the bins of the paper in order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dv_agent.coverage.goal import plan_of
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.trace import Trace
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.registry import find_simulator

R_TYPE = ("add", "sub", "sll", "slt", "sltu", "xor", "srl", "sra", "or", "and")
STORES = ("sb", "sh", "sw")
RV32, MIPS = find_design("rv32_core"), find_design("mips_core")


def played(folder: DesignFolder, steps: tuple[Step, ...], **memory: list[int]) -> Trace:
    """The trace of a program, which passes all checks."""
    test = Test(tracks={"in": steps}, memory=dict(memory))
    with find_simulator("icarus").open(folder.design) as session:
        trace = session.run(expand(folder.design, folder.schema, test)).trace
    assert check(folder.design, trace, folder.model.observe(trace)) == ()
    return trace


def retired(trace: Trace) -> list[dict[str, int]]:
    """What has retired, in order, from the pins alone."""
    if "retire" in trace.accepted:
        columns = trace.accepted["retire"].columns
        rows = [
            dict(zip(columns, row, strict=True))
            for row in zip(*(one.tolist() for one in columns.values()), strict=True)
        ]
        return [{"insn": one["insn"], "pc": one["pc"], "rd": one["rd"], "value": one["rd_value"]} for one in rows]
    names = ("insn", "pc", "rd", "value")
    lanes = [{name: trace.signals[f"retire{lane}_{name}_o"].tolist() for name in (*names, "valid")} for lane in (0, 1)]
    return [
        {name: lane[name][cycle] for name in names}
        for cycle in range(trace.cycles)
        for lane in lanes
        if lane["valid"][cycle]
    ]


def test_named_instructions_are_the_words_that_an_assembler_makes_rv32() -> None:
    words = {
        0x00718A33: {"add": {"rd": 20, "rs1": 3, "rs2": 7}},  # from the few-shot examples of the paper
        0x000292B3: {"sll": {"rd": 5, "rs1": 5, "rs2": 0}},
        0x40678633: {"sub": {"rd": 12, "rs1": 15, "rs2": 6}},
        0x00101023: {"sh": {"rs2": 1, "rs1": 0, "imm": 0}},
        0xFC532F23: {"sw": {"rs2": 5, "rs1": 6, "imm": -34}},
        0xC4388E23: {"sb": {"rs2": 3, "rs1": 17, "imm": -932}},
        0xFFDFF06F: {"jal": {"rd": 0, "offset": -4}},
        0x1D2010EF: {"jal": {"rd": 1, "offset": 4562}},
        0xC1CFA2EF: {"jal": {"rd": 5, "offset": -23524}},
        0x01400313: {"addi": {"rd": 6, "rs1": 0, "imm": 20}},
        0xFE000EE3: {"beq": {"rs1": 0, "rs2": 0, "offset": -4}},
    }
    assert [one["insn"] for one in retired(played(RV32, tuple(words.values())))] == list(words)


def test_named_instructions_are_the_words_that_an_assembler_makes_mips() -> None:
    words = {
        0x00A63020: {"add": {"rd": 6, "rs": 5, "rt": 6}},
        0x0085102A: {"slt": {"rd": 2, "rs": 4, "rt": 5}},
        0xAFBF0014: {"sw": {"rt": 31, "rs": 29, "imm": 20}},
        0xA0C5FFFF: {"sb": {"rt": 5, "rs": 6, "imm": -1}},
        0x27BDFFE0: {"addiu": {"rt": 29, "rs": 29, "imm": -32}},
        0x3C011234: {"lui": {"rt": 1, "rs": 0, "imm": 0x1234}},
        0x0C100009: {"jal": {"target": 0x100009}},
        0x1085FFFE: {"beq": {"rs": 4, "rt": 5, "offset": -2}},
        0x03E00008: {"jr": {"rs": 31}},
    }
    assert [one["insn"] for one in retired(played(MIPS, tuple(words.values())))] == list(words)


def test_a_program_of_rv32_gives_what_it_shall() -> None:
    trace = played(
        RV32,
        (
            {"lui": {"rd": 1, "imm": 0x80000}}, {"addi": {"rd": 2, "rs1": 0, "imm": -1}},
            {"sltu": {"rd": 3, "rs1": 1, "rs2": 2}}, {"slt": {"rd": 4, "rs1": 2, "rs2": 1}},
            {"addi": {"rd": 5, "rs1": 0, "imm": 33}}, {"sra": {"rd": 6, "rs1": 1, "rs2": 5}},
            {"srl": {"rd": 7, "rs1": 1, "rs2": 5}}, {"jal": {"rd": 8, "offset": 18}},
            {"lw": {"rd": 9, "rs1": 0, "imm": 6}}, {"add": {"rd": 10, "rs1": 9, "rs2": 8}},
            {"sb": {"rs2": 2, "rs1": 0, "imm": 7}}, {"lw": {"rd": 11, "rs1": 0, "imm": 4}},
        ),
        data=[5, 0x01020304],
    )  # fmt: skip
    rows = retired(trace)
    written = {one["rd"]: one["value"] for one in rows if one["rd"]}
    assert written == {
        1: 0x80000000, 2: 0xFFFFFFFF, 3: 1, 4: 0, 5: 33, 6: 0xC0000000, 7: 0x40000000, 8: 0x001000A0,
        9: 0x01020304, 10: 0x011203A4, 11: 0xFF020304,
    }  # fmt: skip
    assert [one["pc"] for one in rows[6:9]] == [0x00100098, 0x0010009C, 0x001000AC]


def test_a_program_of_mips_gives_what_it_shall_and_two_words_go_at_once() -> None:
    trace = played(
        MIPS,
        (
            {"lui": {"rt": 1, "rs": 0, "imm": -32768}}, {"addiu": {"rt": 2, "rs": 0, "imm": -1}},
            {"sltu": {"rd": 3, "rs": 1, "rt": 2}}, {"slt": {"rd": 4, "rs": 2, "rt": 1}},
            {"addiu": {"rt": 5, "rs": 0, "imm": 33}}, {"sra": {"rd": 6, "rs": 5, "rt": 1}},
            {"jal": {"target": 64}}, {"srl": {"rd": 7, "rs": 5, "rt": 1}}, {"add": {"rd": 8, "rs": 31, "rt": 5}},
        ),
    )  # fmt: skip
    rows = retired(trace)
    written = {one["rd"]: one["value"] for one in rows if one["rd"]}
    assert written == {
        1: 0x80000000, 2: 0xFFFFFFFF, 3: 1, 4: 0, 5: 33, 6: 0xC0000000, 7: 0x40000000, 31: 0xBFC00020, 8: 0xBFC00041,
    }  # fmt: skip
    assert [one["pc"] for one in rows[6:]] == [0xBFC00018, 0xBFC0001C, 0xB0000100]
    both = [cycle for cycle in range(trace.cycles) if trace.signals["retire1_valid_o"][cycle]]
    assert len(both) == 4, "all but the shift that reads register 5 and the jump"


def paper_order(with_link_to_zero: bool) -> Iterator[str]:
    """The bins of arXiv 2310.04535, as its coverage database lists them."""
    for name in R_TYPE:
        yield from (f"{name}_{what}" for what in ("seen", "zero_dst", "zero_src", "same_src"))
    for name in STORES:
        yield from (f"{name}_{what}" for what in ("seen", "zero_src", "same_src"))
    jumps = ("seen", "zero_dst", "br_backwards", "br_forwards")
    yield from (f"jal_{what}" for what in jumps if with_link_to_zero or what != "zero_dst")
    for now in (*R_TYPE, *STORES):
        yield from (f"{before}->{now}" for before in (*R_TYPE, "jal"))


@pytest.mark.parametrize(("folder", "bins"), [(RV32, 196), (MIPS, 195)], ids=["rv32_core", "mips_core"])
def test_the_plan_has_the_bins_of_the_paper_in_its_order(folder: DesignFolder, bins: int) -> None:
    found = []
    for one in plan_of(folder).bins:
        group, item, name = one.id.split(".")
        now, before, *_ = (*name.lower().split("+"), "")
        found.append(item if group == "operation" else f"{before}->{now}")
    assert found == list(paper_order(folder is RV32))
    assert len(found) == bins

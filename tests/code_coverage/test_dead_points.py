"""Points that nothing can hit are excluded with the reason; whatever may be hit is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.plan import Plan
from dv_agent.designs.code.counter import CodeCounter, CodeKind
from dv_agent.designs.code.judging import judged_counters
from dv_agent.designs.design import Design
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.runners.simulator import Session

# Each line has one point, counted at the column of the mark: `^`, or `^kind comment` in a comment behind.
RTL = """\
module box #(parameter MODE = 1, parameter WIDE = 0, parameter [7:0] CAP = 255,
            parameter BITS = 1, parameter MASK = 1'b1) (
  input clk, input rst, input a, input [1:0] k, input [7:0] n, input tied, output reg [7:0] q, output [7:0] o);
  wire off = 1'b0;
  wire [7:0] copy = {7'd0, off};
  reg kept;
  reg moved;
  reg [3:0] undriven;
  wire both = a && off;
  leaf #(.ON(0)) u (.x(off), .y(), .z(a), .w(o));
  always @(posedge clk) begin
    if (rst) kept <= 0;
    else if (WIDE) kept <= a;
    if (rst) moved <= 0; else moved <= 1;
    if (WIDE != 0) q <= 1;
    if (WIDE == 0) q <= 2;
    if (off) q <= 3;
    if (copy[0]) q <= 4;
    if (kept) q <= 5;
    if (moved) q <= 6;
    if (undriven == 3) q <= 7;
    if (n > CAP) q <= 8;
    if (n >= CAP) q <= 9;
    if (a & off) q <= 10;
    if (a || !off) q <= 11;
    if (tied) q <= 12;
    if (!rst && a) q <= 13;
    if (k == 1 || k == 2) q <= 26;
    case (MODE)
      0: q <= 14;
      1: q <= 15;
      default: q <= 16;
    endcase
    case (k)
      0, 1: q <= 17;
      2: q <= 18;
      3: q <= 19;
      default: q <= 20;
    endcase
    case (k)
      0: q <= 21;
      4: q <= 22;
      default: q <= 23;
    endcase
    q <= WIDE ? 8'd24 : 8'd25;
    q <= WIDE ? (n | (k && a)) : (k ? 8'd30 : 8'd31);
    if (a && (MASK & {BITS{1'b1}}) == 0) q <= 33;
    if (&{1'b0, n, a}) q <= 34;
    if (~|{k, 2'b10}) q <= 35;
    if (&{1'b1, k}) q <= 36;
  end
  genvar i;
  generate for (i = 0; i < 2; i = i + 1) begin : g
    always @(posedge clk) if (i == 0) q[i] <= 1;
    always @(posedge clk) if (i == 2) q[i] <= 1;
  end endgenerate
endmodule
module leaf #(parameter ON = 1) (input x, input y, input z, output [7:0] w);
  reg [7:0] r;
  always @* begin
    r = 0;
    if (x) r = 1;
    if (y) r = 2;
    if (z) r = 3;
    if (ON && z) r = 4;
  end
  assign w = r;
endmodule
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Design:
    folder = tmp_path_factory.mktemp("box")
    (folder / "box.v").write_text(RTL)
    ports = {"k": {"kind": "strobe", "enable": "a", "fields": {"k": {"signal": "k", "width": 2},
             "n": {"signal": "n", "width": 8}}}}  # fmt: skip
    return Design.model_validate({
        "schema_version": 1, "name": "box", "top": "box", "sources": ("box.v",), "ports": ports, "folder": folder,
        "ties": {"tied": 1},
    })  # fmt: skip


def point(text: str, comment: str, kind: CodeKind = "branch", instance: str = "dut", mark: str = "") -> CodeCounter:
    """The counter at the line that holds `text`, at the column of `mark` in it, or of `text` itself."""
    line = next(number for number, one in enumerate(RTL.splitlines(), 1) if text in one)
    column = RTL.splitlines()[line - 1].index(mark or text) + 1 + (comment in ("else", "cond_else"))
    return CodeCounter(
        index=0, kind=kind, file="box.v", line=line, column=column, module="box", instance=instance, comment=comment
    )


DEAD = {
    "a parameter": (point("if (WIDE != 0)", "if"), "WIDE != 0 is always false: WIDE = 0"),
    "the other way of a parameter": (point("if (WIDE == 0)", "else"), "WIDE == 0 is always true: WIDE = 0"),
    "a branch of a chain": (point("if (WIDE) kept", "if"), "WIDE is always false"),
    "a wire held at 0": (point("if (off)", "if"), "off is always false"),
    "a bit of a constant vector": (point("if (copy[0])", "if"), "copy[0] is always false: copy = 0"),
    "a register that only the reset writes": (point("if (kept)", "if"), "kept is always false"),
    "a register that nothing writes": (point("if (undriven", "if"), "undriven == 3 is always false: undriven = 0"),
    "more than a signal can hold": (point("if (n > CAP)", "if"), "n > CAP is always false: CAP = 255"),
    "and with 0": (point("if (a & off)", "if"), "a & off is always false: off = 0"),
    "all bits, one of which is 0": (point("if (&{1'b0", "if"), "&{1'b0, n, a} is always false"),
    "no bit, one of which is 1": (point("if (~|{k", "if"), "~|{k, 2'b10} is always false"),
    "or with 1": (point("if (a || !off)", "else"), "a || !off is always true: off = 0"),
    "an input that is tied": (point("if (tied)", "else"), "tied is always true"),
    "an item of a constant case": (point("0: q <= 14", "case"), "MODE is always 1"),
    "the default of a constant case": (point("default: q <= 16", "case"), "MODE is always 1"),
    "the default of a full case": (point("default: q <= 20", "case"), "the items before it hold all values of k"),
    "an item beyond the selector": (point("4: q <= 22", "case"), "k is at most 3"),
    "a value of ?:": (point("8'd24", "cond_then"), "WIDE is always false"),
    "a value with an operator": (point("(n | (k", "cond_then", mark="| (k"), "WIDE is always false"),
    "no copy of a generate loop": (point("if (i == 2)", "if"), "i == 2 is always false: i = 0"),
    "a constant input of an instance": (point("if (x)", "if", instance="dut.u"), "x is always false"),
    "an input that is not connected": (point("if (y)", "if", instance="dut.u"), "y is always false"),
    "a term": (point("if (ON && z)", "(ON==1 && z==1) => 1", "expression", "dut.u", "&&"), "ON is always 0"),
    "a term of a wire": (point("wire both", "(a==1 && off==1) => 1", "expression", mark="&&"), "off is always 0"),
    "a term that compares": (point("if (WIDE == 0)", "((WIDE == 32'h0)==0) => 0", "expression", mark="=="),
                             "WIDE == 32'h0 is always 1"),
    "a signal that never changes": (point("wire [7:0] copy", "copy[2]:0->1", "toggle"), "copy is always 0"),
}  # fmt: skip
ALIVE = {
    "all bits, one of which is 1": point("if (&{1'b1", "if"),
    "not all bits, one of which is 1": point("if (&{1'b1", "else"),
    "a condition of inputs": point("if (!rst && a)", "if"),
    "its other way": point("if (!rst && a)", "else"),
    "a register that moves": point("if (moved)", "if"),
    "at least the greatest value": point("if (n >= CAP)", "if"),
    "an item": point("0, 1: q <= 17", "case"),
    "a default with something left": point("default: q <= 23", "case"),
    "the constant case's item": point("1: q <= 15", "case"),
    "a value that is chosen": point("8'd24", "cond_else"),
    "a value that is chosen beside one with an operator": point("(n | (k", "cond_else", mark="| (k"),
    "a value within the chosen one": point("(n | (k", "cond_then", mark="8'd30"),
    "a branch that one copy of a loop takes": point("if (i == 0)", "if"),
    "and the one that the other takes": point("if (i == 0)", "else"),
    "an input of an instance": point("if (z)", "if", instance="dut.u"),
    "a term that may be": point("if (ON && z)", "(z==0) => 0", "expression", "dut.u", "&&"),
    "a term that compares": point("if (WIDE == 0)", "((WIDE == 32'h0)==1) => 1", "expression", mark="=="),
    "two terms of one name": point("if (k == 1 || k == 2)", "((k == 2'h1)==1) => 1", "expression", mark="||"),
    "a term of which a part has the same names": point(
        "(MASK & {", "(((MASK & {32'sh1{1'h1}}) == 32'sh0)==0) => 0", "expression", mark="&& (MASK"
    ),
    "a tied signal's living way": point("if (tied)", "if"),
    "a signal that moves": point("reg moved", "moved:0->1", "toggle"),
    "an instance that nobody knows": point("if (off)", "if", instance="dut.other"),
}


@pytest.fixture(scope="module")
def judged(box: Design) -> dict[str, CodeCounter]:
    asked = {name: one for name, (one, _) in DEAD.items()} | {f"alive: {name}": one for name, one in ALIVE.items()}
    return dict(zip(asked, judged_counters(box, list(asked.values())), strict=True))


@pytest.mark.parametrize("name", DEAD)
def test_what_cannot_be_hit_is_dead_for_a_reason(judged: dict[str, CodeCounter], name: str) -> None:
    assert judged[name].dead == DEAD[name][1]


@pytest.mark.parametrize("name", ALIVE)
def test_what_may_be_hit_is_alive(judged: dict[str, CodeCounter], name: str) -> None:
    assert judged[f"alive: {name}"].dead == ""


def test_the_conditions_on_the_way_are_told(box: Design) -> None:
    inner = point("4: q <= 22", "case").model_copy(update={"line": point("0: q <= 21", "case").line, "column": 8})
    (found,) = judged_counters(box, [inner])
    assert found.conditions == ("k == 0",)


ODD = """\
interface bus_if; logic v; logic r; modport drv(output v, input r); endinterface
module drv(bus_if.drv b, input a); assign b.v = a; endmodule
module expl(.p(x[3:0]), .q({y1, y0}));
  input [3:0] x; input y1, y0;
  always @(*) if (x == 3 && y1) ;
endmodule
module dflt(input logic en = 1'b1, output logic o); always_comb if (en) o = 1; else o = 0; endmodule
module odd(input clk, input a, input b, inout io, output logic [7:0] o);
  wire gate, pulled, inverted, other, pair;
  supply1 vdd; tri1 loose;
  alias other = inverted;
  and u1(gate, a, b); pullup(pulled); not(inverted, a);
  bus_if bi(); drv d(.b(bi), .a(a)); assign bi.r = b;
  expl e(.p({a, b, a, b}), .q({a, b}));
  dflt f(.o(o[6]));
  integer count; reg set, forced, joined, begun;
  task write; set = a; endtask
  initial begun = 1'b1;
  always @(posedge clk) begin
    force forced = a; write; {joined, o[0]} <= {a, b};
    for (count = 0; count < 2; count = count + 1) o[1] <= a;
  end
endmodule
"""


def test_whatever_may_write_a_signal_keeps_it_alive(tmp_path: Path) -> None:
    """Gates, pulls, aliases, interfaces, ports of expressions, tasks, force, loops: none leaves a signal at 0."""
    (tmp_path / "odd.sv").write_text(ODD)
    ports = {"in": {"kind": "strobe", "enable": "a", "fields": {}}}
    design = Design.model_validate({
        "schema_version": 1, "name": "odd", "top": "odd", "sources": ("odd.sv",), "ports": ports, "folder": tmp_path,
    })  # fmt: skip
    names = {
        "dut": "gate pulled inverted other vdd loose io set forced joined begun count o", "dut.bi": "v r",
        "dut.e": "x y1 y0", "dut.f": "o",
    }  # fmt: skip
    asked = [
        CodeCounter(index=0, kind="toggle", file="odd.sv", line=1, column=1, module="odd", instance=instance,
                    comment=f"{name}:0->1")
        for instance, listed in names.items() for name in listed.split()
    ]  # fmt: skip
    asked.append(asked[0].model_copy(update={"comment": "pair:0->1"}))
    judged = judged_counters(design, asked)
    assert [(one.comment, one.dead) for one in judged if one.dead] == [("pair:0->1", "pair is always 0")]


def test_rtl_that_slang_refuses_leaves_every_point_alive(box: Design, tmp_path: Path) -> None:
    (tmp_path / "box.v").write_text("module box(input clk; endmodule")
    one = DEAD["a parameter"][0]
    assert judged_counters(box.model_copy(update={"folder": tmp_path}), [one]) == (one,)


def test_the_report_of_a_plan_lists_what_is_excluded(plan: Plan) -> None:
    found = {one.id: one.why for one in plan.ignored if one.id.startswith("code.")}
    assert found == {
        "code.line.gauge-35-elsif": "WIDE != 0 is always false: WIDE = 0",
        "code.line.limiter-9-elsif": "bypass is always false",
        "code.toggle.gauge-never": "never is always 0",
        "code.toggle.limiter-bypass": "bypass is always 0",
    }
    assert not found.keys() & {one.id for one in plan.bins}


def test_random_tests_hit_no_excluded_point_and_most_of_the_others(
    gauge: DesignFolder, plan: Plan, session: Session
) -> None:
    bench, hit = Testbench(gauge, plan, session), set[int]()
    for seed in range(12):
        block = {"random": {"count": 60, "reading": [0, 207]}}
        hit |= set(
            bench.run(Test(seed=seed, tracks={"in": (block,), "out": ({"random": {"count": 40}},)}))
            .sample.hits.nonzero()[0]
            .tolist()
        )
    missed = {one.id for index, one in enumerate(plan.bins) if index not in hit}
    assert missed <= {"code.expression.gauge-45-e3", "code.line.gauge-36-if", "code.expression.gauge-36-e2"}

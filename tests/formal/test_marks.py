"""Marks in the RTL: each is passed exactly when its branch is taken, and nothing else changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dv_agent.designs.code.counter import CodeCounter, CodeKind
from dv_agent.designs.code.marking import MarkedBranches, marked_branches, marked_files
from dv_agent.designs.design import Design

RTL = """\
module nest(input clk, input [2:0] k, output reg [7:0] q);
  integer i;
  always @(posedge clk) begin
    if (k[0])
      if (k[1]) q <= 1; // no else, twice
    if (k == 2) begin q <= 2; end
    else if (k == 4) q <= 3;
    else begin
      q <= 4;
      q[0] <= 0;
    end
    case (k)
      0, 1: q <= 5;
      2: begin q <= 6; if (k[2]) q <= 7; end
      default: ;
    endcase
    for (i = 0; i < 2; i = i + 1) if (k[i]) q[i] <= 1;
  end
endmodule
"""
# (line, what leads in, comment, kind, mark): the k for which it is passed
BRANCHES: dict[tuple[int, str, str], set[int]] = {
    (4, "if (k[0])", "if"): {1, 3, 5, 7},
    (4, "if (k[0])", "else"): {0, 2, 4, 6},
    (5, "if (k[1])", "if"): {3, 7},
    (5, "if (k[1])", "else"): {1, 5},
    (6, "if (k == 2)", "if"): {2},
    (7, "if (k == 4)", "if"): {4},
    (7, "if (k == 4)", "else"): {0, 1, 3, 5, 6, 7},
    (13, "0, 1", "case"): {0, 1},
    (14, "2:", "case"): {2},
    (14, "if (k[2])", "if"): set(),
    (14, "if (k[2])", "else"): {2},
    (15, "default", "case"): {3, 4, 5, 6, 7},
    (17, "if (k[i])", "if"): {1, 2, 3, 5, 6, 7},
    (17, "if (k[i])", "else"): {0, 1, 2, 4, 5, 6},
}


def shown(number: int, condition: str) -> str:
    """A mark that tells of itself."""
    return f'if ({condition or 1}) $display("mark {number}");'


def counters() -> list[CodeCounter]:
    """A counter for each branch, where Verilator has it."""
    lines, found = RTL.splitlines(), []
    for line, text, comment in BRANCHES:
        kind: CodeKind = "line" if comment == "case" else "branch"
        column = lines[line - 1].index(text) + 1 + (comment == "else")
        found.append(
            CodeCounter(
                index=None, kind=kind, file="nest.v", line=line, column=column, module="nest", instance="dut",
                comment=comment,
            )
        )  # fmt: skip
    return found


def nest(folder: Path) -> Design:
    (folder / "nest.v").write_text(RTL)
    port = {"kind": "pins", "fields": {"k": {"signal": "k", "width": 3}}}
    seen = {"kind": "observe", "fields": {"q": {"signal": "q", "width": 8}}}
    return Design(
        schema_version=1, name="nest", top="nest", sources=("nest.v",), reset=None, ports={"k": port, "q": seen},
        folder=folder,
    )  # fmt: skip


def passed(text: str, folder: Path) -> dict[int, tuple[set[int], str]]:
    """For each k the marks that one clock edge passes, and q behind it."""
    bench = "\n".join([
        "module test;", "  reg clk = 0; reg [2:0] k; wire [7:0] q; integer n;", "  nest dut(.clk(clk), .k(k), .q(q));",
        "  initial for (n = 0; n < 8; n = n + 1) begin",
        '    k = n; $display("k %0d", n); #1 clk = 1; #1 $display("q %b", q); clk = 0; #1;', "  end", "endmodule", "",
    ])  # fmt: skip
    (folder / "marked.v").write_text(text)
    (folder / "test.v").write_text(bench)
    build = [
        "iverilog",
        "-g2012",
        f"-I{folder}",
        "-o",
        str(folder / "sim"),
        str(folder / "marked.v"),
        str(folder / "test.v"),
    ]
    subprocess.run(build, check=True, timeout=60)
    done = subprocess.run(["vvp", "-n", str(folder / "sim")], capture_output=True, text=True, check=True, timeout=60)
    found: dict[int, tuple[set[int], str]] = {}
    marks: set[int] = set()
    for line in done.stdout.splitlines():
        word, value = line.split()
        if word == "k":
            now, marks = int(value), set()
        elif word == "mark":
            marks.add(int(value))
        else:
            found[now] = marks, value
    return found


def test_a_mark_is_passed_exactly_when_its_branch_is_taken(tmp_path: Path) -> None:
    design = nest(tmp_path)
    branches = marked_branches(design, counters())
    assert sorted({one.counter for one in branches.branches}) == [*range(len(BRANCHES))]
    (text,) = marked_files(design, branches, shown).values()
    assert text.count("\n") == RTL.count("\n")  # lines stay where they are
    found, plain = passed(text, tmp_path), passed(RTL, tmp_path)
    assert {k: q for k, (_, q) in found.items()} == {k: q for k, (_, q) in plain.items()}
    for number, (place, wanted) in enumerate(BRANCHES.items()):
        assert {k for k, (marks, _) in found.items() if number in marks} == wanted, place


def test_only_the_branches_that_are_asked_for_are_marked(tmp_path: Path) -> None:
    design = nest(tmp_path)
    chosen = tuple(one for one in marked_branches(design, counters()).branches if one.counter == 3)
    (text,) = marked_files(design, MarkedBranches(branches=chosen), shown).values()
    assert {k for k, (marks, _) in passed(text, tmp_path).items() if marks == {3}} == {1, 5}


PICK = """\
module nest(input clk, input [2:0] k, output [1:0] q, output reg r);
  assign q = k[0] ? (k[1] ? 2'd1 : 2'd2) : 2'd3;
  wire both = k[1] && k[2];
  function f(input a); f = a ? 1'b0 : 1'b1; endfunction
  always @(posedge clk)
    if (k[1] && !both) r <= k[2] ? f(k[0]) : 1'b0;
endmodule
"""
# (line, where it is counted, comment): the k for which it is passed; None: it has no mark
CONDITIONS: dict[tuple[int, str, str], set[int] | None] = {
    (2, "(k[1] ?", "cond_then"): {1, 3, 5, 7},
    (2, "(k[1] ?", "cond_else"): {0, 2, 4, 6},
    (2, "2'd1", "cond_then"): {2, 3, 6, 7},
    (3, "&&", "(k[1]==1 && k[2]==1) => 1"): {6, 7},
    (3, "&&", "(k[1]==0) => 0"): {0, 1, 4, 5},
    (3, "&&", "(`surprise==0) => 0"): None,
    (4, "1'b0", "cond_then"): None,
    (6, "&&", "(k[1]==1 && both==0) => 1"): {2, 3},
    (6, "f(k[0])", "cond_then"): set(),
    (6, "f(k[0])", "cond_else"): {2, 3},
}


def test_a_value_of_a_choice_and_the_terms_of_an_expression_are_asked_about_at_their_statement(tmp_path: Path) -> None:
    design = nest(tmp_path)
    (tmp_path / "nest.v").write_text(PICK)
    lines, asked = PICK.splitlines(), []
    for line, text, comment in CONDITIONS:
        kind: CodeKind = "branch" if comment.startswith("cond") else "expression"
        column = lines[line - 1].index(text) + 1 + (comment == "cond_else")
        one = counters()[0].model_copy(update={"kind": kind, "line": line, "column": column, "comment": comment})
        asked.append(one)
    branches = marked_branches(design, asked)
    wanted = {number for number, passes in enumerate(CONDITIONS.values()) if passes is not None}
    assert {one.counter for one in branches.branches} == wanted
    (text,) = marked_files(
        design, branches, lambda number, condition: shown(number, f"({condition}) && k < 8")
    ).values()
    found = passed(text, tmp_path)
    assert {k: q for k, (_, q) in found.items()} == {k: q for k, (_, q) in passed(PICK, tmp_path).items()}
    for number, (place, passes) in enumerate(CONDITIONS.items()):
        assert {k for k, (marks, _) in found.items() if number in marks} == (passes or set()), place


def test_concurrent_assertions_are_left_out_of_the_copies(tmp_path: Path) -> None:
    design = nest(tmp_path)
    lines = RTL.splitlines()
    more = [
        "  property p; @(posedge clk) k == 0 |=> q != 9; endproperty",
        "  a_p: assert property (p) else $error;",
        "  always @(posedge clk) begin if (k[0]) assert property (k != 3); end",
        '`include "macros.vh"',
        "  `HOLDS(a_q,",
        "         k |-> ##1 q)",
        "  always @(posedge clk) begin if (k[0]) `HOLDS(a_r, k) end",
    ]
    macros = [
        "`define PROVED(n, p) n: assert property (@(posedge clk) p) else $error;",
        "`define HOLDS(n, p) `PROVED(n, p)",
        "`define NAMED(n, p) wire w_``n = 1; `PROVED(n, p)",
    ]
    (tmp_path / "nest.v").write_text("\n".join([*lines[:-1], *more, lines[-1], ""]))
    (tmp_path / "macros.vh").write_text("\n".join([*macros, ""]))
    left_out = len(marked_branches(design, counters()).unread)
    found = marked_branches(design, counters())
    (text,) = marked_files(design, found, shown).values()
    assert "property" not in text
    assert "assert" not in text
    assert {k for k, (marks, _) in passed(text, tmp_path).items() if 2 in marks} == {3, 7}
    # A macro that writes something else too stays.
    (tmp_path / "nest.v").write_text("\n".join([*lines[:-1], *more, "  `NAMED(a_s, k)", lines[-1], ""]))
    assert len(marked_branches(design, counters()).unread) == left_out


def test_what_a_loop_of_signals_leads_to_is_not_asked_about(tmp_path: Path) -> None:
    # `known` follows `wanted`, which the block that reads it writes: the block runs again until both have settled.
    rtl = """\
module nest(input clk, input [2:0] k, output reg [7:0] q);
  reg [2:0] wanted, found;
  wire known = wanted == SOURCE;
  wire [2:0] behind = known ? 1 : 2;
  wire [2:0] beside = k[0] ? 1 : 2;
  always @* begin
    wanted = 0;
    found = 0;
    if (k[1]) begin
      wanted = k;
      if (known) found = behind;
      else found = beside;
    end
  end
  always @(posedge clk) if (known) q <= found; else q <= beside;
endmodule
"""
    design = nest(tmp_path)
    places = {
        (4, "known ? 1"): "cond_then", (5, "k[0] ? 1"): "cond_then", (9, "if (k[1])"): "if", (12, "else"): "else",
        (15, "if (known)"): "if",
    }  # fmt: skip
    lines, asked = rtl.splitlines(), []
    for (line, text), comment in places.items():
        one = counters()[0].model_copy(update={"kind": "branch", "line": line, "comment": comment})
        asked.append(one.model_copy(update={"column": lines[line - 1].index(text) + 1}))
    for name in ("known", "beside", "found", "q"):
        asked.append(asked[0].model_copy(update={"kind": "toggle", "comment": name, "module": "nest"}))
    unsettled = {}
    for source in ("wanted", "k"):
        (tmp_path / "nest.v").write_text(rtl.replace("wanted == SOURCE", f"{source} == 3"))
        unsettled[source] = marked_branches(design, asked).unsettled
    assert unsettled == {"wanted": (0, 2, 3, 5, 7), "k": ()}

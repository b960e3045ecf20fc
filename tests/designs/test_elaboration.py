"""Elaboration: ports with their shapes; clocks, resets and domains by the RTL; what is said of unreadable files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dv_agent.designs.elaboration import child
from dv_agent.designs.elaboration.compilation import RefusedError
from dv_agent.designs.elaboration.elaborate import elaborate
from dv_agent.designs.elaboration.interface import Interface
from dv_agent.designs.elaboration.request import Request
from dv_agent.errors import BuildError

FIFO = """
package shapes;
  typedef struct packed { logic [3:0] kind; struct packed { logic signed [7:0] x; logic [7:0] y; } at; } point_t;
endpackage
module sync2 (input logic clk, input logic d, output logic q);
  logic m;
  always_ff @(posedge clk) begin m <= d; q <= m; end
endmodule
module bridge import shapes::*; #(parameter int N = 2, parameter type T = point_t, parameter string NAME = "a") (
  input  logic wclk, input logic rclk, input logic rst_n, input logic clr,
  input  logic [N-1:0][3:0] in_data, input logic in_valid, output logic in_ready,
  input  T point, output logic signed [7:0] out [2], output logic flag, output logic echo
);
  logic full;
  always_ff @(posedge wclk or negedge rst_n)
    if (!rst_n) full <= 0;
    else if (in_valid & !clr) full <= ~full;
  assign in_ready = ~full;
  sync2 i_sync (.clk(rclk), .d(full), .q(flag));
  assign echo = in_valid & point.kind[0];
  always @(posedge rclk) begin
    out[0] <= point.at.x;
    out[1] <= 8'(in_data[0]);
    if (clr == 1'b1) out[0] <= '0;
  end
endmodule
"""


def elaborated(folder: Path, text: str, name: str = "unit.sv", **more: Any) -> Interface:
    """As `elaborate` does, without a process of its own."""
    (folder / name).write_text(text, encoding="utf-8")
    return child.elaborate(Request(sources=(folder / name,), **more))


def refused(folder: Path, text: str, name: str = "unit.sv", **more: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        elaborated(folder, text, name, **more)
    return str(caught.value).replace(f"{folder}/", "")


def test_ports_have_widths_dimensions_members_and_the_lines_they_stand_in(tmp_path: Path) -> None:
    top = elaborated(tmp_path, FIFO)
    ports = {one.name: one for one in top.ports}
    assert (top.top, top.tops, ports["in_valid"].line) == ("bridge", ("bridge",), 11)
    assert (ports["in_data"].width, ports["in_data"].packed) == (8, (2, 4))
    assert (ports["out"].width, ports["out"].unpacked, ports["out"].signed) == (8, ((0, 1),), True)
    members = [(one.name, one.low, one.width, one.signed) for one in ports["point"].members]
    assert members == [("kind", 16, 4, False), ("at_x", 8, 8, True), ("at_y", 0, 8, False)]
    assert [(one.name, one.type) for one in top.parameters] == [("N", False), ("T", True), ("NAME", False)]


def test_clocks_resets_domains_and_combinational_paths_come_from_the_rtl(tmp_path: Path) -> None:
    top = elaborated(tmp_path, FIFO)
    assert set(top.clocks) == {"wclk", "rclk"}
    facts = {(one.port, one.active, one.asynchronous) for one in top.resets}
    assert ("rst_n", "low", True) in facts
    assert ("clr", "high", False) in facts
    assert top.sampled_by["in_valid"] == ("wclk",)
    assert top.sampled_by["point"] == ("rclk",)
    assert (top.driven_by["in_ready"], top.driven_by["flag"]) == (("wclk",), ("rclk",))
    assert (top.through["echo"], top.through["in_ready"]) == (("in_valid", "point"), ())


def test_a_branch_that_parameters_exclude_makes_no_path(tmp_path: Path) -> None:
    text = (
        "module unit #(parameter REG = 1) (input clk, input a, output b, output c);\n  reg r;\n"
        "  always @(posedge clk) r <= a;\n  assign b = REG ? r : a;\n  reg k;\n"
        "  always @* begin k = r; if (!REG && clk) k = a; end\n  assign c = k;\nendmodule\n"
    )
    assert elaborated(tmp_path, text, "unit.v", top="unit").through == {"b": (), "c": ()}
    wired = elaborated(tmp_path, text, "unit.v", top="unit", parameters={"REG": "0"})
    assert wired.through == {"b": ("a",), "c": ("a", "clk")}


def test_a_reset_is_found_through_an_inversion_and_a_clock_through_a_gate(tmp_path: Path) -> None:
    text = (
        "module leaf(input clk, input rst, output reg q);\n"
        "  always @(posedge clk or posedge rst) if (rst) q <= 0; else q <= ~q;\nendmodule\n"
        "module unit(input clk_in, input en, input resetn, output q);\n  wire g = clk_in & en;\n"
        "  wire r = ~resetn;\n  leaf l(.clk(g), .rst(r), .q(q));\nendmodule\n"
    )
    top = elaborated(tmp_path, text, "unit.v")
    assert list(top.clocks) == ["clk_in"]
    assert [(one.port, one.active) for one in top.resets] == [("resetn", "low")]


def test_names_of_verilog_2005_that_system_verilog_reserves_are_read(tmp_path: Path) -> None:
    top = elaborated(tmp_path, "module unit(input bit, output do);\n  assign do = bit;\nendmodule\n", "unit.v")
    assert top.verilog
    assert [one.name for one in top.ports] == ["bit", "do"]


def test_the_top_is_guessed_only_if_there_is_exactly_one(tmp_path: Path) -> None:
    two = "module a(input x);\nendmodule\nmodule b(input x);\nendmodule\n"
    assert "several modules could be the top: a, b; say which with --top" in refused(tmp_path, two)
    assert elaborated(tmp_path, two, top="b").top == "b"
    assert "no module 'bb' can be the top; did you mean b" in refused(tmp_path, two, top="bb")


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("module unit(input a;\nendmodule\n", "unit.sv", "unit.sv:1: "),
        ("module unit(input a);\n  other u(a);\nendmodule\n", "unit.sv", "unit.sv:2: unknown module 'other'"),
        ('`include "gone.vh"\nmodule unit(input a);\nendmodule\n', "unit.v", "unit.v:1: "),
        ("module unit(input a);\n  import nowhere::*;\nendmodule\n", "unit.sv", "unit.sv:2: "),
        ("", "unit.v", "unit.v:1: the file is empty"),
        ("  \n", "unit.v", "unit.v:1: the file is empty"),
        ("module unit;\n\x00endmodule\n", "unit.v", "unit.v:2: a binary file"),
        ("entity unit is\nend;\n", "unit.vhd", "unit.vhd:1: VHDL is not read"),
        ("\n`protected\nABCD\n`endprotected\n", "unit.v", "unit.v:2: encrypted"),
        ("`pragma protect begin_protected\n", "unit.v", "unit.v:1: encrypted"),
        ("package p;\nendpackage\n", "unit.sv", "unit.sv: no module is defined there"),
    ],
)
def test_what_cannot_be_elaborated_is_said_with_file_and_line(tmp_path: Path, text: str, name: str, words: str) -> None:
    assert words in refused(tmp_path, text, name)


def test_an_unreadable_file_is_left_out_if_the_top_needs_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "bad.v").write_text("module bad(input a;\nendmodule\n", encoding="utf-8")
    (tmp_path / "empty.v").write_text("", encoding="utf-8")
    (tmp_path / "good.v").write_text("module good(input a);\nendmodule\n", encoding="utf-8")
    (tmp_path / "uses.v").write_text("module uses(input a);\n bad b(a);\nendmodule\n", encoding="utf-8")
    files = tuple(tmp_path / name for name in ("bad.v", "empty.v", "good.v", "uses.v"))
    top = child.elaborate(Request(sources=files, top="good"))
    assert top.files == (str(tmp_path / "good.v"),)
    assert [note.split(": ")[1].rpartition("/")[2] for note in top.notes] == ["empty.v:1", "bad.v:1"]
    with pytest.raises(RefusedError, match=r"empty\.v:1: the file is empty"):
        child.elaborate(Request(sources=files, top="uses"))


def test_packages_come_before_the_files_that_use_them(tmp_path: Path) -> None:
    texts = {
        "a_top.sv": "module top(input b_pkg::t x);\nendmodule\n",
        "b_pkg.sv": "package b_pkg;\n  import c_pkg::*;\n  typedef logic [W-1:0] t;\nendpackage\n",
        "c_pkg.sv": "package c_pkg;\n  localparam W = 3;\nendpackage\n",
        "d_other.sv": "module other;\nendmodule\n",
        "e_macros.sv": "`define UNUSED\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    order = ["c_pkg.sv", "b_pkg.sv", "a_top.sv", "d_other.sv", "e_macros.sv"]  # as compilers want them
    top = child.elaborate(Request(sources=tuple(tmp_path / name for name in order), top="top"))
    assert [Path(name).name for name in top.files] == ["e_macros.sv", "c_pkg.sv", "b_pkg.sv", "a_top.sv"]
    shuffled = child.elaborate(Request(sources=tuple(tmp_path / name for name in sorted(texts)), top="top"))
    assert shuffled.files == top.files


def test_a_constant_function_that_does_not_end_is_refused(tmp_path: Path) -> None:
    text = (
        "module unit(input a);\n  function automatic int f(int n);\n    while (1) n++;\n    return n;\n  endfunction\n"
        "  localparam int K = f(1);\n  wire [K:0] w;\nendmodule\n"
    )
    try:
        notes = elaborated(tmp_path, text).notes
    except RefusedError as error:
        notes = (str(error),)
    assert any("unit.sv:" in note for note in notes)


def test_the_child_process_answers_what_the_function_does(tmp_path: Path) -> None:
    here = elaborated(tmp_path, FIFO)
    assert elaborate(Request(sources=(tmp_path / "unit.sv",))) == here
    with pytest.raises(BuildError, match="did you mean bridge"):
        elaborate(Request(sources=(tmp_path / "unit.sv",), top="brige"))


def test_an_elaborator_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "unit.v").write_text("module unit(input a);\nendmodule\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"took longer than 0\.01 s"):
        elaborate(Request(sources=(tmp_path / "unit.v",)), seconds=0.01)

"""Reading RTL: two parsers that agree, facts of a design that a person can check, and RTL that cannot be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped_designs import own_names

from dv_agent.designs.design import PRIMITIVES, Design
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.loader import find_design
from dv_agent.designs.reader import from_pyslang
from dv_agent.designs.reader import parse_rtl as read
from dv_agent.designs.reader.analysis import build_module, conditions_of
from dv_agent.designs.reader.cone import cone_of
from dv_agent.designs.reader.parse_rtl import read_rtl
from dv_agent.designs.reader.structure import Arc, Comparison, Structure
from dv_agent.designs.reader.syntax import Expr, ModuleText
from dv_agent.errors import BuildError, InputFileError

SYSTEM_VERILOG = """
package kinds; typedef enum logic [1:0] {IDLE, RUN, DONE} state_t; endpackage
module unit import kinds::*; #(parameter int W = 8) (
  input  logic clk, rst_n, input logic [W-1:0] a, input logic go, output logic [2*W-1:0] y, output logic busy);
  state_t state, next;
  logic [2*W-1:0] acc;
  always_comb begin
    next = state;
    unique case (state)
      IDLE: if (go) next = RUN;
      RUN:  if (acc > 16'd100) next = DONE;  // far enough
      default: next = IDLE;
    endcase
  end
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin state <= IDLE; acc <= '0; end
    else begin state <= next; if (state == RUN) acc <= acc + a; end
  assign y = acc;
  assign busy = state != IDLE;
  for (genvar i = 0; i < 2; i++) begin : pair
    sub #(.N(i)) u (.x(a[i]), .z(), .clk);
  end
endmodule
module sub #(parameter N = 1) (input logic x, clk, output logic z);
  assign z = x ^ N;
endmodule
"""


def slang_modules(*files: Path) -> list[ModuleText]:
    return from_pyslang.parse(Request(sources=files))


def design_of(folder: Path, top: str, *sources: str) -> Design:
    port = {"kind": "source", "valid": "v", "ready": "r", "fields": {}}
    return Design.model_validate(
        {"schema_version": 1, "name": top, "title": top, "task_version": 1, "top": top, "sources": sources,
         "ports": {"in": port}, "folder": folder}
    )  # fmt: skip


def written(folder: Path, text: str, name: str = "unit.v", top: str = "unit") -> Design:
    (folder / name).write_text(text, encoding="utf-8")
    return design_of(folder, top, name)


@pytest.fixture(scope="module")
def softmax() -> Structure:
    return read_rtl(find_design("mxint_softmax").design)


@pytest.mark.parametrize("name", own_names())
def test_both_parsers_read_every_design_alike(name: str) -> None:
    design = find_design(name).design
    first = read_rtl(design)
    assert first.front_end == "pyverilog"
    assert list(first.modules) == [build_module(one) for one in slang_modules(*design.source_files())]
    driven = {one.signal for one in (*design.all_clocks.values(), *design.resets)}
    assert {port.name for port in first.module(design.top).ports} >= driven
    assert any(one.registers for one in first.modules) == bool(design.all_clocks)


def test_the_state_machine_of_a_design_is_found_with_its_arcs(softmax: Structure) -> None:
    (machine,) = softmax.module("normaliser").machines
    assert machine.state_register == "phase"
    assert [state.name for state in machine.states] == ["ROW", "BEAT", "DIV", "NORM", "CAST", "SEND"]
    arcs = {(arc.source, arc.target): arc for arc in machine.arcs}
    assert arcs["", "ROW"].condition == "rst"
    assert arcs["DIV", "NORM"].condition == "!rst && step_count == LAST_STEP"
    assert arcs["SEND", "BEAT"].condition == "!rst && out_ready && !last"
    assert set(arcs) == {("", "ROW"), ("ROW", "BEAT"), ("BEAT", "DIV"), ("DIV", "NORM"), ("NORM", "CAST"),
                         ("CAST", "SEND"), ("SEND", "ROW"), ("SEND", "BEAT")}  # fmt: skip
    text = (find_design("mxint_softmax").path / "rtl/normaliser.v").read_text(encoding="utf-8").splitlines()
    assert "phase <= BEAT" in text[arcs["ROW", "BEAT"].line - 1]


def test_registers_widths_comparisons_and_hierarchy_are_found(softmax: Structure) -> None:
    fifo = softmax.module("stream_fifo")
    assert fifo.registers == ("write_addr", "read_addr", "count", "memory")
    assert fifo.width_of("count") == "[LEVEL_W-1:0]"
    assert {one.name: one.kind for one in fifo.signals}["memory"] == "memory"
    assert Comparison(signal="count", operator="!=", constant="FULL", line=43) in fifo.comparisons
    assert ("mxint_softmax.stage_b.divider1", "lane_divider") in softmax.hierarchy()
    assert softmax.front_end == "pyverilog"


def test_a_cone_goes_through_the_hierarchy_step_by_step(softmax: Structure) -> None:
    near = cone_of(softmax, ("dbg_queue_level",), 2).signals
    queue = "mxint_softmax.row_queue"
    assert near == {("mxint_softmax", "dbg_queue_level"): 0, (queue, "level"): 0, (queue, "count"): 1,
                    (queue, "push"): 2, (queue, "pop"): 2, (queue, "rst"): 2, ("mxint_softmax", "rst"): 2}  # fmt: skip
    whole = cone_of(softmax, ("dbg_queue_level",))
    assert ("mxint_softmax", "out_ready") in whole.signals  # by back-pressure
    assert ("mxint_softmax", "in_last") in whole.signals
    assert ("mxint_softmax.stage_b.divider0", "quot") not in whole.signals  # data decides no level
    assert ("stream_fifo.v", 65) not in cone_of(softmax, ("out_mant",), 1).lines
    with pytest.raises(KeyError, match="nowhere"):
        cone_of(softmax, ("nowhere",))


def test_system_verilog_is_read_by_the_second_parser(tmp_path: Path) -> None:
    structure = read_rtl(written(tmp_path, SYSTEM_VERILOG, "unit.sv"))
    assert structure.front_end == "pyslang"
    unit = structure.module("unit")
    assert unit.registers == ("state", "acc")
    (machine,) = unit.machines
    assert [(one.name, one.code) for one in machine.states] == [("IDLE", "0"), ("RUN", "1"), ("DONE", "2")]
    assert machine.arcs == (
        Arc(source="", target="IDLE", condition="!rst_n", line=16),
        Arc(source="IDLE", target="RUN", condition="rst_n && go", line=10),
        Arc(source="RUN", target="DONE", condition="rst_n && acc > 16'd100", line=11),
        Arc(source="DONE", target="IDLE", condition="rst_n", line=12),
    )
    assert ("unit.u", "sub") in structure.hierarchy()
    assert ("unit", "go") in cone_of(structure, ("busy",)).signals
    assert Comparison(signal="acc", operator=">", constant="16'd100", line=11) in unit.comparisons


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("module unit(input a; endmodule", "pyslang: unit.v:1"),
        ("module other(input a, output b); assign b = a; endmodule", "no module 'unit' among other"),
        ("", "no module 'unit'"),
        ("\x00\x01 garbage [[[", "unit.v"),
    ],
)
def test_what_cannot_be_read_is_one_message(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BuildError, match="cannot be read") as caught:
        read_rtl(written(tmp_path, text))
    assert message in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_reader_that_does_not_end_is_killed(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"longer than 0\.05 s"):
        read_rtl(find_design("mxint_softmax").design, seconds=0.05)
    with pytest.raises(InputFileError, match="No such file"):
        read_rtl(design_of(tmp_path, "unit", "nothing.v"), tmp_path)


def test_an_answer_is_kept_by_the_hash_of_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(PRIMITIVES / "skid_buffer.v", tmp_path)
    design, cache = design_of(tmp_path, "skid_buffer", "skid_buffer.v"), tmp_path / "cache"
    before = sorted(tmp_path.iterdir())
    first = read_rtl(design, cache)
    assert sorted(tmp_path.iterdir()) == sorted([*before, cache])  # the parser's own files are gone
    monkeypatch.setattr(read, "_from_child", lambda *_: pytest.fail("read again"))
    assert read_rtl(design, cache) == first
    (kept,) = cache.iterdir()
    kept.write_text(kept.read_text(encoding="utf-8")[:100], encoding="utf-8")
    monkeypatch.undo()
    assert read_rtl(design, cache) == first
    (tmp_path / "skid_buffer.v").write_text((tmp_path / "skid_buffer.v").read_text().replace("push", "thrust"))
    assert read_rtl(design, cache) != first
    assert len(list(cache.iterdir())) == 2


def test_headers_and_defines_of_the_design_reach_both_parsers(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "width.vh").write_text("`define WIDTH 5\n", encoding="utf-8")
    for name, text in (("unit.v", "reg [`WIDTH-1:0] `NAME;"), ("unit.sv", "logic [`WIDTH-1:0] `NAME;")):
        (tmp_path / name).write_text(
            f'`include "width.vh"\nmodule unit(input clk);\n  {text}\n'
            "  always @(posedge clk) `NAME <= `NAME + 1;\nendmodule\n", encoding="utf-8",
        )  # fmt: skip
        design = design_of(tmp_path, "unit", name)
        design = design.model_copy(update={"include_dirs": ("inc",), "defines": {"NAME": "count"}})
        assert read_rtl(design).module("unit").registers == ("count",)


NAMES = st.sampled_from(["a", "b", "c"]).map(lambda name: Expr("name", name))
NUMBERS = st.integers(0, 255).map(lambda value: Expr("number", f"8'd{value}"))


def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    binary = st.sampled_from(["+", "-", "*", "&", "|", "^", "<<", ">>", "==", "!=", "<", ">=", "&&", "||"])
    return st.one_of(
        st.builds(lambda op, x, y: Expr("binary", op, (x, y)), binary, inner, inner),
        st.builds(lambda op, x: Expr("unary", op, (x,)), st.sampled_from(["!", "~"]), inner),
        st.builds(lambda x, y, z: Expr("choice", "?:", (x, y, z)), inner, inner, inner),
        st.builds(lambda x, y: Expr("concat", "", (x, y)), inner, inner),
    )


@settings(max_examples=40)
@given(st.recursive(st.one_of(NAMES, NUMBERS), grown, max_leaves=8))
def test_expressions_survive_both_parsers(tmp_path_factory: pytest.TempPathFactory, expr: Expr) -> None:
    room = tmp_path_factory.getbasetemp() / "expressions"
    room.mkdir(exist_ok=True)
    text = f"module m(input [7:0] a, b, c, output [7:0] y);\nassign y = {{{expr.show()}}};\nendmodule\n"
    (room / "m.v").write_text(text)
    (slang,) = (build_module(one) for one in slang_modules(room / "m.v"))
    (only,) = slang.assignments
    assert only.right == "{" + expr.show() + "}"
    assert set(only.sources) == set(expr.names())


@given(st.recursive(NAMES, grown, max_leaves=6), st.booleans())
def test_a_condition_and_its_parts_say_the_same(condition: Expr, negated: bool) -> None:
    parts = conditions_of(condition, negated)
    assert {name for part in parts for name in part.names} == set(condition.names())

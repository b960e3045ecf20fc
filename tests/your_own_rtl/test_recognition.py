"""Recognition: of every kind of block, which clocks, resets, streams, buses and pins are found, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from foreign_blocks import APB, ARBITER, COMBINATIONAL, FIFO, PULP, PUSH_POP, STRANGE_NAMES, TWO_CLOCKS

from dv_agent.designs.elaboration import child
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.ports.registry import KINDS
from dv_agent.designs.probes.register_question import Question
from dv_agent.designs.probes.registers_child import look_up
from dv_agent.designs.recognition.buses import ORDER
from dv_agent.designs.recognition.guess import Guess, Pool
from dv_agent.designs.recognition.names import identifier, is_active_low
from dv_agent.designs.recognition.recognise import recognise


def pool_of(folder: Path, text: str, **more: Any) -> Pool:
    (folder / "unit.sv").write_text(text, encoding="utf-8")
    pool = recognise(child.elaborate(Request(sources=(folder / "unit.sv",), **more)), (*KINDS, *ORDER))
    assert not pool.free, "every port is claimed by one guess"
    return pool


def ports(pool: Pool) -> dict[str, Any]:
    return {one.key: one.value for one in pool.ports}


def guess(pool: Pool, key: str) -> Guess:
    return next(one for one in (*pool.wiring, *pool.ports) if one.key == key)


def test_a_fifo_of_axi_streams(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, FIFO)
    assert pool.wired("clock") == {"signal": "clk", "period_ns": 10}
    assert pool.wired("reset") == {"signal": "rst", "active": "high", "cycles": 8}
    assert guess(pool, "reset").certainty == "certain"
    assert list(ports(pool)) == ["s_axis", "m_axis", "seen"]
    assert ports(pool)["s_axis"] == {
        "kind": "source", "valid": "s_axis_tvalid", "ready": "s_axis_tready", "last": "s_axis_tlast",
        "fields": {"data": {"signal": "s_axis_tdata", "width": 8}},
    }  # fmt: skip
    assert ports(pool)["m_axis"]["kind"] == "sink"
    assert ports(pool)["seen"]["fields"] == {"level": {"signal": "level", "width": 3}}
    assert "AXI-Stream by name: s_axis_tvalid and s_axis_tready" in guess(pool, "s_axis").reason


def test_names_with_suffixes_of_the_direction_structures_and_a_flush(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, PULP)
    assert pool.wired("reset") == {"signal": "rst_ni", "active": "low", "cycles": 8, "asynchronous": True}
    assert pool.wired("ties") == {"testmode_i": 0}
    assert list(ports(pool)) == ["in", "out", "pins", "seen"]
    assert ports(pool)["in"]["fields"] == {
        "data_kind": {"signal": "data_i[11:8]", "width": 4},
        "data_value": {"signal": "data_i[7:0]", "width": 8},
    }
    assert (ports(pool)["out"]["valid"], ports(pool)["out"]["ready"]) == ("valid_o", "ready_i")
    assert ports(pool)["out"]["may_drop"] == "flush_i may clear what waits, at any time"
    assert list(ports(pool)["pins"]["fields"]) == ["flush_i"]


def test_a_vector_of_handshakes_is_one_port_with_a_count(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, ARBITER)
    assert ports(pool)["in"] == {
        "kind": "source", "count": 4, "valid": "in_valid", "ready": "in_ready",
        "fields": {"data": {"signal": "in_data", "width": 8}},
    }  # fmt: skip
    assert list(ports(pool)["out"]["fields"]) == ["data", "from"]
    assert "4 handshakes in one vector" in guess(pool, "in").reason


def test_two_clocks_each_with_its_ports_and_resets(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, TWO_CLOCKS)
    assert {one["signal"] for one in pool.wired("clocks").values()} == {"wr_clk", "rd_clk"}
    assert len({one["period_ns"] for one in pool.wired("clocks").values()}) == 2
    main = next(iter(pool.wired("clocks")))
    other = {"rd_clk": "wr", "wr_clk": "rd"}[main]
    assert ports(pool)[other]["clock"] == f"{other}_clk"
    resets = [pool.wired("reset"), *pool.wired("more_resets")]
    assert {(one["signal"], one["active"]) for one in resets} == {("wr_rst_n", "low"), ("rd_rst_n", "low")}


def test_a_combinational_block_has_neither_clock_nor_reset(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, COMBINATIONAL)
    assert {one.key: one.value for one in pool.wiring} == {"clock": None, "reset": None, "ties": {"scan_en": 0}}
    assert list(ports(pool)) == ["pins", "seen"]


def test_push_and_pop_are_strobes_that_full_and_empty_hold_back(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, PUSH_POP)
    assert ports(pool)["push"] == {
        "kind": "strobe", "enable": "push", "unless": "full", "fields": {"din": {"signal": "din", "width": 8}},
    }  # fmt: skip
    assert ports(pool)["pop"] == {"kind": "strobe", "enable": "pop", "unless": "empty", "fields": {}}
    assert list(ports(pool)["seen"]["fields"]) == ["dout", "full", "empty"]
    assert "push, which must not come while full" in guess(pool, "push").reason


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("input wr_en, input [3:0] wr_data, output full, input rd_en, output empty", ["push", "pop"]),
        (
            "input push_i, input data_i, output full_o, output almost_full_o, input pop_i, output empty_o",
            ["push", "pop"],
        ),
        ("input winc, input wdata, output wfull, input rinc, output rempty", ["push", "pop"]),
        ("input push, output full_n, input pop, output empty_n", []),
        ("input push, output almost_full", []),
    ],
)
def test_names_of_the_sides_of_a_fifo(tmp_path: Path, names: str, found: list[str]) -> None:
    pool = pool_of(tmp_path, f"module unit({names});\nendmodule\n")
    assert [one for one in ports(pool) if one in ("push", "pop")] == found


def test_prefixes_of_the_direction_and_a_pin_that_an_output_follows(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, STRANGE_NAMES)
    assert guess(pool, "clock").certainty == "guess"  # nothing waits for its edges
    assert [(one.key, one.value["kind"]) for one in pool.ports] == [("in", "source"), ("out", "sink"), ("pins", "pins")]
    assert "follow i_cfg in the same cycle" in ports(pool)["out"]["rules_off"]["stable"]


def test_an_apb_completer(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, APB)
    assert pool.wired("clock")["signal"] == "pclk"
    bus = ports(pool)["bus"]
    assert bus["kind"] == "apb"
    assert bus["signals"]["paddr"] == {"signal": "paddr", "width": 8}
    assert bus["signals"]["pready"] == "pready"
    assert list(ports(pool)) == ["bus", "seen"]


def test_a_wishbone_slave_whose_prefixes_tell_directions(tmp_path: Path) -> None:
    asked = "input i_wb_cyc, i_wb_stb, i_wb_we, input [5:0] i_wb_addr, input [31:0] i_wb_data, input [3:0] i_wb_sel"
    answered = "output o_wb_stall, output o_wb_ack, output [31:0] o_wb_data"
    found = ports(pool_of(tmp_path, f"module unit(input i_clk, {asked}, {answered});\nendmodule\n"))
    assert {name: one["kind"] for name, one in found.items()} == {"wb": "wishbone"}
    assert found["wb"]["signals"]["dat_i"]["signal"] == "i_wb_data"
    assert found["wb"]["signals"]["dat_o"]["signal"] == "o_wb_data"


def axi(prefix: str, lite: bool, into: str = "input", out: str = "output") -> str:
    wide = {"addr": "[15:0]", "data": "[31:0]", "strb": "[3:0]", "resp": "[1:0]", "len": "[7:0]", "prot": "[2:0]"}
    own = {"aw": "addr prot", "w": "data strb", "b": "resp", "ar": "addr prot", "r": "data resp"}
    if not lite:
        own |= {"aw": "addr len", "w": "data strb last", "ar": "addr len", "r": "data resp last"}
    lines = []
    for channel, names in own.items():
        give, take = (into, out) if channel in ("aw", "w", "ar") else (out, into)
        lines += [f"{give} {prefix}{channel}valid", f"{take} {prefix}{channel}ready"]
        lines += [f"{give} {wide.get(name, '')} {prefix}{channel}{name}" for name in names.split()]
    return f"module unit(input clk, input rst, {', '.join(lines)});\nendmodule\n"


@pytest.mark.parametrize(("lite", "kind"), [(True, "axi_lite"), (False, "axi4")])
def test_axi_completers_by_their_channels(tmp_path: Path, lite: bool, kind: str) -> None:
    found = ports(pool_of(tmp_path, axi("s_axi_", lite)))
    assert {name: one["kind"] for name, one in found.items()} == {"s_axi": kind}
    assert {"awvalid", "wdata", "bready", "araddr", "rresp"} <= found["s_axi"]["signals"].keys()


def test_a_manager_is_answered_from_memory(tmp_path: Path) -> None:
    (found,) = ports(pool_of(tmp_path, axi("m_axi_", False, "output", "input"))).values()
    assert found["kind"] == "axi4_memory"
    assert {"awvalid", "arlen", "rlast", "bresp"} <= found["signals"].keys()
    (found,) = ports(pool_of(tmp_path, axi("m_axil_", True, "output", "input"))).values()
    assert found["kind"] == "axi_lite_memory"


def test_a_bridge_has_a_bus_on_both_sides(tmp_path: Path) -> None:
    found = ports(pool_of(tmp_path, bridge()))
    assert {name: one["kind"] for name, one in found.items()} == {"s_axi": "axi4", "m_axi": "axi4_memory"}


def bridge() -> str:
    both = axi("s_axi_", False).replace("endmodule\n", "").replace(");\n", ", ")
    return both + axi("m_axi_", False, "output", "input").partition("input rst, ")[2]


def test_a_manager_that_lacks_a_signal_is_streams_on_both_sides_and_that_is_told(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, bridge().replace("m_axi_rlast", "m_axi_rend").replace("m_axi_wlast", "m_axi_wend"))
    assert {one["kind"] for one in ports(pool).values()} >= {"source", "sink"}
    assert "asks for bursts of AXI4" in pool.notes[0]
    assert "deadlock" in ports(pool)["s_axi_w"]["rules_off"]


def one_port(folder: Path, declaration: str) -> dict[str, Any]:
    """The fields of the only pins port of a module."""
    return dict(ports(pool_of(folder, f"module unit({declaration});\nendmodule\n"))["pins"]["fields"])


@pytest.mark.parametrize(
    ("declaration", "fields"),
    [
        ("input [3:0][7:0] a", {"a": {"signal": "a", "width": 8, "lanes": 4}}),
        ("input signed [7:0] a", {"a": {"signal": "a", "width": 8, "signed": True}}),
        ("input [127:0] a", {"a": {"signal": "a", "width": 32, "lanes": 4}}),
        ("input [66:0] a", {"a_0": {"signal": "a[63:0]", "width": 64}, "a_1": {"signal": "a[66:64]", "width": 3}}),
        ("input [3:0] a [2]", {"a_0": {"signal": "a{0}", "width": 4}, "a_1": {"signal": "a{1}", "width": 4}}),
        ("input [8:1] a", {"a": {"signal": "a", "width": 8}}),
        ("input struct packed {logic x; logic [2:0] y;} a",
         {"a_x": {"signal": "a[3]", "width": 1}, "a_y": {"signal": "a[2:0]", "width": 3}}),
    ],
)  # fmt: skip
def test_shapes_become_fields(tmp_path: Path, declaration: str, fields: dict[str, Any]) -> None:
    assert one_port(tmp_path, declaration) == fields


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("input a_valid, output a_ready, input b_valid, output b_ready, input a_data, input b_data", {"a": 1, "b": 1}),
        ("input in_vld, output in_rdy, input in_x, input other", {"in": 1, "pins": 1}),
        ("input req_i, output gnt_o, input data_i", {"in": 1}),
        ("input cmd_req, output cmd_ack, input [3:0] cmd_op", {"cmd": 1}),
        ("input pause_req, output pause_ack", {"pins": 1, "seen": 1}),
        ("input valid_in, output ready_out, input data_in", {"in": 1}),
        ("input out_ready, output out_valid, output data", {"out": 0, "seen": 1}),
        ("input in_valid, output in_ready, input in_data, input in_clear", {"in": 1, "pins": 1}),
        (
            "output d_valid, input d_ready, output d_x, output [1:0] d_s_valid, output [3:0] d_s_code",
            {"d": 1, "d_s": 1},
        ),
        ("output done_valid, output [3:0] done_code, input go", {"done": 1, "pins": 1}),
        ("input invalid, output already", {"pins": 1, "seen": 1}),
        ("input px_valid_i, output px_ready_o, input [7:0] px_i, output [7:0] px_o", {"px": 1, "seen": 1}),
        ("input s_awvalid, output s_awready, input s_awaddr, input s_awayfrom", {"s_aw": 2}),
    ],
)
def test_payload_goes_to_the_stream_whose_name_it_begins_with(
    tmp_path: Path, names: str, expected: dict[str, int]
) -> None:
    found = ports(pool_of(tmp_path, f"module unit({names});\nendmodule\n"))
    assert {name: len(one["fields"]) for name, one in found.items()} == expected


@pytest.mark.parametrize(
    ("text", "reset"),
    [
        ("input rst_n", {"signal": "rst_n", "active": "low", "cycles": 8}),
        ("input areset", {"signal": "areset", "active": "high", "cycles": 8}),
        ("input resetn", {"signal": "resetn", "active": "low", "cycles": 8}),
        ("input nrst", {"signal": "nrst", "active": "low", "cycles": 8}),
        ("input first", None),
        ("input burst", None),
        ("input clear", None),
    ],
)
def test_names_decide_about_resets_where_the_rtl_does_not(tmp_path: Path, text: str, reset: Any) -> None:
    pool = pool_of(
        tmp_path, f"module unit(input clk, {text}, output reg q);\n always @(posedge clk) q <= ~q;\nendmodule\n"
    )
    assert pool.wired("reset") == reset


def test_a_reset_branch_with_a_loop_over_an_integer_is_one(tmp_path: Path) -> None:
    loop = "for (i = 0; i < 4; i = i + 1) m[i] <= i;"
    body = f"integer i; reg [7:0] m [0:3]; always @(posedge clk) if (!rst_n) begin {loop} end else m[a] <= a;"
    text = f"module unit(input clk, input rst_n, input [1:0] a, output [7:0] q);\n {body} assign q = m[a];\nendmodule\n"
    pool = pool_of(tmp_path, text)
    assert guess(pool, "reset").certainty == "certain"
    assert pool.top.unset == {}


def test_the_rtl_decides_against_the_name_of_a_reset_and_that_is_told(tmp_path: Path) -> None:
    body = "always @(posedge clk) if (rst_n) q <= 0; else q <= 1;"
    text = f"module unit(input clk, input rst_n, output reg q);\n {body}\nendmodule\n"
    reset = guess(pool_of(tmp_path, text), "reset")
    assert (reset.value["active"], reset.certainty) == ("high", "likely")
    assert "although the name rst_n suggests the other level" in reset.reason


def test_names_of_ports_are_names_of_design_yaml() -> None:
    assert identifier("A$b c", "x") == "a_b_c"
    assert identifier("3d", "x") == "x_3d"
    assert identifier("$", "x") == "x"
    for name in ("rst_n", "aresetn", "nreset", "rst_ni", "rst_b"):
        assert is_active_low(name), name
    for name in ("rst", "reset", "rstart", "areset_i"):
        assert not is_active_low(name), name


GATED = """
module gated #(parameter bit FALL = 0, parameter int W = 8) (
  input logic clk, input logic rst, input logic clear,
  input logic s_valid, output logic s_ready, input logic [W-1:0] s_data,
  output logic m_valid, input logic m_ready, output logic [W-1:0] m_data
);
  stage #(.FALL(FALL), .W(W)) inner (.bypass(1'b0), .*);
endmodule
module stage #(parameter bit FALL = 0, parameter int W = 8) (
  input logic clk, input logic rst, input logic clear, input logic bypass,
  input logic s_valid, output logic s_ready, input logic [W-1:0] s_data,
  output logic m_valid, input logic m_ready, output logic [W-1:0] m_data
);
  logic full, pass;
  logic [W-1:0] held;
  assign pass = 1'b0 | bypass;
  assign s_ready = ~full;
  assign m_valid = full | (FALL & s_valid) | (bypass && s_valid) | (|({W{pass}} & s_data));
  always_comb begin
    m_data = held;
    if (FALL && !full) m_data = s_data;
    case (FALL)
      1'b1: m_data = s_data;
      default: ;
    endcase
  end
  always_ff @(posedge clk)
    if (rst || clear) full <= 1'b0;
    else begin
      if (s_valid && s_ready) begin full <= 1'b1; held <= s_data; end
      else if (m_ready) full <= 1'b0;
    end
endmodule
"""


@pytest.mark.parametrize("fall", ["0", "1"])
def test_a_path_that_constants_close_is_no_path_and_an_open_one_is(tmp_path: Path, fall: str) -> None:
    (tmp_path / "unit.sv").write_text(GATED, encoding="utf-8")
    found = child.elaborate(Request(sources=(tmp_path / "unit.sv",), top="gated", parameters={"FALL": fall}))
    opened = fall == "1"
    assert found.through["m_valid"] == (("s_valid",) if opened else ())
    assert found.through["m_data"] == (("s_data",) if opened else ())
    assert found.through["s_ready"] == ()
    value = ports(recognise(found, (*KINDS, *ORDER)))["m"]
    if opened:
        assert "follows s_valid in the same cycle" in value["rules_off"]["stable"]
    else:
        assert value["may_drop"] == "clear may clear what waits, at any time"
        assert "rules_off" not in value


def test_a_number_that_is_named_like_a_flush_clears_nothing(tmp_path: Path) -> None:
    (tmp_path / "unit.sv").write_text(GATED.replace("input logic clear", "input logic [3:0] clear"), encoding="utf-8")
    found = child.elaborate(Request(sources=(tmp_path / "unit.sv",), top="gated"))
    assert "may_drop" not in ports(recognise(found, (*KINDS, *ORDER)))["m"]


def test_a_deep_and_a_long_expression_are_read_within_bounds(tmp_path: Path) -> None:
    deep = "1'b0 | " + "(" * 150 + "a[0]" + " ^ 1'b0)" * 150
    long = " | ".join(["(a[1] & 1'b0)"] * 300)
    head = "module m(input logic [1:0] a, output logic x, output logic y);"
    text = f"{head}\nassign x = {deep};\nassign y = {long};\nendmodule\n"
    (tmp_path / "unit.sv").write_text(text, encoding="utf-8")
    found = child.elaborate(Request(sources=(tmp_path / "unit.sv",)))
    assert found.through["x"] == ("a",)
    assert set(found.through) == {"x", "y"}


CONSTANT = """
module answers #(parameter bit ERRORS = 0) (
  input logic clk, input logic rst, input logic bad, input logic [3:0] d,
  output logic [1:0] resp, output logic [1:0] status, output logic seen
);
  logic err, kind;
  assign resp = {err, 1'b0};
  assign kind = ERRORS ? bad : 1'b0;
  assign status = {2{kind}} & d[1:0];
  always_ff @(posedge clk)
    if (rst) begin err <= 1'b0; seen <= 1'b0; end
    else begin
      if (ERRORS && bad) err <= 1'b1;
      seen <= bad;
    end
endmodule
"""


@pytest.mark.parametrize(("value", "constant"), [("0", ("resp", "status")), ("1", ())])
def test_outputs_that_parameters_hold_are_constant_so_that_no_bin_asks_for_more(
    tmp_path: Path, value: str, constant: tuple[str, ...]
) -> None:
    (tmp_path / "unit.sv").write_text(CONSTANT, encoding="utf-8")
    request = Request(sources=(tmp_path / "unit.sv",), top="answers", parameters={"ERRORS": value})
    assert look_up(Question(request=request, wanted=())).constant == constant

"""The plan of a design that has none: made from ports and RTL, bounded, and reachable."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from bare_designs import LOOKUP, bare, bits, loaded, stream
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dv_agent.cli.main import app
from dv_agent.coverage.automatic_plan.assembly import MOST_BINS
from dv_agent.coverage.automatic_plan.of_fields import COARSE, FINE, classes, field_points
from dv_agent.coverage.automatic_plan.plan_parts import lengths
from dv_agent.coverage.goal import plan_of, plan_text
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.designs.files.documents import Document
from dv_agent.designs.loader import find_design, load_design
from dv_agent.designs.ports.field_spec import FieldSpec

CONTROL = """\
module control (input clk, input rst, input go, input [1:0] halt, output [1:0] busy);
  genvar i;
  generate for (i = 0; i < 2; i = i + 1) begin : lane
    unit #(.LONG(2 + i)) u (.clk(clk), .rst(rst), .go(go), .halt(halt[i]), .busy(busy[i]));
  end endgenerate
endmodule
module unit #(parameter LONG = 2) (input clk, input rst, input go, input halt, output busy);
  localparam [2:0] IDLE = 3'b001, RUN = 3'b010, DONE = 3'b100;
  reg [2:0] state, next;
  reg [3:0] count;
  assign busy = state != IDLE;
  always @* begin
    next = state;
    case (state)
      IDLE: if (go) next = RUN;
      RUN: if (halt) next = IDLE; else if (count == LONG) next = DONE;
      DONE: next = IDLE;
      default: next = IDLE;
    endcase
  end
  always @(posedge clk)
    if (rst) begin state <= IDLE; count <= 4'd0; end
    else begin state <= next; count <= state == RUN ? count + 4'd1 : 4'd0; end
endmodule
"""
CONTROL_PORTS = {
    "cmd": {"kind": "strobe", "enable": "go", "fields": {"halt": bits("halt", 2)}},
    "out": {"kind": "observe", "fields": {"busy": bits("busy", 2)}},
}


def dv(*words: object) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


def ids(home: Path) -> set[str]:
    return {one.id for one in plan_of(load_design(home)).bins}


@given(st.integers(1, 60), st.booleans(), st.booleans())
def test_classes_of_a_field_hold_every_value_once(width: int, signed: bool, exact: bool) -> None:
    spec = FieldSpec(signal="x", width=width, signed=signed)
    ranges = sorted(one if isinstance(one, tuple) else (one, one) for one in classes(spec, exact).values())
    assert (ranges[0][0], ranges[-1][1]) == (spec.low, spec.high)
    assert all(high + 1 == low for (_, high), (low, _) in pairwise(ranges))


@given(st.integers(1, 64), st.integers(1, 4), st.booleans(), st.sampled_from([FINE, COARSE]), st.booleans())
def test_coverpoints_of_any_field_are_valid_in_a_plan(
    width: int, lanes: int, signed: bool, detail: int, driven: bool
) -> None:
    spec = FieldSpec(signal="x", width=width, lanes=lanes, signed=signed)
    for point in field_points("f", "f", spec, detail, driven):
        values = [one for one in point.bins.values() if isinstance(one, int | tuple)]
        assert len(values) == len(point.bins) <= 12
        flat = [end for one in values for end in (one if isinstance(one, tuple) else (one, one))]
        assert all(abs(end) < 1 << 62 for end in flat)
        assert "single" in point.name or flat == sorted(flat)


def test_lengths_are_consecutive() -> None:
    assert lengths(0, 1, 4) == {"0": 0, "1_to_3": (1, 3), "4_or_more": (4, 10_000_000)}
    assert lengths(1, 2, 3, 5, 9, 16, most=16)["16"] == 16


@pytest.mark.parametrize(("fields", "width"), [(1, 8), (12, 32), (120, 64), (200, 1)])
def test_a_plan_is_bounded_and_the_same_every_time(tmp_path: Path, fields: int, width: int) -> None:
    names = {f"f{index}": width for index in range(fields)}
    ports = {"s": stream("source", "s", **names), "m": stream("sink", "m", **names)}
    folder = load_design(bare(tmp_path, "fifo", ports=ports))
    plan = plan_of(folder)
    assert 20 < len(plan.bins) <= MOST_BINS
    assert plan_text(folder) == plan_text(load_design(tmp_path / "fifo"))
    # The handshakes are the last to go.
    assert {"s_handshake", "m_handshake", "s_m"} <= {group.name for group in plan.covergroups}


def test_what_never_changes_has_no_bins(tmp_path: Path) -> None:
    found = ids(bare(tmp_path, "tally"))
    assert not any(name.startswith("out_seen.version") for name in found)
    assert "out_seen.total.high" in found
    assert {"out_seen.odd.0", "out_seen.odd.1"} <= found
    always = LOOKUP.replace("assign q_ready = state == IDLE;", "assign q_ready = 1'b1;")
    found = ids(bare(tmp_path / "always", "lookup", always))
    assert {name for name in found if name.startswith("q_handshake")} == {
        "q_handshake.state.idle", "q_handshake.state.transfer",
    }  # fmt: skip
    assert not any(name.startswith(("q_timing.stall", "reset_in_test.q.stalled")) for name in found)


def test_outputs_that_parameters_make_constant_and_streams_that_are_wires_exclude_bins(tmp_path: Path) -> None:
    rtl = """\
module wires #(parameter TAGGED = 0) (input clk, input rst,
    input [7:0] s_data, input s_valid, output s_ready,
    output [7:0] m_data, output [3:0] m_tag, output m_valid, input m_ready);
  reg [3:0] tag;
  always @(posedge clk) if (rst) tag <= 4'd0; else if (s_valid & s_ready) tag <= tag + 4'd1;
  assign m_tag = TAGGED ? tag : 4'd0;
  assign m_data = s_data;
  assign m_valid = s_valid;
  assign s_ready = m_ready;
endmodule
"""
    ports = {"s": stream("source", "s", data=8), "m": stream("sink", "m", data=8, tag=4)}
    found = ids(bare(tmp_path, "wires", rtl, ports=ports))
    assert not any(name.startswith("m_payload.tag") for name in found)
    crossed = {name.removeprefix("s_m.together.") for name in found if name.startswith("s_m")}
    assert crossed == {"moves+moves", "stalled+stalled"}
    found = ids(bare(tmp_path, "wires", rtl, "tagged", ports=ports, parameters={"TAGGED": 1}))
    assert "m_payload.tag.high" in found


@pytest.mark.parametrize("simulator", ["icarus", "verilator"])
def test_states_and_transitions_of_state_machines_are_sampled(tmp_path: Path, simulator: str) -> None:
    home = bare(tmp_path, "control", CONTROL, ports=CONTROL_PORTS)
    folder = load_design(home)
    assert {one.path for one in folder.design.probes.values()} == {"lane[0].u.state", "lane[1].u.state"}
    name = next(iter(folder.design.probes))
    assert folder.design.probes[name].states == {"IDLE": 1, "RUN": 2, "DONE": 4}
    arcs = {f"{name}.arc.{one}" for one in ("IDLE-RUN", "RUN-IDLE", "RUN-DONE", "DONE-IDLE")}
    assert {one for one in ids(home) if ".arc." in one and one.startswith(name)} == arcs
    words = ("run", "--design", home, "--max-cycles", 4000, "--out", tmp_path / "runs", "--simulator", simulator)
    answer = json.loads(dv(*words, "--json").stdout)
    assert not {hole["bin"] for hole in answer["holes"] if hole["bin"].startswith("fsm_")}
    assert answer["totals"]["overall"]["bins_hit"] == answer["totals"]["overall"]["bins"]


def test_states_of_a_machine_of_the_top_are_found_too(tmp_path: Path) -> None:
    folder = loaded(tmp_path, "lookup")
    assert {name: one.path for name, one in folder.design.probes.items()} == {"fsm_state": "state"}
    found = {one.id for one in plan_of(folder).bins}
    assert {"fsm_state.arc.IDLE-ASK", "fsm_state.arc.TELL-IDLE", "fsm_state.state.WAIT"} <= found
    assert "fsm_state.arc.IDLE-WAIT" not in found


def test_probes_can_be_switched_off_or_named(tmp_path: Path) -> None:
    assert load_design(bare(tmp_path, "lookup", probes={})).design.probes == {}
    named = {"where": {"path": "state", "width": 2, "states": {"IDLE": 0, "ASK": 1}}}
    found = ids(bare(tmp_path / "named", "lookup", probes=named))
    assert {"where.state.IDLE", "where.state.ASK"} <= found


@pytest.mark.parametrize("path", ["state; initial $finish", "a..b", "a b", "$root.x", "a[x]", ""])
def test_a_probe_is_a_name_and_nothing_else(tmp_path: Path, path: str) -> None:
    home = bare(tmp_path, "lookup", probes={"where": {"path": path, "width": 2}})
    with pytest.raises(Exception, match=r"probes\.where\.path"):
        load_design(home)


@pytest.mark.parametrize("name", ["fifo", "arbiter", "tally", "lookup"])
def test_search_reaches_nearly_all_of_an_automatic_plan(tmp_path: Path, name: str) -> None:
    home = bare(tmp_path, name)
    words = ("run", "--design", home, "--max-cycles", 30_000, "--out", tmp_path / "runs", "--json")
    answer = json.loads(dv(*words).stdout)
    totals, holes = answer["totals"]["overall"], [hole["bin"] for hole in answer["holes"]]
    # The arbiter has no register between inputs and output, so some combinations cannot be.
    most = {"arbiter": 8}.get(name, 2)
    assert len(holes) <= most, holes
    assert totals["bins"] > 30


def test_the_plan_can_be_written_and_edited(tmp_path: Path) -> None:
    home = bare(tmp_path, "lookup")
    (home / "design.yaml").write_text("# My comment stays.\n" + (home / "design.yaml").read_text())
    before = plan_of(load_design(home)).hash
    printed = dv("designs", "plan", home).stdout
    told = dv("designs", "plan", home, "--write").stdout
    assert "plan.yaml" in told
    assert (home / "plan.yaml").read_text() == printed
    assert (home / "design.yaml").read_text().startswith("# My comment stays.\n")
    folder = load_design(home)
    assert plan_of(folder).hash == before
    data = yaml.safe_load(printed)
    data["covergroups"] = [one for one in data["covergroups"] if one["name"] == "fsm_state"]
    (home / "plan.yaml").write_text(yaml.safe_dump(data))
    run = json.loads(dv("run", "--design", home, "--max-cycles", 600, "--out", tmp_path / "runs", "--json").stdout)[
        "run"
    ]
    assert run["bins"] == 8
    again = CliRunner().invoke(app, ["designs", "plan", str(home), "--write"])
    assert "exists; move it away first" in str(again.exception)


def test_ports_of_shipped_designs_give_plans_too(tmp_path: Path) -> None:
    for name in ("hgsa_loop", "kv_pack"):
        text = plan_text(find_design(name))
        plan = parse_plan(Document(tmp_path / "plan.yaml", text))
        assert 60 < len(plan.bins) <= MOST_BINS

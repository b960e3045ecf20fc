"""Sources and sinks without a ready, and payloads that are held after a transfer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_rtl import own_design, played, sends, stream, values

from dv_agent.agents.failures.excerpt_cut import make_excerpt
from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.design import Design
from dv_agent.designs.observation import Observation
from dv_agent.designs.program import Op, Program
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.reference.session import ReferenceSession

# Starts on a pulse and reads its input again while it works, as many cipher cores do; its result is a pulse too.
CORE = """\
module own(input clk, input rst, input start, input [7:0] word, output reg done, output reg [7:0] result, output busy);
  reg [1:0] left;
  assign busy = left != 0;
  always @(posedge clk)
    if (rst) begin left <= 0; done <= 0; result <= 0; end
    else begin
      done <= left == 1;
      if (start && !busy) begin left <= 3; result <= 0; end
      else if (busy) begin left <= left - 1; result <= result + word; end
    end
endmodule
"""


def core(folder: Path, **source: Any) -> Design:
    field = {"x": {"signal": "word", "width": 8}}
    out = {"kind": "sink", "valid": "done", "fields": {"y": {"signal": "result", "width": 8}}}
    ports = {
        "in": {"kind": "source", "valid": "start", "fields": field, **source},
        "out": out,
        "seen": {"kind": "observe", "fields": {"busy": {"signal": "busy", "width": 1}}},
    }
    return own_design(folder, CORE, ports)


def test_every_cycle_with_valid_is_a_transfer(tmp_path: Path) -> None:
    design = core(tmp_path)
    assert design.tracks == ("in", "reset")  # nothing to say about the sink
    run = played(design, {"in": sends(1, 2, 3, gap=2)})
    assert run.trace.accepted["in"].cycle.tolist() == [2, 5, 8]
    assert run.trace.end == "drained"
    assert check(design, run.trace, Observation({}, {})) == ()


def test_a_payload_is_low_after_its_transfer_unless_it_is_held(tmp_path: Path) -> None:
    assert values(played(core(tmp_path / "a"), {"in": sends(5, gap=1)}), "out", "y") == [0]
    held = played(core(tmp_path / "b", hold=True), {"in": sends(5, 7, gap=6)})
    assert values(held, "out", "y") == [15, 21]
    words, valid = held.trace.signals["word"].tolist(), held.trace.signals["start"].tolist()
    assert words[:6] == [0] * 6
    assert words[6:13] == [5] * 7
    assert set(words[13:]) == {7}
    assert sum(valid) == 2


def test_a_reset_ends_the_hold(tmp_path: Path) -> None:
    run = played(core(tmp_path, hold=True), {"in": sends(5), "reset": (Op("idle", 3), Op("pulse", 1))})
    assert run.trace.signals["word"].tolist()[:5] == [5, 5, 5, 0, 0]


@pytest.mark.parametrize("kind", ["strobe", "source"])
def test_what_is_held_with_a_ready_and_in_a_strobe(tmp_path: Path, kind: str) -> None:
    rtl = "module own(input clk, input rst, input s_valid, output s_ready, input [7:0] s_data);\n"
    port = stream("source", "s", hold=True)
    if kind == "strobe":
        port = {"kind": "strobe", "enable": "s_valid", "hold": True, "fields": port["fields"]}
    design = own_design(tmp_path, rtl + "  assign s_ready = 1;\nendmodule\n", {"s": port})
    ops = sends(3, 4, gap=2) if kind == "source" else (Op("write", 3, gap=2), Op("write", 4, gap=2))
    run = played(design, {"s": ops})
    assert run.trace.signals["s_data"].tolist()[:8] == [0, 0, 3, 3, 3, 4, 4, 4]
    assert values(run, "s") == [3, 4]


def test_tables_and_waveforms_know_streams_without_ready(tmp_path: Path) -> None:
    design = core(tmp_path)
    run = played(design, {"in": sends(1, 2, gap=4)})
    tables = cycle_tables(design, run.trace)
    assert tables["transfer_in"].columns["gap"].tolist() == [4, 4]
    assert tables["transfer_in"].columns["stall"].tolist() == [0, 0]
    assert tables["transfer_out"].columns["cycle"].tolist() == run.trace.accepted["out"].cycle.tolist() == [8, 13]
    assert tables["cycle"].columns["out_strobe"].sum() == 2
    excerpt = make_excerpt(design, run.trace, CheckFailure(check="value", port="out", cycle=8, message="here"))
    assert excerpt
    assert [one.role for one in excerpt.signals if one.port == "out"] == ["enable", "data"]


def test_the_fake_plays_streams_without_ready(tmp_path: Path) -> None:
    class Nothing:
        def observe(self, trace: Any) -> Observation:
            return Observation({}, {})

    run = ReferenceSession(core(tmp_path), Nothing()).run(Program({"in": sends(1, 2)}, 100))
    assert values(run, "in") == [1, 2]


def test_an_output_that_is_x_is_found_without_a_ready(tmp_path: Path) -> None:
    design = core(tmp_path)
    (tmp_path / "own.v").write_text(CORE.replace("result <= 0; end\n    else", "end\n    else").replace(
        "left <= 3; result <= 0;", "left <= 3;"
    ))  # fmt: skip
    run = played(design, {"in": sends(1)})
    assert [(one.check, one.field) for one in check(design, run.trace, Observation({}, {}))] == [("unknown", "y")]

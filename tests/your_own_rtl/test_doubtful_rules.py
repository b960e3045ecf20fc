"""Rules that fire at the first look: switched off where nobody can say whether the design breaks them, else kept."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.first_look.doubtful_rules import settled, with_notes
from dv_agent.agents.first_look.guessed_design import Draft, Wish, make_draft
from dv_agent.agents.first_look.watch import Seen, look
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.runners.icarus import IcarusSimulator

# A source of numbers; FAULT says what takes an offer back that nobody accepted.
OFFERS = """
module offers (
  input  logic clk, input logic rst, input logic [3:0] mode,
  output logic m_valid, input logic m_ready, output logic [7:0] m_data
);
  logic [2:0] waited;
  always_ff @(posedge clk)
    if (rst) begin m_valid <= 0; m_data <= 0; waited <= 0; end
    else begin
      waited <= m_valid && !m_ready ? waited + 3'd1 : 3'd0;
      m_valid <= !(FAULT);
      if (m_valid && m_ready) m_data <= m_data + 8'd1;
    end
endmodule
"""
FLAG = """
module flag (
  input logic clk, input logic rst, input logic set, input logic [1:0] d, output logic q, output logic busy
);
  logic kept;
  assign q = kept;
  always_ff @(posedge clk) begin
    if (rst) busy <= 0; else busy <= set;
    if (set) kept <= VALUE;
  end
endmodule
"""

PAD = """
module tri_pad(inout io, input oe, input d, output y);
  assign io = oe ? d : 1'bz;
  assign y = io;
endmodule
module top(input clk, input rst, input oe, input d, inout sda, output y, output reg q);
  tri_pad pad(.io(sda), .oe(oe), .d(d), .y(y));
  always @(posedge clk) q <= rst ? 1'b0 : d;
endmodule
"""


def first_look(folder: Path, text: str) -> tuple[Draft, Draft, Seen]:
    """The draft, what `settled` makes of it, and what is seen of that."""
    folder.mkdir(exist_ok=True)
    (folder / "unit.sv").write_text(text, encoding="utf-8")
    draft = make_draft(Wish(sources=(folder / "unit.sv",), into=folder / "made"))
    with IcarusSimulator(folder / "cache").open(draft.design().design) as session:
        found = draft.design()
        bench = Testbench(found, plan_of(found), session)
        seen = look(bench, 0, 8)
        kept = settled(draft, bench, seen, 0, 8)
        found = kept.design()
        return draft, kept, look(Testbench(found, plan_of(found), session), 0, 8)


def test_a_rule_that_only_changes_of_pins_break_is_off_with_their_names(tmp_path: Path) -> None:
    before, after, seen = first_look(tmp_path, OFFERS.replace("FAULT", "mode == 4'd3"))
    assert before.pool.top is after.pool.top
    assert "rules_off:" not in before.text
    assert "stable: broken in random tests, but not while mode rested" in after.text
    assert seen.failures == []


def test_a_rule_that_is_broken_while_pins_rest_too_stays_on_and_fires(tmp_path: Path) -> None:
    before, after, seen = first_look(tmp_path, OFFERS.replace("FAULT", "waited == 3'd2"))
    assert after is before
    assert {one.check for one in seen.failures} == {"stable"}


def test_x_of_a_register_that_nothing_sets_is_off_with_its_name(tmp_path: Path) -> None:
    _, after, seen = first_look(tmp_path, FLAG.replace("VALUE", "d[0]"))
    assert "depends on kept, which no reset and no initial value sets" in " ".join(after.text.split())
    assert seen.failures == []


def test_x_of_an_inout_is_off_on_what_follows_it_through_instances(tmp_path: Path) -> None:
    before, after, seen = first_look(tmp_path, PAD)
    assert before.pool.top.floating == {"y": ("sda",)}
    assert "y was X in random tests; it depends on sda, which nobody drives" in " ".join(after.text.split())
    assert seen.failures == []


def test_x_that_no_register_explains_stays_an_alarm(tmp_path: Path) -> None:
    text = FLAG.replace("VALUE", "d[0]").replace("assign q = kept", "assign q = d == 2'd1 ? 1'bx : d[0]")
    before, after, seen = first_look(tmp_path, text)
    assert after is before
    assert {(one.check, one.field) for one in seen.failures} == {("unknown", "q")}


ASKS = """
module asks (
  input logic clk, input logic rst,
  output logic rd_cmd_valid, input logic rd_cmd_ready, output logic [7:0] rd_cmd_addr,
  input logic rd_resp_valid, output logic rd_resp_ready, input logic [7:0] rd_resp_data
);
  assign rd_resp_ready = 1'b1;
  always_ff @(posedge clk)
    if (rst) begin rd_cmd_valid <= 0; rd_cmd_addr <= 0; end
    else begin
      rd_cmd_valid <= 1'b1;
      if (rd_resp_valid) rd_cmd_addr <= rd_resp_data;
    end
endmodule
"""


def test_a_rule_that_only_answers_break_that_nobody_asked_for_is_off_with_their_name(tmp_path: Path) -> None:
    _, after, seen = first_look(tmp_path, ASKS)
    assert "stable: broken in random tests, but not while rd_resp rested" in " ".join(after.text.split())
    assert seen.failures == []
    # The same stream under a name that answers nothing is an input like any other.
    other = ASKS.replace("rd_resp", "limit")
    before, after, seen = first_look(tmp_path / "other", other)
    assert after is before
    assert {one.check for one in seen.failures} == {"stable"}


def test_what_fired_is_noted_in_design_yaml_once_for_each_check_and_port(tmp_path: Path) -> None:
    _, after, seen = first_look(tmp_path, OFFERS.replace("FAULT", "waited == 3'd2"))
    (note,) = with_notes(after, seen).design().design.notes
    assert " of 8 random tests of dv-agent init failed this check: stable on m in cycle " in note

"""Bins of an automatic plan that a certificate proves unreachable are no bins, and the plan says why."""

from __future__ import annotations

from pathlib import Path

from formal_designs import need_yosys
from typer.testing import CliRunner

from dv_agent.cli.main import app
from dv_agent.coverage.certificates.storage import FILE, read_certificate, stale_kinds
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import load_design

RTL = """\
// Counts beats in 4 bits, and shows the count in 8.
module wide(input clk, input rst, input in_valid, input in_data, output [7:0] count);
  reg [3:0] few;
  assign count = {4'b0, few};
  always @(posedge clk)
    if (rst) few <= 0;
    else if (in_valid && in_data) few <= few + 1;
endmodule
"""
DESIGN = """\
schema_version: 1
name: wide
top: wide
sources: [wide.v]
ports:
  in: {kind: source, valid: in_valid, fields: {data: {signal: in_data, width: 1}}}
  out: {kind: observe, fields: {count: {signal: count, width: 8}}}
limits: {quiet_cycles: 8, max_cycles: 300}
"""


def test_what_a_register_cannot_reach_is_excluded_with_the_proof_as_long_as_it_holds(tmp_path: Path) -> None:
    need_yosys()
    for name, text in {"wide.v": RTL, "design.yaml": DESIGN}.items():
        (tmp_path / name).write_text(text)
    before = plan_of(load_design(tmp_path))
    dead = {one.id for one in before.bins if "count.high" in one.id}
    assert dead
    done = CliRunner().invoke(app, ["designs", "certify", str(tmp_path), "--search-cycles", "600"])
    assert done.exit_code == 0, done.output
    folder = load_design(tmp_path)
    after = plan_of(folder)
    assert {one.id for one in before.bins} - {one.id for one in after.bins} >= dead
    reasons = {one.id: one.why for one in after.ignored}
    assert all(FILE in reasons[name] and "proved unreachable" in reasons[name] for name in dead)
    # The same certificate holds for the plan with and without these bins, and certifying again finds them again.
    certificate = read_certificate(tmp_path / FILE)
    assert stale_kinds(certificate, folder, after) == stale_kinds(certificate, folder, before) == ()
    (tmp_path / "wide.v").write_text(RTL.replace("[3:0] few", "[7:0] few").replace("{4'b0, few}", "few"))
    assert {one.id for one in plan_of(load_design(tmp_path)).bins} == {one.id for one in before.bins}

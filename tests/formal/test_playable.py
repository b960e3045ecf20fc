"""From what pins do back to a test, and tests that are made of what a proof reaches."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from formal_designs import need_yosys, write_steps
from typer.testing import CliRunner

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.testbench import Testbench
from dv_agent.cli.main import app
from dv_agent.coverage.certificates.storage import FILE, read_certificate
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.eval.certificates.found_tests import MOST_CYCLES, NAME, TestSearch, beats_of
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.formal.playable.program_of_samples import NotPlayableError, program_of
from dv_agent.runners.formal.playable.search import Way
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.simulator import Session

MIX = """\
// One port of every kind: a beat asks for a word, which is added to what the strobe wrote, unless the pins say no.
module mix(input clk, input rst, input in_valid, output in_ready, input in_last, input [3:0] in_data,
           input en, input [3:0] level, input we, input [3:0] base_in,
           output rq_valid, input rq_ready, output [3:0] rq_addr, input rs_valid, output rs_ready, input [3:0] rs_data,
           output out_valid, input out_ready, output reg [4:0] out_data, output [1:0] state);
  reg [1:0] now;
  reg [3:0] base, addr;
  reg ends;
  assign state = now;
  assign in_ready = now == 0 && en;
  assign rq_valid = now == 1;
  assign rq_addr = addr;
  assign rs_ready = now == 2;
  assign out_valid = now == 3;
  always @(posedge clk)
    if (rst) begin
      now <= 0; base <= 0; addr <= 0; ends <= 0; out_data <= 0;
    end else begin
      if (we) base <= base_in;
      case (now)
        2'd0: if (in_valid && en) begin
          now <= 1; addr <= in_data; ends <= in_last;
        end
        2'd1: if (rq_ready) now <= 2;
        2'd2: if (rs_valid) begin
          now <= ends ? 3 : 0;
          out_data <= rs_data + base + (level == 4'd9);
        end
        2'd3: if (out_ready) now <= 0;
      endcase
    end
endmodule
"""
DESIGN = """\
schema_version: 1
name: mix
top: mix
sources: [mix.v]
ports:
  in: {kind: source, valid: in_valid, ready: in_ready, last: in_last, fields: {data: {signal: in_data, width: 4}}}
  set: {kind: pins, fields: {en: {signal: en, width: 1, reset: 1}, level: {signal: level, width: 4}}}
  cfg: {kind: strobe, enable: we, fields: {base: {signal: base_in, width: 4}}}
  ld:
    kind: responder
    request: {valid: rq_valid, ready: rq_ready, fields: {addr: {signal: rq_addr, width: 4}}}
    response: {valid: rs_valid, ready: rs_ready, fields: {word: {signal: rs_data, width: 4}}}
  out: {kind: sink, valid: out_valid, ready: out_ready, fields: {sum: {signal: out_data, width: 5}}}
  dbg: {kind: observe, fields: {state: {signal: state, width: 2}}}
limits: {quiet_cycles: 16, max_cycles: 1500}
"""
PLAN = """\
schema_version: 1
covergroups:
  - name: sums
    on: beat_out
    coverpoints:
      - {name: sum, of: sum, bins: {thirteen: 13, most: 31}}
  - name: timing
    on: transfer_out
    coverpoints:
      - {name: waited, of: stall, bins: {long: [18, 100]}}
      - {name: late, of: cycle, bins: {late: [40, 60]}}
  - name: refused
    on: cycle
    when: in_reset == 0
    coverpoints:
      - {name: pins, of: in_valid and not en and level == 5, bins: {refused: 1}}
      - {name: again, of: state, transitions: {asked: [[1], [1], [1], [2]]}}
  - name: pulses
    on: reset
    coverpoints:
      - {name: width, of: width, bins: {three: 3}}
      - {name: during, of: state, bins: {answering: 2}}
      - {name: taken_back, of: in_valid and not en and state == 0, bins: {offer: 1}}
"""


def write_mix(folder: Path, plan: str = PLAN) -> DesignFolder:
    folder.mkdir()
    for name, text in {"mix.v": MIX, "design.yaml": DESIGN, "plan.yaml": plan}.items():
        (folder / name).write_text(text)
    return load_design(folder)


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DesignFolder, Session]]:
    folder = write_mix(tmp_path_factory.mktemp("mix") / "mix")
    with IcarusSimulator().open(folder.design) as session:
        yield folder, session


def rows_of(session: Session, folder: DesignFolder, test: Test) -> bytes:
    return session.run(expand(folder.design, folder.schema, test)).rows


def test_what_the_pins_did_in_random_tests_becomes_tests_that_do_the_same(mix: tuple[DesignFolder, Session]) -> None:
    folder, session = mix
    design, layout, source = folder.design, layout_of(folder.design), random.Random(5)
    for _ in range(30):
        test = random_test(design, folder.schema, source).model_copy(update={"memory": {"ld": [3, 1, 15, 0]}})
        rows = rows_of(session, folder, test)
        program = program_of(design, layout, rows, beats_of(folder))
        again = rows_of(session, folder, literal_test(design, folder.schema, program))
        # What waited for nothing at the end is not played again.
        assert abs(len(again) - len(rows)) <= design.limits.quiet_cycles * layout.sample_width
        assert again[: len(rows)] == rows[: len(again)]


@pytest.mark.parametrize(
    ("signal", "value", "words"),
    [
        ("in_data", "1111", "a payload without valid that no driver gives it"),
        ("rs_valid", "1", "answers what nobody asked"),
        ("level", "0110", ""),
    ],
)
def test_the_first_step_that_no_driver_makes_is_told(
    mix: tuple[DesignFolder, Session], signal: str, value: str, words: str
) -> None:
    folder, session = mix
    layout = layout_of(folder.design)
    rows = bytearray(rows_of(session, folder, Test(tracks={"out": ({"stall": 5},)})))
    first, width = layout.sample[signal]
    place = 3 * layout.sample_width + first
    rows[place : place + width] = value.encode()
    if not words:
        program = program_of(folder.design, layout, bytes(rows), beats_of(folder))
        assert [op.kind for op in program.tracks["set"]] == ["at", "set", "at", "set"]
        return
    with pytest.raises(NotPlayableError, match=f"in cycle 3 .*{words}"):
        program_of(folder.design, layout, bytes(rows), beats_of(folder))


def test_what_no_driver_does_is_the_reason_why_a_bin_has_no_test(mix: tuple[DesignFolder, Session]) -> None:
    folder, session = mix
    plan, layout = plan_of(folder), layout_of(folder.design)
    search = TestSearch(folder, plan, IcarusSimulator(), 1.0, lambda words: None)
    bench, reasons = Testbench(folder, plan, session), dict[str, str]()
    rows = rows_of(session, folder, Test(tracks={"out": ({"stall": 5},)}))
    bins = {"missed": "sums.sum.most"}
    changed = bytearray(rows)
    place = 3 * layout.sample_width + layout.sample["in_data"][0]
    changed[place : place + 4] = b"1111"
    assert search._tried(bench, Way(("missed",), bytes(changed)), 0, bins, reasons) is None
    assert "no test does what hits it: in cycle 3" in reasons.pop("missed")
    assert search._tried(bench, Way(("missed",), rows), 0, bins, reasons) is None
    assert "does not hit it in the simulation" in reasons["missed"]


def test_every_bin_without_a_test_gets_one_that_hits_it_and_can_be_played(tmp_path: Path) -> None:
    need_yosys()
    folder, out = write_mix(tmp_path / "mix"), tmp_path / "made.json"
    line = ["designs", "certify", str(folder.path), "--search-cycles", "0", "--tests-out", str(out)]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    certificate = read_certificate(folder.path / FILE)
    assert {one.id: one.witness[: len(NAME)] for one in certificate.verdicts} == dict.fromkeys(
        ("sums.sum.thirteen", "sums.sum.most", "timing.waited.long", "timing.late.late", "refused.pins.refused",
         "refused.again.asked", "pulses.width.three", "pulses.during.answering",
         "pulses.taken_back.offer"), NAME,
    )  # fmt: skip
    assert json.loads(out.read_text())["tests"] == list(certificate.tests)
    played = CliRunner().invoke(app, ["simulate", str(out), "--design", str(folder.path), "--simulator", "icarus"])
    assert played.exit_code == 0, played.output
    assert all(one.id in played.output for one in certificate.verdicts)


def test_what_no_test_can_do_stays_reachable_with_the_reason(tmp_path: Path) -> None:
    need_yosys()
    # The proof lets idle pins of a source take any value, which a driver does not give them.
    plan = (
        "schema_version: 1\ncovergroups:\n  - name: idle\n    on: cycle\n    coverpoints:\n"
        "      - {name: payload, of: in_data == 7 and in_valid == 0, bins: {seven: 1}}\n"
    )
    folder = write_steps(tmp_path / "steps", plan.replace("in_data", "data_level"))
    text = (folder.path / "design.yaml").read_text()
    probe = "  dbg: {kind: observe, fields: {data_level: {signal: in_data, width: 4}, "
    (folder.path / "design.yaml").write_text(text.replace("  dbg: {kind: observe, fields: {", probe))
    done = CliRunner().invoke(app, ["designs", "certify", str(folder.path), "--search-cycles", "0"])
    assert done.exit_code == 0, done.output
    (one,) = read_certificate(folder.path / FILE).verdicts
    assert one.outcome == "reachable"
    assert f"no test was found that does: {MOST_CYCLES} cycles" in one.reason

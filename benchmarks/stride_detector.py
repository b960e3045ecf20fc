"""Stimuli a second on a stride detector, with coverage on: ``python benchmarks/stride_detector.py [--stimuli 1500]``.

The design is of the kind that LLM4DV calls SD (one number a clock cycle), its RTL is written for this file, and it is
made a design by ``dv-agent init`` in a temporary folder. Its plan has a bin for each single stride and for each pair of
strides. A stimulus counts when the design has taken it; the seconds are processor time of all processes: reading and
drawing the tests, simulating, checking and sampling them. LLM4DV's own server takes 3,595 a second of its clock.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import native

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.runners.native.simulator import NativeSimulator
from dv_agent.runners.sandbox import SETTING

TESTS, TURN, STRIDES = 64, 16, 16
THEIRS = 3595  # stimuli a second of LLM4DV's server
RTL = """\
module stride_detector (
    input logic clk_i, input logic rst_ni, input logic valid_i, input logic [31:0] value_i,
    output logic stride_1_valid_o, output logic signed [4:0] stride_1_o,
    output logic stride_2_valid_o, output logic signed [4:0] stride_2_o
);
  logic [31:0] last_q;
  logic signed [31:0] difference, one_q, two_q;
  logic seen_q, odd_turn_q;
  logic [1:0] single_q, even_q, odd_q;
  wire fits = difference >= -16 && difference <= 15;
  assign difference = value_i - last_q;
  function automatic logic [1:0] more(input logic hit, input logic [1:0] trust);
    return !hit ? 2'd0 : trust == 3 ? 2'd3 : trust + 2'd1;
  endfunction
  always_ff @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) begin
      {last_q, one_q, two_q, seen_q, odd_turn_q, single_q, even_q, odd_q} <= '0;
    end else if (valid_i) begin
      seen_q <= 1;
      last_q <= value_i;
      if (seen_q) begin
        one_q <= difference;
        two_q <= one_q;
        odd_turn_q <= !odd_turn_q;
        single_q <= more(fits && difference == one_q, single_q);
        if (odd_turn_q) even_q <= more(fits && difference == two_q, even_q);
        else odd_q <= more(fits && difference == two_q, odd_q);
      end
    end
  assign stride_2_valid_o = even_q == 3 && odd_q == 3 && single_q != 3;
  assign stride_1_valid_o = single_q == 3 || stride_2_valid_o;
  assign stride_1_o = one_q[4:0];
  assign stride_2_o = two_q[4:0];
endmodule
"""
PLAN = """\
schema_version: 1
covergroups:
  - name: strides
    on: cycle
    when: stride_1_valid_o
    coverpoints:
      - {name: single, of: "(1 - stride_2_valid_o) * (stride_1_o + 17) - 17", auto: {range: [-16, 15]}}
      - {name: first, of: "stride_2_valid_o * (stride_1_o + 17) - 17", hidden: true, auto: {range: [-16, 15]}}
      - {name: second, of: "stride_2_valid_o * (stride_2_o + 17) - 17", hidden: true, auto: {range: [-16, 15]}}
    crosses:
      - {name: pair, of: [first, second]}
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stimuli", type=int, default=1500, help="of one test")
    stimuli = parser.parse_args().stimuli
    os.environ[SETTING] = "off"
    with tempfile.TemporaryDirectory() as room:
        folder = made_design(Path(room))
        for kind, steps in (("random", drawn), ("pairs of strides, written out", written)):
            tests = [Test(seed=seed, tracks={"in": steps(seed, stimuli)}) for seed in range(TESTS)]
            measure(folder, kind, tests)


def made_design(room: Path) -> DesignFolder:
    """Return the design that ``dv-agent init`` makes of the RTL, with a plan."""
    (room / "stride_detector.sv").write_text(RTL, encoding="utf-8")
    command = [sys.executable, "-m", "dv_agent.cli.main", "init", "stride_detector.sv", "--into", "made"]
    subprocess.run(command, cwd=room, check=True, capture_output=True)
    (room / "made" / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return find_design(str(room / "made"))


def drawn(seed: int, stimuli: int) -> tuple[dict[str, Any], ...]:
    """Return one random block."""
    return ({"random": {"count": stimuli, "seed": seed, "gap": 0}},)


def written(seed: int, stimuli: int) -> tuple[dict[str, Any], ...]:
    """Return values whose differences are two strides in turn, other ones every so often."""
    source, value, steps = random.Random(seed), 0, []
    while len(steps) < stimuli:
        pair = source.randint(-16, 15), source.randint(-16, 15)
        for turn in range(STRIDES):
            value = (value + pair[turn % 2]) & 0xFFFF_FFFF
            steps.append({"beat": {"value_i": value}})
    return tuple(steps[:stimuli])


def measure(folder: DesignFolder, kind: str, tests: list[Test]) -> None:
    """Print one line."""
    hit: set[int] = set()
    with NativeSimulator(share=0).open(folder.design) as session:
        bench = Testbench(folder, plan_of(folder), session)
        bench.run(tests[0])
        start, child, taken = time.process_time(), native.processor_seconds(session.pid), 0
        for at in range(0, len(tests), TURN):
            turn = [bench.simulate(test) for test in tests[at : at + TURN]]
            taken += sum(len(one.run.trace.accepted["in"]) for one in turn)
            for result in bench.sampled(turn):
                hit |= set(result.sample.hits.nonzero()[0].tolist())
        seconds = time.process_time() - start + native.processor_seconds(session.pid) - child
    bins = len(bench.plan.bins)
    print(
        f"{kind:32} {taken:,} stimuli, {len(hit)} of {bins} bins: {taken / seconds:,.0f} a second, "
        f"{taken / seconds / THEIRS:.0f} times LLM4DV's server",
        flush=True,
    )


if __name__ == "__main__":
    main()

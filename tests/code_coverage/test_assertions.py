"""What the RTL itself reports as an error is a failed check: on real simulators, and read from what they print."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prerequisites import need
from test_counting import readings

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.plan import Plan
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.observation import Observation
from dv_agent.designs.trace import End, Trace
from dv_agent.errors import BuildError
from dv_agent.runners.checks.assertions import reset_notes
from dv_agent.runners.checks.rtl_messages import MOST_MESSAGES, MOST_TEXT, RtlMessages, in_an_initial_block
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.simulator import Session, Simulator

SOUND = """\
module box(input clk, input rst, input go, input [3:0] n, output reg [3:0] q);
  initial q = 0;
  always @(posedge clk) begin
    if (rst) q <= 0; else if (go) q <= n;
    if (q == 4'd3) $error("q is %0d", q);
    if (q == 4'd4) $fatal(1, "q must not be 4");
    if (rst && q == 4'd5) $error("reset comes at %0d", q);
    if (q == 4'd6) $warning("q is six");
    if (q == 4'd7) $display("ERROR: box.sv:1: only said");
  end
  MORE
endmodule
"""


def box(folder: Path, more: str = "") -> Design:
    """A register with checks of its own; `n` goes to `q`."""
    folder.mkdir(exist_ok=True)
    (folder / "box.sv").write_text(SOUND.replace("MORE", more))
    fields = {"n": {"signal": "n", "width": 4}}
    ports = {"in": {"kind": "strobe", "enable": "go", "fields": fields},
             "seen": {"kind": "observe", "fields": {"q": {"signal": "q", "width": 4}}}}  # fmt: skip
    return Design.model_validate({
        "schema_version": 1, "name": "box", "top": "box", "sources": ("box.sv",), "ports": ports, "folder": folder,
        "limits": {"quiet_cycles": 8, "max_cycles": 200},
    })  # fmt: skip


@pytest.fixture(scope="module")
def icarus(tmp_path_factory: pytest.TempPathFactory) -> IcarusSimulator:
    need("iverilog")
    return IcarusSimulator(tmp_path_factory.mktemp("cache"))


def writes(*values: int, reset_after: int | None = None) -> Test:
    tracks: dict[str, tuple[dict[str, object], ...]] = {"in": tuple({"write": {"n": value}} for value in values)}
    if reset_after is not None:
        tracks["reset"] = ({"idle": reset_after}, {"pulse": 2})
    return Test(tracks=tracks)


def failures(gauge: DesignFolder, plan: Plan, session: Session, test: Test) -> list[tuple[str, str]]:
    return [(one.check, one.message) for one in Testbench(gauge, plan, session).run(test).failures]


def test_verilator_tells_errors_assertions_and_unique_case(gauge: DesignFolder, plan: Plan, session: Session) -> None:
    assert failures(gauge, plan, session, readings((5, 0), (0xEE, 2))) == [
        ("assertion", "rtl/gauge.sv:45 in dut: reading 238 must not come"),
    ]  # fmt: skip
    found = failures(gauge, plan, session, readings((0xED, 2)))
    assert ("assertion", "rtl/gauge.sv:51 in dut: reading of 8'hed") in found
    (case,) = failures(gauge, plan, session, readings((0xD1, 2)))
    assert case[0] == "assertion"
    assert case[1].startswith("rtl/gauge.sv:55 in dut: unique case, but none matched for '4'hd'")


def test_a_test_goes_on_after_an_error_and_its_coverage_counts(
    gauge: DesignFolder, plan: Plan, session: Session
) -> None:
    result = Testbench(gauge, plan, session).run(readings((0xEE, 2), (0xEE, 2), (3, 1)))
    assert result.trace.end == End.DRAINED
    assert len(result.trace.accepted["out"]) == 3
    (one,) = result.failures
    assert "(and 1 more times)" in one.message
    assert result.trace.signals["in_valid"][one.cycle] == 1  # the cycle in which the reading was taken
    assert result.trace.signals["in_reading"][one.cycle] == 0xEE
    assert result.sample.hits[plan.index("code.expression.gauge-45-e3")]


def test_an_assertion_is_confirmed_in_a_fresh_process(gauge: DesignFolder, simulator: Simulator) -> None:
    program = expand(gauge.design, gauge.schema, readings((0xEE, 2)))
    assert [one.check for one in confirm(simulator, gauge.design, program, gauge.model)] == ["assertion"]
    clean = expand(gauge.design, gauge.schema, readings((5, 2)))
    assert confirm(simulator, gauge.design, clean, gauge.model) == ()


def reported(simulator: Simulator, design: Design, test: Test) -> tuple[Trace, list[str]]:
    """The trace, and the failures of its checks."""
    folder = DesignFolder(design)
    with simulator.open(design) as opened:
        trace = opened.run(expand(design, folder.schema, test)).trace
    return trace, [f"{one.check} {one.cycle} {one.message}" for one in check(design, trace, Observation({}, {}))]


def test_icarus_tells_errors_with_their_cycle(icarus: IcarusSimulator, tmp_path: Path) -> None:
    trace, found = reported(icarus, box(tmp_path), writes(1, 3, 2, 6, 7))
    (first,) = (cycle for cycle in range(trace.cycles) if trace.signals["q"][cycle] == 3)
    assert found == [f"assertion {first} box.sv:5 in dut: q is 3"]
    assert trace.end == End.DRAINED


def test_fatal_ends_the_test_and_says_why(icarus: IcarusSimulator, tmp_path: Path) -> None:
    trace, found = reported(icarus, box(tmp_path), writes(1, 4, 2))
    assert trace.end == End.CRASHED
    assert found == [f"assertion {trace.cycles} box.sv:6 in dut: q must not be 4"]


def test_what_is_reported_in_reset_only_fails_nothing_but_is_told(icarus: IcarusSimulator, tmp_path: Path) -> None:
    trace, found = reported(icarus, box(tmp_path), writes(5, 5, reset_after=3))
    assert found == []
    assert reset_notes(trace) == (
        "box.sv:7 reported an error while reset was active, which fails no check: reset comes at 5",
    )


def test_an_error_of_an_initial_block_is_a_fault_of_the_configuration(icarus: IcarusSimulator, tmp_path: Path) -> None:
    design = box(tmp_path, 'initial if (W > 8) $error("W is %0d, at most 8", W);\n  localparam W = 9;')
    with pytest.raises(BuildError, match=r"refuses its configuration.*\n.*box\.sv:11: W is 9, at most 8"):
        icarus.open(design)


PRINTED = """\
[35000] %Error: box.sv:5: Assertion failed in dv_wrapper.dut.u: a\x1b[31m b
-Info: box.sv:5: Verilog $stop, ignored due to +verilator+error+limit
[45000] %Error: box.sv:5: Assertion failed in dv_wrapper.dut.u: again
[45000] %Error: other.sv:5: Assertion failed in dv_wrapper.dut: of no file of the design
[45000] %Warning: box.sv:6: dv_wrapper.dut: a warning
%Error: box.sv:7: no time
ERROR: box.sv:8: without a scope
ERROR: box.sv:9: of Icarus
       Time: 65000 Scope: dv_wrapper.dut
[55000] %Fatal: /elsewhere/box.sv:10: Assertion failed in dv_wrapper.dut: deadly
"""


def test_only_lines_of_a_simulators_form_are_messages(tmp_path: Path) -> None:
    reader = RtlMessages(box(tmp_path), "dv_wrapper")
    found = reader.read(PRINTED, [(3, 100), (4, 5_000)])
    assert [(one.line, one.cycles, one.count, one.fatal, one.scope) for one in found] == [
        (5, (3, 4), 2, False, "dut.u"), (9, (4,), 1, False, "dut"), (10, (4,), 1, True, "dut"),
    ]  # fmt: skip
    assert found[0].text == "a [31m b"


@given(st.text())
def test_any_output_is_read_and_bounded(text: str) -> None:
    design = Design.model_validate({
        "schema_version": 1, "name": "box", "top": "box", "sources": ("box.sv",), "folder": Path("/nowhere"),
        "ports": {"in": {"kind": "strobe", "enable": "go", "fields": {}}},
    })  # fmt: skip
    reader = RtlMessages(design, "dv_wrapper")
    assert len(reader.read(text)) <= 1
    many = "".join(f"[1] %Error: box.sv:{number}: {text}\n" for number in range(200))
    found = reader.read(many)
    assert len(found) <= MOST_MESSAGES
    assert all(one.text.isprintable() and len(one.text) <= MOST_TEXT + 4 for one in found)


@pytest.mark.parametrize(("line", "inside"), [(2, True), (3, True), (5, False), (8, False)])
def test_initial_blocks_are_told_from_others(line: int, inside: bool) -> None:
    text = "module m;\ninitial begin\n  $error;\nend\nalways @* $error;\nendmodule\nmodule n;\n$error\n"
    assert in_an_initial_block(text, line) is inside

"""What a source drives in cycles without valid: zeros, or ones with `idle: ones`, on cocotb and on the native path."""

from pathlib import Path

import pytest

from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.runners.registry import find_simulator

RTL = """
module echo (input clk, input rst, input in_valid, output in_ready, input in_last, input [3:0] in_x,
             output seen_last, output [3:0] seen_x);
  assign in_ready = 1'b1;
  assign seen_last = in_last;
  assign seen_x = in_x;
endmodule
"""
YAML = """
schema_version: 1
name: echo
top: echo
sources: [echo.v]
ports:
  in: {{kind: source, valid: in_valid, ready: in_ready, last: in_last, fields: {{x: {{signal: in_x, width: 4}}}}{more}}}
  see: {{kind: observe, fields: {{seen_last: {{signal: seen_last, width: 1}}, seen_x: {{signal: seen_x, width: 4}}}}}}
"""
STEPS = {"in": [{"packet": [{"x": 5}, {"x": 9, "gap": 2}]}], "reset": [{"at": 12}, {"pulse": 1}]}


def echo(home: Path, more: str) -> DesignFolder:
    home.mkdir()
    (home / "echo.v").write_text(RTL)
    (home / "design.yaml").write_text(YAML.format(more=more))
    return load_design(home)


@pytest.mark.parametrize(
    ("simulator", "more", "idle", "kept"),
    [
        ("icarus", "", 0, 0),
        ("icarus", ", idle: ones", 31, 31),
        ("icarus", ", idle: ones, hold: true", 31, 25),
        ("native", ", idle: ones, hold: true", 31, 25),
    ],
)
def test_a_payload_without_valid_is_what_design_yaml_says(
    tmp_path: Path, simulator: str, more: str, idle: int, kept: int
) -> None:
    folder = echo(tmp_path / "echo", more)
    program = expand(folder.design, folder.schema, Test(tracks=STEPS))
    with find_simulator(simulator).open(folder.design) as session:
        trace = session.run(program).trace
    seen = (trace.signals["seen_last"] * 16 + trace.signals["seen_x"]).tolist()
    valid = trace.signals["in_valid"].tolist()
    sent = [place for place, high in enumerate(valid) if high]
    assert [seen[place] for place in sent] == [5, 16 + 9]
    first, second = sent
    assert seen[first + 1 : second] == [5 if "hold" in more else idle] * 2
    quiet = [value for place, value in enumerate(seen) if place > second]
    resets = trace.in_reset.tolist()[second + 1 :]
    before = quiet[: resets.index(True)]
    assert set(before) == {kept}
    assert quiet[resets.index(True)] == 0
    assert quiet[-1] == idle

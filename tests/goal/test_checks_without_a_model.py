"""What is checked where there is no model: X on outputs, rules of handshakes, a hang told from starvation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bare_designs import FIFO, PORTS, TALLY, bare, stream
from click.testing import Result
from typer.testing import CliRunner

from dv_agent.cli.main import app

ADD = """\
module add (input clk, input rst, input [3:0] a_data, input a_valid, output a_ready,
    input [3:0] b_data, input b_valid, output b_ready, output [4:0] y_data, output y_valid, input y_ready);
  assign y_valid = a_valid & b_valid;
  assign y_data = a_data + b_data;
  assign a_ready = y_ready & b_valid;
  assign b_ready = y_ready & a_valid;
endmodule
"""


def dv(*words: object) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code in (0, 1), result.output + repr(result.exception)
    return result


def simulated(room: Path, home: Path, tracks: dict[str, Any], simulator: str = "icarus") -> dict[str, Any]:
    (room / "test.json").write_text(json.dumps({"tracks": tracks}))
    done = dv("simulate", room / "test.json", "--design", home, "--simulator", simulator, "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == bool(answer["failures"])
    return answer


def checks(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["check"], one["port"]) for one in answer["failures"]]


def test_an_input_that_waits_for_another_one_is_no_hang(tmp_path: Path) -> None:
    home = bare(tmp_path, "add", ADD, ports=PORTS["arbiter"])
    answer = simulated(tmp_path, home, {"a": [{"beat": [{"data": 1}]}] * 3, "b": [{"beat": [{"data": 2}]}]})
    assert answer["failures"] == []
    assert answer["ending"].startswith("ended waiting after")
    assert "a offered a beat that was not accepted, while b had none left" in answer["ending"]
    assert "specification" not in answer["ending"]


def test_an_input_that_nothing_can_free_is_a_hang(tmp_path: Path) -> None:
    alone = bare(tmp_path, "fifo", FIFO.replace("s_ready = !full", "s_ready = !full & wp != 3'd2"), "stuck")
    answer = simulated(tmp_path, alone, {"s": [{"packet": [{"data": 1}] * 4}]})
    assert checks(answer) == [("deadlock", "s")]
    assert answer["ending"].startswith("deadlock after")


def test_a_run_tells_starvation_in_a_note(tmp_path: Path) -> None:
    home = bare(tmp_path, "add", ADD, ports=PORTS["arbiter"])
    done = dv("run", "--design", home, "--agent", "random", "--max-cycles", 3000, "--out", tmp_path / "runs")
    assert done.exit_code == 0
    assert "without a reference model that is taken for starvation, not for a hang" in done.stdout


def test_x_on_a_flag_is_found_on_icarus_and_can_be_switched_off(tmp_path: Path) -> None:
    never = TALLY.replace("output odd,", "output odd, output reg seen,").replace(
        "if (rst | clear)", "if (add) seen <= 1'b1; else if (rst | clear)"
    )
    fields = {**PORTS["tally"]["out"]["fields"], "seen": {"signal": "seen", "width": 1}}  # type: ignore[dict-item, index]
    ports = {**PORTS["tally"], "out": {"kind": "observe", "fields": fields}}
    home = bare(tmp_path, "tally", never, ports=ports)
    answer = simulated(tmp_path, home, {"add": [{"idle": 3}, {"write": {"step": 1}}]})
    assert checks(answer) == [("unknown", "out")]
    assert answer["failures"][0]["field"] == "seen"
    off = {**ports, "out": {**ports["out"], "rules_off": {"unknown": "known after the first write"}}}  # type: ignore[dict-item]
    home = bare(tmp_path, "tally", never, "off", ports=off)
    assert simulated(tmp_path, home, {"add": [{"write": {"step": 1}}]})["failures"] == []


def test_a_valid_that_falls_is_found_and_may_be_allowed(tmp_path: Path) -> None:
    dropping = FIFO.replace("m_valid = wp != rp", "m_valid = wp != rp & !(s_valid & s_data == 8'd9)")
    tracks = {"s": [{"packet": [{"data": 1}, {"data": 2}, {"data": 9}]}], "m": [{"stall": 12}]}
    home = bare(tmp_path, "fifo", dropping)
    assert ("stable", "m") in checks(simulated(tmp_path, home, tracks))
    ports = {**PORTS["fifo"], "m": {**stream("sink", "m", last=True, data=8), "may_drop": "a 9 hides the output"}}
    home = bare(tmp_path, "fifo", dropping, "allowed", ports=ports)
    assert simulated(tmp_path, home, tracks)["failures"] == []
    done = dv("run", "--design", home, "--agent", "random", "--max-cycles", 800, "--out", tmp_path / "runs")
    assert "payload stays while valid stays on m" in done.stdout
    assert "a 9 hides the output" in done.stdout

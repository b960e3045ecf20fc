"""A changed design against the one before: differences by transaction and pin by pin, without any reference model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bare_designs import FIFO, PORTS, TALLY, bare, bits, stream
from click.testing import Result
from typer.testing import CliRunner

from dv_agent.cli.main import app
from dv_agent.errors import UsageError

SLOW = FIFO.replace("assign m_valid = wp != rp;", "reg [2:0] seen; always @(posedge clk) seen <= rst ? 3'd0 : wp;\n"
                    "  assign m_valid = seen != rp;")  # fmt: skip


def dv(*words: object) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code in (0, 1), result.output + repr(result.exception)
    return result


def compared(room: Path, name: str, old: str, new: str, *more: object, rtl: str = "") -> dict[str, Any]:
    """Compare a design with a copy in which `old` is replaced by `new`."""
    text = rtl or {"fifo": FIFO, "tally": TALLY}[name]
    assert old in text
    before, after = bare(room, name, text), bare(room, name, text.replace(old, new), f"{name}_changed")
    done = dv("compare", "--golden", before, after, "--json", *more)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == (1 if answer["different"] else 0)
    return answer


def operations(test: dict[str, Any]) -> int:
    return sum(len(step.get("packet", [0])) for steps in test["tracks"].values() for step in steps)


def test_a_copy_without_a_change_does_not_differ(tmp_path: Path) -> None:
    answer = compared(tmp_path, "fifo", "wp <= 0", "wp <= 3'd0", "--count", 12)
    assert (answer["different"], answer["latency"], answer["tests"]) == ([], [], 12)
    assert answer["cycles"] > 500
    assert answer["ports"]["compared"] == {"m": ["data", "last"]}
    told = dv("compare", "--golden", tmp_path / "fifo", tmp_path / "fifo_changed", "--count", 2).stdout
    assert "no difference by transaction in 2 tests" in told


def test_an_off_by_one_of_a_fifo_is_found_and_its_test_is_small(tmp_path: Path) -> None:
    # A full FIFO takes one more beat, and overwrites the oldest one.
    full = "(wp[2] != rp[2]) && (wp[1:0] == rp[1:0])"
    answer = compared(tmp_path, "fifo", full, "(wp - rp) == 3'd5", "--waves", tmp_path / "waves")
    assert answer["different"]
    assert answer["first"][0]["port"] == "m"
    assert operations(answer["smallest"]) <= 8
    assert sorted(path.stem for path in (tmp_path / "waves").iterdir()) == ["changed", "golden"]
    assert len(answer["waves"]) == 2


def test_a_wrong_reset_value_is_found_on_an_output_without_handshake(tmp_path: Path) -> None:
    answer = compared(tmp_path, "tally", "total <= 8'd0", "total <= rst ? 8'd1 : 8'd0")
    first = answer["first"][0]
    assert (first["check"], first["port"], first["expected"], first["seen"]) == ("value", "out.total", 0, 1)
    assert answer["smallest"].get("tracks", {}) == {}


def test_a_lost_write_is_found(tmp_path: Path) -> None:
    lost = "else if (add & !(total[3:0] == 4'd9)) total"
    answer = compared(tmp_path, "tally", "else if (add) total", lost)
    assert answer["first"][0]["port"].startswith("out.")
    assert operations(answer["smallest"]) <= 5


def test_latency_is_told_apart_and_pin_by_pin_it_is_a_difference(tmp_path: Path) -> None:
    before, after = bare(tmp_path, "fifo"), bare(tmp_path, "fifo", SLOW, "slower")
    done = dv("compare", "--golden", before, after, "--count", 8)
    assert done.exit_code == 0
    assert "no difference by transaction in 8 tests" in done.stdout
    assert "latency of m: the same transfers, " in done.stdout
    answer = json.loads(dv("compare", "--golden", before, after, "--count", 8, "--pins", "--json").stdout)
    assert {one["check"] for one in answer["first"]} == {"pin"}
    assert answer["first"][0]["field"] == "m_valid"
    assert operations(answer["smallest"]) <= 2


def test_a_value_that_becomes_x_and_a_hang_are_differences(tmp_path: Path) -> None:
    answer = compared(tmp_path / "x", "fifo", "mem[rp[1:0]];", "rp == 3'd3 ? 9'bx : mem[rp[1:0]];", "--count", 6)
    assert answer["first"][0]["check"] == "unknown"
    answer = compared(tmp_path / "hang", "fifo", "s_ready = !full", "s_ready = !full & wp != 3'd6", "--count", 6)
    assert {one["check"] for one in answer["first"]} == {"ending", "lost"}


def test_ports_that_differ_are_told_and_the_others_are_compared(tmp_path: Path) -> None:
    wider = FIFO.replace("output m_last,", "output m_last, output [1:0] level,").replace(
        "assign s_ready", "assign level = wp[1:0] - rp[1:0];\n  assign s_ready"
    )
    ports = {**PORTS["fifo"], "dbg": {"kind": "observe", "fields": {"level": bits("level", 2)}}}
    before, after = bare(tmp_path, "fifo"), bare(tmp_path, "fifo", wider, "wider", ports=ports)
    done = dv("compare", "--golden", before, after, "--count", 3)
    assert done.exit_code == 0
    assert "port dbg (observe) is not in the golden design\n" in done.stdout
    less = {"s": PORTS["fifo"]["s"], "m": stream("sink", "m", data=8)}
    third = bare(tmp_path, "fifo", "", "less", ports=less)
    assert dv("compare", "--golden", before, third, "--count", 3).exit_code == 0


def test_a_folder_with_nothing_but_other_sources_takes_the_golden_design_yaml(tmp_path: Path) -> None:
    before = bare(tmp_path, "fifo")
    (tmp_path / "rtl").mkdir()
    (tmp_path / "rtl/fifo.v").write_text(FIFO.replace("rp <= rp + 3'd1", "rp <= rp + 3'd2"))
    assert json.loads(dv("compare", "--golden", before, tmp_path / "rtl", "--json").stdout)["different"]
    (tmp_path / "rtl/fifo.v").unlink()
    result = CliRunner().invoke(app, ["compare", "--golden", str(before), str(tmp_path / "rtl")])
    assert "neither a design.yaml nor the sources of fifo (missing: fifo.v)" in str(result.exception)


def test_designs_without_a_common_output_cannot_be_compared(tmp_path: Path) -> None:
    before, after = bare(tmp_path, "fifo"), bare(tmp_path, "tally")
    result = CliRunner().invoke(app, ["compare", "--golden", str(before), str(after)])
    assert isinstance(result.exception, UsageError)
    assert "no output port in common" in str(result.exception)
    assert "port s (source) is only in the golden design" in str(result.exception)


def test_the_tests_of_a_run_are_played_again(tmp_path: Path) -> None:
    before = bare(tmp_path, "fifo")
    after = bare(tmp_path, "fifo", FIFO.replace("{s_last, s_data}", "{s_last, s_data & 8'hfe}"), "changed")
    dv("run", "--design", before, "--agent", "random", "--max-cycles", 2000, "--out", tmp_path / "runs")
    (run,) = (tmp_path / "runs").iterdir()
    answer = json.loads(dv("compare", "--golden", before, after, "--tests", run, "--json").stdout)
    tests = json.loads((run / "run.json").read_text())["tests"]
    assert answer["tests"] == tests
    assert answer["first"][0]["field"] == "data"
    same = json.loads(dv("compare", "--golden", before, before, "--tests", run, "--json").stdout)
    assert (same["different"], same["nothing_checked"]) == ([], "")
    design = after / "design.yaml"
    design.write_text(design.read_text().replace("max_cycles: 3000", "max_cycles: 3000\n  max_items: 1"))
    result = CliRunner().invoke(app, ["compare", "--golden", str(before), str(after), "--tests", str(run), "--json"])
    assert result.exit_code == 6
    assert json.loads(result.stdout)["nothing_checked"] in result.stderr


@pytest.mark.parametrize("bug", ["G1"])
def test_a_seeded_bug_of_a_shipped_design_is_found_without_its_model(bug: str) -> None:
    answer = json.loads(dv("compare", "--golden", "mxint_gelu", "--bug", bug, "--json").stdout)
    assert answer["different"]
    assert answer["bug"] == bug


def test_the_same_seed_draws_the_same_tests(tmp_path: Path) -> None:
    before, after = bare(tmp_path, "fifo"), bare(tmp_path, "fifo", SLOW, "slower")
    words = ("compare", "--golden", before, after, "--count", 4, "--pins", "--json")
    one, again, other = dv(*words).stdout, dv(*words).stdout, dv(*words, "--seed", 1).stdout
    assert one == again
    assert json.loads(one)["cycles"] != json.loads(other)["cycles"]

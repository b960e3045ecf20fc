"""A bus of which there is nothing but RTL: its accesses are the plan, and a lost write is found by comparing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from bus_designs import APB, AXI_LITE, HERE, PIPELINED, WISHBONE
from typer.testing import CliRunner

from dv_agent.cli.main import app
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import load_design

BUSES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "apb": ("apb_regs", APB, {"clock": {"signal": "pclk"}, "reset": {"signal": "presetn", "active": "low"}}),
    "axi_lite": ("axil_regs", AXI_LITE, {"clock": {"signal": "aclk"}, "reset": {"signal": "aresetn", "active": "low"}}),
    "wishbone": ("wb_regs", WISHBONE, {}),
    "pipelined": ("wbp_regs", PIPELINED, {}),
}


def written(room: Path, bus: str, fault: int) -> Path:
    top, port, wiring = BUSES[bus]
    room.mkdir()
    (room / f"{top}.v").write_text((HERE / "rtl" / f"{top}.v").read_text())
    plain = {key: value for key, value in port.items() if key != "reads_back"}
    data = {"schema_version": 1, "name": bus, "top": top, "sources": [f"{top}.v"], "parameters": {"FAULT": fault},
            "ports": {"regs": plain}, "limits": {"quiet_cycles": 30, "max_cycles": 3000}, **wiring}  # fmt: skip
    (room / "design.yaml").write_text(yaml.safe_dump(data))
    return room


@pytest.mark.parametrize("bus", BUSES)
def test_a_lost_write_is_found_by_comparing(tmp_path: Path, bus: str) -> None:
    before, after = written(tmp_path / "before", bus, 0), written(tmp_path / "after", bus, 1)
    words = ["compare", "--golden", str(before), str(after), "--count", "8", "--json"]
    answer = json.loads(CliRunner().invoke(app, words).stdout)
    assert answer["different"]
    assert answer["first"][0]["port"].startswith("regs")
    assert sum(len(steps) for steps in answer["smallest"]["tracks"].values()) <= 8
    words[3] = str(before)
    assert json.loads(CliRunner().invoke(app, words).stdout)["different"] == []


@pytest.mark.parametrize("bus", BUSES)
def test_the_automatic_plan_reads_and_writes_every_register(tmp_path: Path, bus: str) -> None:
    home = written(tmp_path / "d", bus, 0)
    found = {one.id for one in plan_of(load_design(home)).bins}
    every = {f"regs_accesses.kind_and_word.{kind}+x{4 * place:x}" for kind in ("read", "write") for place in range(16)}
    assert every <= found
    words = ["run", "--design", str(home), "--agent", "random", "--max-cycles", "6000", "--goal", "functional",
             "--out", str(tmp_path / "runs"), "--json"]  # fmt: skip
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    holes = [hole["bin"] for hole in answer["holes"] if not hole["bin"].endswith(".answer.error")]
    assert len(holes) <= answer["run"]["bins"] // 8, holes

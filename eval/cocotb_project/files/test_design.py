"""Builds the design with Icarus Verilog (or ``SIM=verilator``), and plays each file of ``data/`` in its own simulator.

RTL=folder takes the sources of the same names from another folder, such as a changed copy.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

HERE = Path(__file__).resolve().parent
DESIGN = json.loads((HERE / "design.json").read_text(encoding="utf-8"))
TESTS = sorted(path.stem for path in (HERE / "data").glob("*.json"))
SIM = os.environ.get("SIM", "icarus")
RTL = Path(os.environ.get("RTL", HERE / "rtl")).resolve()
SECONDS = float(os.environ.get("SECONDS_PER_TEST", "120"))
REPORTED = re.compile(r"^(ERROR|FATAL|%Error|%Fatal)\b.*|.*\b(Error|Fatal): .*", re.MULTILINE)


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the compiled design."""
    room = tmp_path_factory.mktemp("build")
    standard = {"icarus": [DESIGN["standard"]], "verilator": ["-Wno-fatal", "--x-initial", "unique"]}
    get_runner(SIM).build(
        sources=[RTL / name for name in DESIGN["sources"]],
        includes=[RTL / name for name in DESIGN["includes"]],
        defines=DESIGN["defines"],
        parameters=DESIGN["parameters"],
        hdl_toplevel=DESIGN["top"],
        build_args=standard.get(SIM, []),
        build_dir=room,
        timescale=("1ns", "1ps"),
        log_file=room / "build.log",
    )
    return room


@pytest.mark.parametrize("name", TESTS)
def test_design(name: str, build: Path, tmp_path: Path) -> None:
    """One file of ``data/``: no check fails, and the RTL reports no error itself."""
    command = [sys.executable, __file__, name, str(build), str(tmp_path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.fail(f"the simulation did not end within {SECONDS:g} s")
    told = done.stdout + done.stderr
    assert done.returncode == 0, "\n".join(told.splitlines()[-30:])
    may_report = json.loads((HERE / "data" / f"{name}.json").read_text(encoding="utf-8"))["may_report"]
    found = REPORTED.search((tmp_path / "simulation.log").read_text(encoding="utf-8", errors="replace"))
    assert may_report or found is None, found and found[0]


def simulate(name: str, build: str, room: str) -> int:
    """Play one test in this process's simulator; return 0 if it passed."""
    runner: Any = get_runner(SIM)
    results = runner.test(
        hdl_toplevel=DESIGN["top"],
        hdl_toplevel_lang="verilog",
        test_module="play_test",
        build_dir=build,
        test_dir=room,
        results_xml=str(Path(room) / "results.xml"),
        extra_env={"DATA": name, "PYTHONPATH": str(HERE)},
        log_file=Path(room) / "simulation.log",
        timescale=("1ns", "1ps"),
    )
    tests, failed = get_results(results)
    if failed or not tests:
        sys.stdout.write((Path(room) / "simulation.log").read_text(encoding="utf-8", errors="replace"))
    return int(bool(failed) or not tests)


if __name__ == "__main__":
    sys.exit(simulate(*sys.argv[1:4]))

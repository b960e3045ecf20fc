"""Builds the design with Icarus Verilog (or ``SIM=verilator``), and plays each file of ``data/`` in its own simulator.

RTL=folder takes the sources of the same names from another folder, such as a changed copy.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cocotb_tools.runner import get_runner

HERE = Path(__file__).resolve().parent
DESIGN = json.loads((HERE / "design.json").read_text(encoding="utf-8"))
TESTS = sorted(path.stem for path in (HERE / "data").glob("*.json"))
SIM = os.environ.get("SIM", "icarus")
RTL = Path(os.environ.get("RTL", HERE / "rtl")).resolve()
SECONDS = int(os.environ.get("SECONDS_PER_TEST", "120"))
MOST_LINES = 60
REPORTED = re.compile(r"^(ERROR|FATAL|%Error|%Fatal)\b.*|.*\b(Error|Fatal): .*", re.MULTILINE)


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The simulator, with the design compiled."""
    standard = {"icarus": [DESIGN["standard"]], "verilator": ["-Wno-fatal", "--x-initial", "unique"]}
    found = get_runner(SIM)
    room = tmp_path_factory.mktemp("build")
    found.build(
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
    return found


@pytest.mark.parametrize("name", TESTS)
def test_design(name: str, runner: Any, tmp_path: Path) -> None:
    """One file of ``data/``: no check fails, and the RTL reports no error itself."""
    log = tmp_path / "simulation.log"
    passed = True
    try:
        with time_limit(SECONDS):
            runner.test(
                hdl_toplevel=DESIGN["top"],
                hdl_toplevel_lang="verilog",
                test_module="play_test",
                test_dir=tmp_path,
                results_xml=str(tmp_path / "results.xml"),
                extra_env={"DATA": name, "PYTHONPATH": str(HERE)},
                log_file=log,
                timescale=("1ns", "1ps"),
            )
    except SystemExit:
        passed = False
    told = log.read_text(encoding="utf-8", errors="replace")
    assert passed, "\n".join(told.splitlines()[-MOST_LINES:])
    may_report = json.loads((HERE / "data" / f"{name}.json").read_text(encoding="utf-8"))["may_report"]
    found = REPORTED.search(told)
    assert may_report or found is None, found and found[0]


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """End the simulator after so many seconds, as RTL that hangs needs it."""

    def give_up(*_: Any) -> None:
        pytest.fail(f"the simulation did not end within {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)

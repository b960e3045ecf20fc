"""A command that simulates takes a simulator that design.yaml allows, and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mutant_designs import tally
from typer.testing import CliRunner

from dv_agent.cli.main import app

TOLD = "dv-agent: tally: simulated with icarus; design.yaml says that verilator cannot build it"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A design that names Icarus alone, and two of its tests."""
    folder = tally(tmp_path_factory.mktemp("home") / "tally")
    with (folder / "design.yaml").open("a", encoding="utf-8") as file:
        file.write("simulators: [icarus]\n")
    test = {"tracks": {"in": [{"number": {"v": 3}}, {"number": {"v": 5}}]}}
    (folder / "tests.json").write_text(json.dumps({"tests": [test]}), encoding="utf-8")
    return folder


@pytest.mark.parametrize("words", [
    "simulate {home}/tests.json --design {home} --simulator verilator",
    "compare --golden {home} {home} --tests {home}/tests.json --simulator verilator",
    "mutate --design {home} --tests {home}/tests.json --count 1 --jobs 1 --further-cycles 0 -q --out {out} "
    "--simulator verilator",
    "designs certify {home} --search-cycles 100 --timeout 1 --out {out} --simulator verilator",
])  # fmt: skip
def test_commands_take_the_simulator_that_the_design_names(words: str, home: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, words.format(home=home, out=tmp_path / "out").split())
    assert done.exit_code == 0, done.output
    assert TOLD in done.output.splitlines()

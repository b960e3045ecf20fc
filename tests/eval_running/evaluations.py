"""Evaluations of a small design of their own, through the command line."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command import call
from turn_lines import turn_lines

from dv_agent.eval.suites.update import update_suite

HERE = Path(__file__).parent
PATIENCE = 900  # seconds: an evaluation is many processes, and the machine may have others
TIMES = ("seconds", "kill_seconds", "attempts", "earlier", "repeated_simulations")
SUITE = """\
schema_version: 1
name: small
version: 1
title: One small design
designs:
  - {name: tally}
"""
ROWS = ("--only", "null", "--only", "random", "--only", "search", "--only", "oracle")


@dataclass(frozen=True)
class Bench:
    """A folder with the design `tally`, a suite of it, and the environment that finds both."""

    folder: Path
    env: dict[str, str]

    @property
    def suite(self) -> str:
        return str(self.folder / "small.yaml")

    def words(self, out: str, *more: str) -> tuple[str, ...]:
        """A command line: four rows, two seeds, and a bound of cycles that cuts a test of `random`."""
        rows = () if "--only" in more or "--no-floors" in more else ROWS
        seeds = () if "--seeds" in more else ("--seeds", "2")
        return ("eval", self.suite, *rows, *seeds, "--max-cycles", "1500", "--out", out, *more)

    def eval(self, out: str, *more: str, env: dict[str, str] | None = None) -> Any:
        """Run it to its end; what ``--json`` prints."""
        done = call(
            *self.words(out, *more, "--json"), cwd=self.folder, env={**self.env, **(env or {})}, seconds=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def make_bench(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    shutil.copytree(HERE / "tally", folder / "designs" / "tally")
    monkeypatch.setenv("DV_AGENT_DESIGNS", str(folder / "designs"))
    monkeypatch.setenv("DV_AGENT_CACHE", str(cache))
    head = [
        "schema_version: 1",
        "name: small",
        "version: 1",
        "title: One small design",
        "designs:",
        "  - {name: tally}",
    ]
    (folder / "small.yaml").write_text("\n".join([*head, ""]), encoding="utf-8")
    update_suite(folder / "small.yaml")
    return Bench(folder, {"DV_AGENT_DESIGNS": str(folder / "designs"), "DV_AGENT_CACHE": str(cache)})


def results(folder: Path) -> dict[str, Any]:
    """Everything that a board is computed from, times apart."""
    found = {}
    for trial in sorted((folder / "trials").iterdir()):
        record = json.loads((trial / "trial.json").read_text())
        parts = [{key: value for key, value in record.items() if key not in TIMES}]
        if record["status"] == "finished":
            header = json.loads((trial / "run/run.json").read_text())
            parts += [header["bins_hit"], header["spent"]["cycles"], header["stop_reason"]]
            parts += [_tests(trial / "run/turns.jsonl")]
            parts += [json.loads((trial / name).read_text()) for name in ("run/coverage.json", "kills.json")]
        found[trial.name] = parts
    return found


def attempts(folder: Path) -> list[int]:
    return [json.loads(file.read_text())["attempts"] for file in sorted(folder.glob("trials/*/trial.json"))]


def _tests(path: Path) -> list[Any]:
    return [test for line in turn_lines(path) for test in json.loads(line).get("tests", ())]

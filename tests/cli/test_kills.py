"""Simulators that are killed at random moments leave no trace in a record but their count."""

import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest
from command import call, start
from killing import harass, outcome_of, simulators
from turn_lines import turn_lines

KILLS = int(os.environ.get("DV_AGENT_TEST_KILLS", "4"))
RUN = ("run", "--design", "mxint_softmax", "--agent", "search", "--seed", "4", "-q", "--max-cycles", "20000")


def only_run(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    assert call(*RUN, cwd=folder).returncode == 0
    return only_run(folder)


def test_a_run_whose_simulators_are_killed_is_the_run_of_before(tmp_path: Path, unbroken: Path) -> None:
    draw, left, repeated, number = random.Random(KILLS), KILLS, 0, 0
    while left > 0:
        folder = tmp_path / str(number)
        folder.mkdir()
        process = start(*RUN, cwd=folder)
        left -= harass(process, draw, min(left, 4), 1.5)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert outcome_of(only_run(folder)) == outcome_of(unbroken)
        count = json.loads((only_run(folder) / "run.json").read_text())["repeated_simulations"]
        assert ("repeated: " in output) == bool(count)
        repeated += count
        number += 1
    assert repeated <= KILLS


def test_a_run_whose_simulators_are_killed_every_time_ends_and_goes_on_later(tmp_path: Path, unbroken: Path) -> None:
    process = start(*RUN, cwd=tmp_path)
    while not list(tmp_path.glob("runs/*/turns.jsonl")):
        assert process.poll() is None
        time.sleep(0.01)
    while process.poll() is None:
        for one in simulators(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        time.sleep(0.05)
    _, errors = process.communicate()
    run = only_run(tmp_path)
    assert process.returncode == 4, errors
    assert "was killed by SIGKILL" in errors
    assert f"dv-agent run --resume {run.relative_to(tmp_path)}" in errors
    assert json.loads((run / "run.json").read_text())["stop_reason"] == "error: SimulatorLost"
    assert "crashed" not in (run / "turns.jsonl").read_text()
    assert call("run", "--resume", str(run), "-q", cwd=tmp_path).returncode == 0
    assert outcome_of(run) == outcome_of(unbroken)


def test_a_run_with_a_crash_that_never_was_is_told_so_on_resuming(tmp_path: Path, unbroken: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    for name in ("run.json", "turns.jsonl"):
        (run / name).write_text((unbroken / name).read_text())
    lines = [json.loads(line) for line in turn_lines(run / "turns.jsonl")]
    lines[0]["tests"][0] |= {"end": "crashed", "hits": [], "new_bins": [], "cycles": 3}
    (run / "turns.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = call("run", "--resume", str(run), "--max-cycles", "30000", "-q", cwd=tmp_path)
    assert done.returncode == 2
    assert "test 0 is recorded as crashed, but it does not end like that: its simulator was killed" in done.stderr
    assert "Traceback" not in done.stderr

"""Resume, rerun and rescore, with real processes, kills and real simulation."""

import json
import shutil
import signal
import time
from pathlib import Path

import pytest
from command import call, start
from turn_lines import turn_lines

from dv_agent.agents.records.reader import read_run
from dv_agent.eval.report.data.load_run import load_run

RUN = ("run", "--design", "mxint_softmax", "--seed", "2", "-q", "--max-cycles", "60000")
"""A run of eleven turns."""


def only_run(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


def outcome(run: Path) -> tuple[object, ...]:
    """What must not depend on how often a run was broken off."""
    tests = [test for line in turn_lines(run / "turns.jsonl") for test in json.loads(line).get("tests", ())]
    header = json.loads((run / "run.json").read_text())
    coverage = json.loads((run / "coverage.json").read_text())
    spent = {name: value for name, value in header["spent"].items() if name != "seconds"}
    return tests, coverage, spent, header["bins_hit"], header["stop_reason"]


def played(folder: Path) -> int:
    """How many turns the only run below a folder has on record."""
    return sum(len(turn_lines(path)) for path in folder.glob("runs/*/turns.jsonl"))


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    assert call(*RUN, cwd=folder).returncode == 0
    return only_run(folder)


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_a_run_killed_at_any_moment_goes_on_to_the_same_end(tmp_path: Path, unbroken: Path, turns: int) -> None:
    process = start(*RUN, cwd=tmp_path)
    while not list(tmp_path.glob("runs/*/run.json")) or played(tmp_path) < turns:
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.communicate()
    run = only_run(tmp_path)
    assert json.loads((run / "run.json").read_text())["status"] == "running"
    with (run / "turns.jsonl").open("a") as file:
        file.write('{"kind":"turn","turn":99,"te')  # as if the kill had come in the middle of a line
    done = call("run", "--resume", str(run), "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert outcome(run) == outcome(unbroken)


def test_control_c_ends_after_the_turn_and_the_run_can_go_on(tmp_path: Path, unbroken: Path) -> None:
    process = start(*RUN, cwd=tmp_path)
    while not list(tmp_path.glob("runs/*/turns.jsonl")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "ending after this turn" in errors
    run = only_run(tmp_path)
    header = json.loads((run / "run.json").read_text())
    assert (header["status"], header["stop_reason"]) == ("interrupted", "interrupted")
    assert header["bins_hit"] > 0
    assert call("run", "--resume", str(run), "-q", cwd=tmp_path).returncode == 0
    assert outcome(run) == outcome(unbroken)


def test_a_larger_budget_on_resuming_continues_the_run(tmp_path: Path, unbroken: Path) -> None:
    small = ("run", "--design", "mxint_softmax", "--agent", "random", "-q", "--max-cycles", "9000")
    assert call(*small, cwd=tmp_path).returncode == 0
    run = only_run(tmp_path)
    before = len(turn_lines(run / "turns.jsonl"))
    assert call("run", "--resume", str(run), "--max-cycles", "200000", "-q", cwd=tmp_path).returncode == 0
    assert len(turn_lines(run / "turns.jsonl")) > before
    assert (
        json.loads((run / "run.json").read_text())["spent"]["cycles"] >= 200_000
    )  # the default, said aloud, counts too


def test_one_test_can_be_run_again_with_its_waveform(unbroken: Path, tmp_path: Path) -> None:
    done = call("rerun", str(unbroken), "--test", "3", "--waves", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["as_recorded"] is True
    assert (unbroken / "test3.fst").stat().st_size > 300
    missing = call("rerun", str(unbroken), "--test", "99999", cwd=tmp_path)
    assert missing.returncode == 2
    assert "it has tests 0 to" in missing.stderr


def test_rescoring_gives_what_was_recorded(unbroken: Path, tmp_path: Path) -> None:
    answer = json.loads(call("rescore", str(unbroken), "--json", cwd=tmp_path).stdout)
    assert answer["bins_hit"] == answer["recorded_bins_hit"]
    assert answer["different_tests"] == []
    assert json.loads((unbroken / "rescored.json").read_text()) == answer


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda run: (run / "run.json").write_text("{}"), "run.json: design: is missing"),
        (lambda run: (run / "turns.jsonl").write_text('{"kind":"turn"}\n'), r"turns.jsonl:1: not a line"),
        (lambda run: (run / "turns.jsonl").write_text("hello\n"), "turns.jsonl:1: not valid JSON"),
        (lambda run: (run / "run.json").unlink(), "no such file"),
    ],
)
def test_a_broken_record_is_one_message(tmp_path: Path, unbroken: Path, edit: object, message: str) -> None:
    run = tmp_path / "run"
    shutil.copytree(unbroken, run)
    edit(run)  # type: ignore[operator]
    for words in (("rescore", str(run)), ("run", "--resume", str(run))):
        done = call(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_a_record_whose_last_tests_are_lost_is_told_and_can_go_on(tmp_path: Path, unbroken: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(unbroken, run)
    (run / "turns.jsonl").write_bytes((unbroken / "turns.jsonl").read_bytes().splitlines(keepends=True)[0])
    for words in (("rescore", str(run)), ("export", str(run), "tests.xml", "--as", "junit")):
        done = call(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert "tests that run.json counts; the rest is lost" in done.stderr
    assert "tests that run.json counts; the rest is lost." in load_run(run).notes[0]
    assert len(read_run(run).turns) == 1  # what `run --resume` begins with


def test_a_record_of_another_design_version_is_not_resumed(tmp_path: Path, unbroken: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(unbroken, run)
    header = json.loads((run / "run.json").read_text())
    header["hashes"]["rtl"] = "0" * 64
    (run / "run.json").write_text(json.dumps(header))
    done = call("run", "--resume", str(run), cwd=tmp_path)
    assert done.returncode == 2
    assert "another rtl of mxint_softmax" in done.stderr
    assert json.loads((run / "run.json").read_text())["status"] == "finished"


def test_options_in_a_yaml_file(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("design: mxint_softmax\nagent: random\nmax-cycles: 3000\nseed: 5\n")
    done = call("run", "--config", "run.yaml", "--seed", "6", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    header = json.loads(done.stdout)["run"]
    assert (header["agent"], header["seed"], header["budget"]["cycles"]) == ("random", 6, 3000)
    (tmp_path / "run.yaml").write_text("design: mxint_gelu\nagent: null\nmax-cycles: 0300\nstop-on-failure: true\n")
    done = call("run", "--config", "run.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    header = json.loads(done.stdout)["run"]
    assert (header["agent"], header["budget"]["cycles"]) == ("null", 300)
    (tmp_path / "run.yaml").write_text("design: mxint_softmax\nmax_cycle: 3000\n")
    wrong = call("run", "--config", "run.yaml", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "run.yaml:2: unknown option 'max_cycle'; did you mean max_cycles" in wrong.stderr

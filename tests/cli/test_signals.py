"""SIGTERM and SIGHUP end a command as Ctrl-C does: a message, a whole record, nothing left behind."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import CODE, call, environment, start
from killing import below
from turn_lines import turn_lines

ENDLESS = ("run", "--design", "mxint_softmax", "--agent", "random", "-q", "--max-cycles", "90000000")


def begun(*words: str, tmp_path: Path, pattern: str) -> "subprocess.Popen[str]":
    """A command that got so far that there is a file like `pattern`."""
    (tmp_path / "tmp").mkdir()
    process = start(*words, cwd=tmp_path, env={"TMPDIR": str(tmp_path / "tmp")})
    while not list(tmp_path.glob(pattern)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


def gone(pids: list[int]) -> bool:
    """Whether all these processes end within some seconds."""
    until = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_ends_after_the_turn_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    process = begun(*ENDLESS, tmp_path=tmp_path, pattern="runs/*/turns.jsonl")
    children = below(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert f"ending after this turn; {number.name} again ends it now" in errors
    (run,) = (tmp_path / "runs").iterdir()
    assert json.loads((run / "run.json").read_text())["status"] == "interrupted"
    assert children
    assert gone(children)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_twice_ends_a_run_at_once(tmp_path: Path) -> None:
    process = begun(*ENDLESS, tmp_path=tmp_path, pattern="runs/*/turns.jsonl")
    children = below(process.pid)
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert gone(children)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_command_that_brings_nothing_to_its_end_ends_at_once(tmp_path: Path) -> None:
    tests = [[{"row": [{"m": [n % 90, -3], "e": 2}]}] for n in range(20_000)]
    (tmp_path / "many.json").write_text(json.dumps({"tests": tests}))
    words = ("simulate", "many.json", "--design", "mxint_softmax", "--json")
    process = begun(*words, tmp_path=tmp_path, pattern="tmp/*/simulator.log")
    children = below(process.pid)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "dv-agent: ended by SIGTERM\n" in errors) == (130, True), errors
    assert gone(children)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_a_killed_run_left_is_swept_by_the_next_command(tmp_path: Path) -> None:
    process = begun(*ENDLESS, tmp_path=tmp_path, pattern="runs/*/turns.jsonl")
    children = below(process.pid)
    process.kill()
    process.communicate()
    assert gone(children)
    assert list((tmp_path / "tmp").iterdir())
    assert call("designs", "list", cwd=tmp_path, env={"TMPDIR": str(tmp_path / "tmp")}).returncode == 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_two_commands_do_not_go_on_with_one_run(tmp_path: Path) -> None:
    process = begun(*ENDLESS, tmp_path=tmp_path, pattern="runs/*/turns.jsonl")
    (run,) = (tmp_path / "runs").iterdir()
    before = (run / "run.json").read_bytes()
    second = call("run", "--resume", str(run), "-q", cwd=tmp_path)
    assert second.returncode == 2
    assert f"is in use by process {process.pid} on " in second.stderr
    assert second.stderr.count("\n") == 1
    assert (run / "run.json").read_bytes() == before
    assert call("report", str(run), cwd=tmp_path).returncode == 0  # readers may
    process.kill()
    process.communicate()
    both = [start("run", "--resume", str(run), "-q", "--max-cycles", "30000", cwd=tmp_path) for _ in range(2)]
    codes = []
    for one in both:
        one.communicate(timeout=200)
        codes.append(one.returncode)
    assert sorted(codes) in ([0, 0], [0, 2])  # the one after the other, or one of them
    turns = [json.loads(line)["turn"] for line in turn_lines(run / "turns.jsonl")]
    assert turns == list(range(len(turns)))


@pytest.mark.parametrize("limit", ["-f 1", "-n 8"])
def test_a_limit_of_the_shell_is_one_error(tmp_path: Path, limit: str) -> None:
    command = f'ulimit {limit}; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, "-c", CODE, *ENDLESS], cwd=tmp_path,
        env=environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (2, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("dv-agent: ")

"""RTL of a stranger writes into its work folder and reaches nobody; results are the same with walls and without."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from runner_fixtures import beats, pipe, program

from dv_agent.errors import PrerequisiteError, UsageError
from dv_agent.runners import sandbox
from dv_agent.runners.icarus import IcarusSimulator

needs_walls = pytest.mark.skipif(bool(sandbox.why_not()), reason="needs bubblewrap: apt-get install bubblewrap")
TRIES = """
import os, socket, sys
def tried(name, act):
    try:
        act()
    except OSError:
        return
    print(name)
tried("home", lambda: open(sys.argv[1] + "/outside", "w"))
tried("net", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2))
tried("own", lambda: open("inside", "w"))
if os.path.exists("/proc/" + sys.argv[3] + "/environ"):
    print("others")
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sandbox.SETTING, raising=False)


def attempts(tmp_path: Path) -> set[str]:
    """What a program gets done that was given one folder."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [sys.executable, "-c", TRIES, str(tmp_path), str(server.getsockname()[1]), str(os.getpid())]
        command = sandbox.sandboxed(words, (work,))
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


@needs_walls
def test_inside_only_the_work_folder_is_written_and_nobody_is_reached(tmp_path: Path) -> None:
    assert attempts(tmp_path) == {"own"}
    assert not (tmp_path / "outside").exists()


def test_the_setting_turns_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sandbox.SETTING, "off")
    assert {"home", "net", "own", "others"} <= attempts(tmp_path)


def test_required_walls_that_are_not_there_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "why_not", lambda: "bubblewrap (bwrap) is not installed")
    assert sandbox.sandboxed(["true"], ()) == ["true"]
    monkeypatch.setenv(sandbox.SETTING, "required")
    with pytest.raises(PrerequisiteError, match=r"DV_AGENT_SANDBOX=required, but bubblewrap .* is not installed"):
        sandbox.sandboxed(["true"], ())
    monkeypatch.setenv(sandbox.SETTING, "maybe")
    with pytest.raises(UsageError, match="DV_AGENT_SANDBOX is 'maybe'; expected auto, off, required"):
        sandbox.sandboxed(["true"], ())


@needs_walls
def test_a_simulation_gives_the_same_inside_and_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for mode in ("required", "off"):
        monkeypatch.setenv(sandbox.SETTING, mode)
        with IcarusSimulator(cache=tmp_path / mode).open(pipe(0)) as session:
            runs.append(session.run(program(in_=beats(1, 2, 3))))
    assert (runs[0].rows, runs[0].trace.end) == (runs[1].rows, runs[1].trace.end)


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_the_signal_that_ended_a_program_is_known(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sandbox.SETTING, mode)
    for number in (9, 27):
        command = sandbox.sandboxed(["/bin/sh", "-c", f"kill -{number} $$"], ())
        assert sandbox.ended_by(subprocess.run(command, check=False, timeout=60).returncode) == number
    command = sandbox.sandboxed(["/bin/sh", "-c", "exit 3"], ())
    assert sandbox.ended_by(subprocess.run(command, check=False, timeout=60).returncode) is None


def test_a_file_that_grows_too_large_ends_there(tmp_path: Path) -> None:
    write = "open('big', 'wb').write(b'x' * 100_000)"
    command = sandbox.sandboxed([sys.executable, "-c", write], (tmp_path,), most_bytes=51_200)
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert (tmp_path / "big").stat().st_size == 51_200

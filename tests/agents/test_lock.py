"""One owner at a time of a folder."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from dv_agent.agents.records.lock import LOCK, Taken, owned
from dv_agent.errors import ExitCode, OutputError

HOLDER = """
import sys; from pathlib import Path; from dv_agent.agents.records.lock import owned
with owned(Path(sys.argv[1])):
    print("held", flush=True); sys.stdin.read()
"""


def holder(folder: Path) -> "subprocess.Popen[str]":
    """A process that holds `folder`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_owner_is_told_who_the_first_one_is_and_a_dead_owner_blocks_nobody(tmp_path: Path) -> None:
    first = holder(tmp_path)
    with pytest.raises(Taken, match=f"{tmp_path} is in use by process {first.pid} on ") as told, owned(tmp_path):
        pass
    assert told.value.exit_code == ExitCode.USAGE
    first.kill()
    first.communicate()
    with owned(tmp_path):
        assert f'"pid": {os.getpid()}' in (tmp_path / LOCK).read_text()
        with pytest.raises(Taken), owned(tmp_path):  # nor twice in one process
            pass
    assert not (tmp_path / LOCK).exists()
    with owned(tmp_path, wait=True):
        pass
    assert (tmp_path / LOCK).exists()  # others may wait for this file


def test_one_at_a_time_owns_a_folder_although_each_takes_its_lock_file_away(tmp_path: Path) -> None:
    inside, most, done = 0, 0, 0

    def work() -> None:
        nonlocal inside, most, done
        while done < 60:
            try:
                with owned(tmp_path):
                    inside += 1
                    most = max(most, inside)
                    sleep(0)
                    inside -= 1
                    done += 1
            except Taken:
                sleep(0)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_the_lock_is_free_again_although_its_file_cannot_be_taken_away(tmp_path: Path) -> None:
    with owned(tmp_path):
        (tmp_path / LOCK).unlink()
        (tmp_path / LOCK).mkdir()  # as a folder that takes no changes any more: the file cannot be deleted
    (tmp_path / LOCK).rmdir()
    with owned(tmp_path):
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x", "host": 1}', "\0" * 100])
def test_what_a_lock_file_says_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK).write_text(text)
    with owned(tmp_path):
        (tmp_path / LOCK).write_text(text)
        with pytest.raises(Taken, match="in use by another process"), owned(tmp_path):
            pass


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("x")
    (tmp_path / LOCK).symlink_to(precious)
    with pytest.raises(OutputError, match="cannot lock"), owned(tmp_path):
        pass
    assert precious.read_text() == "x"

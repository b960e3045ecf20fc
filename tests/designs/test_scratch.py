"""Temporary folders: gone when they are no longer needed, and swept where their owner was killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dv_agent.designs.files.scratch import BUILDING, PREFIX, new_scratch, remove_own, scratch_folder, sweep
from dv_agent.errors import OutputError

OWNER = """
import sys; from pathlib import Path; from dv_agent.designs.files.scratch import new_scratch
print(new_scratch(Path(sys.argv[1])), flush=True); sys.stdin.read()
"""


def owner(room: Path) -> tuple["subprocess.Popen[str]", Path]:
    """A process that made a folder in `room`, and lives on."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(room)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def interrupted(seen: list[Path]) -> None:
    with scratch_folder() as folder:
        (folder / "inner").mkdir()
        seen.append(folder)
        raise KeyboardInterrupt


def test_a_scratch_folder_is_gone_whatever_happened_in_it() -> None:
    seen: list[Path] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(seen)
    assert seen[0].name.startswith(PREFIX)
    assert not seen[0].exists()


def test_a_process_removes_what_it_forgot_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    alive, other = owner(tmp_path)
    forgotten = new_scratch()
    remove_own()
    assert not forgotten.exists()
    assert other.is_dir()
    alive.communicate("")


def test_only_folders_whose_owner_is_gone_are_swept(tmp_path: Path) -> None:
    alive, kept = owner(tmp_path)
    dead, left = owner(tmp_path)
    (left / "file").write_text("x")
    mine = new_scratch(tmp_path)
    dead.kill()
    dead.communicate()
    assert sweep(tmp_path) == 1
    assert not left.exists()
    assert kept.is_dir()
    assert mine.is_dir()
    alive.communicate("")
    assert sweep(tmp_path) == 1
    assert not kept.exists()


def test_a_process_that_got_the_number_of_a_dead_owner_does_not_keep_its_folder(tmp_path: Path) -> None:
    mine = new_scratch(tmp_path)
    _, _, pid, start, rest = mine.name.split("-", 4)
    earlier = tmp_path / f"{PREFIX}{pid}-{int(start) - 1}-{rest}"
    earlier.mkdir()
    assert sweep(tmp_path) == 1
    assert not earlier.exists()
    assert mine.is_dir()


def test_what_is_not_certainly_left_stays(tmp_path: Path) -> None:
    pid, start, machine, rest = new_scratch(tmp_path).name.removeprefix(PREFIX).split("-", 3)
    target = tmp_path / "target"
    target.mkdir()
    link = tmp_path / f"{PREFIX}{pid}-1-{machine}-link"
    link.symlink_to(target)
    file = tmp_path / f"{PREFIX}{pid}-1-{machine}-file"
    file.write_text("")
    foreign = tmp_path / f"{PREFIX}{pid}-1-{'0' * 8}-{rest}"  # of another machine, or of a container
    old = tmp_path / f"{PREFIX}abcdefgh"  # of a version that did not say who it was
    for folder in (foreign, old):
        folder.mkdir()
    assert sweep(tmp_path) == 0
    assert all(os.path.lexists(one) for one in (target, link, file, foreign, old))
    assert start


def test_a_link_inside_a_swept_folder_is_removed_and_not_followed(tmp_path: Path) -> None:
    dead, left = owner(tmp_path)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    (left / "link").symlink_to(precious)
    dead.kill()
    dead.communicate()
    assert sweep(tmp_path) == 1
    assert (precious / "file").read_text() == "x"


def test_a_build_that_a_machine_without_power_left_goes_after_a_day(tmp_path: Path) -> None:
    left, young = tmp_path / f"{BUILDING}old", tmp_path / f"{BUILDING}young"
    for folder in (left, young):
        folder.mkdir()
    os.utime(left, (0, 0))
    assert sweep(tmp_path, BUILDING) == 1
    assert young.is_dir()


def test_a_room_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot make a folder in"):
        new_scratch(tmp_path / "nowhere")
    assert sweep(tmp_path / "nowhere") == 0

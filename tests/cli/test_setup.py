"""`scripts/setup.sh` without root: it names what is missing and the line that installs it, and touches nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from prerequisites import need

ROOT = Path(__file__).parents[2]


@pytest.fixture
def poor_path(tmp_path: Path) -> Path:
    """A PATH with Python and the basic tools, without Icarus, where `id -u` says that we are not root."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("python3", "sh", "cksum", "cut", "rm", "touch", "dirname"):
        found = os.path.realpath(sys.executable) if name == "python3" else shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    (tools / "id").write_text("#!/bin/sh\necho 1000\n")
    (tools / "id").chmod(0o755)
    return tools


def test_without_root_the_exact_line_is_printed(tmp_path: Path, poor_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    environment = {"PATH": str(poor_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [str(poor_path / "sh"), str(ROOT / "scripts/setup.sh")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "these packages are missing:" in done.stderr
    assert "iverilog" in done.stderr
    assert "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends" in done.stderr
    assert not (tmp_path / ".venv").exists()


def set_up(folder: Path, path: str, *words: str) -> subprocess.CompletedProcess[str]:
    """What the script does in `folder`, whose `.venv` counts as complete."""
    (folder / "pyproject.toml").write_text("x")
    name = subprocess.run(["cksum", "pyproject.toml"], cwd=folder, capture_output=True, text=True, check=True).stdout
    (folder / ".venv").mkdir()
    (folder / ".venv" / f".installed-{name.split()[0]}").touch()
    return subprocess.run(
        ["sh", str(ROOT / "scripts/setup.sh"), *words], cwd=folder, env={"PATH": path, "HOME": str(folder)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def put(folder: Path, name: str, text: str) -> None:
    """A program of a few lines."""
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("words", [(), ("tests",)])
def test_nothing_is_done_where_all_is_there(tmp_path: Path, words: tuple[str, ...]) -> None:
    for name in ("iverilog", *(("verilator", "chromium") if words else ())):
        need(name)
    done = set_up(tmp_path, os.environ["PATH"], *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_only_tests_need_is_named_without_root_and_stops_nothing(tmp_path: Path, poor_path: Path) -> None:
    put(poor_path, "iverilog", "")
    put(poor_path, "perl", "exit 2")  # as Debian's smallest one, which lacks modules
    done = set_up(tmp_path, str(poor_path), "tests")
    assert done.returncode == 0
    line = "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends g++ make chromium perl'"
    assert line in done.stderr


def test_a_run_asks_for_no_compiler_and_no_browser(tmp_path: Path, poor_path: Path) -> None:
    put(poor_path, "iverilog", "")
    done = set_up(tmp_path, str(poor_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_as_root_each_missing_package_is_installed_and_one_that_cannot_be_is_named(
    tmp_path: Path, poor_path: Path
) -> None:
    put(poor_path, "iverilog", "")
    put(poor_path, "perl", "")
    put(poor_path, "id", "echo 0")
    install = f"""
    echo "$@" >> {tmp_path}/calls
    for name in "$@"; do :; done
    case $name in
        bubblewrap) echo '#!/bin/sh' > {poor_path}/bwrap; /bin/chmod 755 {poor_path}/bwrap ;;
        g++|make) echo '#!/bin/sh' > {poor_path}/$name; /bin/chmod 755 {poor_path}/$name ;;
        chromium) exit 1 ;;
    esac"""
    put(poor_path, "apt-get", install)
    done = set_up(tmp_path, str(poor_path), "tests")
    assert done.returncode == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["-qq", "bubblewrap", "-qq", "g++", "make", "chromium"]
    assert "sandbox" not in done.stderr
    assert done.stderr.count("missing: chromium\n") == 1
    assert "--no-install-recommends chromium'" in done.stderr


@pytest.mark.parametrize("ends", ["exit 1", "exit 0"])
def test_a_sandbox_that_cannot_be_installed_is_named_and_stops_nothing(
    tmp_path: Path, poor_path: Path, ends: str
) -> None:
    put(poor_path, "iverilog", "")
    put(poor_path, "id", "echo 0")
    put(poor_path, "apt-get", f'echo "$@" >> {tmp_path}/calls\n{ends}')
    done = set_up(tmp_path, str(poor_path))
    assert (done.returncode, done.stderr.count("missing: bubblewrap\n")) == (0, 1)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["-qq", "bubblewrap"]


def test_a_package_that_is_still_missed_after_its_installation_is_installed_once(
    tmp_path: Path, poor_path: Path
) -> None:
    put(poor_path, "id", "echo 0")
    put(poor_path, "bwrap", "")
    put(poor_path, "apt-get", f'echo "$@" >> {tmp_path}/calls')
    done = set_up(tmp_path, str(poor_path))
    assert done.returncode == 3
    assert "these packages are missing: iverilog" in done.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["-qq", "iverilog"]

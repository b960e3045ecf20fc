"""`scripts/setup.sh` without root: it names what is missing and the line that installs it, and touches nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def poor_path(tmp_path: Path) -> Path:
    """A PATH with Python and the basic tools, without Icarus, where `id -u` says that we are not root."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("python3", "sh", "cksum", "cut", "rm", "touch", "dirname"):
        found = shutil.which(name)
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
    assert "sudo sh -c 'apt-get update && apt-get install -y" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_nothing_is_done_where_all_is_there(tmp_path: Path) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("needs Icarus in PATH")
    (tmp_path / "pyproject.toml").write_text("x")
    name = subprocess.run(["cksum", "pyproject.toml"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / f".installed-{name.split()[0]}").touch()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", str(ROOT / "scripts/setup.sh")], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

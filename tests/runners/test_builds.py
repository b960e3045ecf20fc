"""Builds: the cache, and what is said about RTL that cannot be built."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from runner_fixtures import FIXTURES, counter, make_design, pipe

from dv_agent.designs.files.places import cache_folder
from dv_agent.errors import BuildError, InputFileError, PrerequisiteError, SimulatorLost
from dv_agent.runners.build.external_tools import CommandResult, run_command
from dv_agent.runners.build.icarus import build_icarus
from dv_agent.runners.icarus import IcarusSimulator


def test_missing_icarus_says_how_to_install_it(empty_path: None, tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match="apt-get install iverilog"):
        IcarusSimulator(tmp_path).open(pipe())


def test_a_syntax_error_names_the_file_relative_to_the_design(simulator: IcarusSimulator, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        simulator.open(counter(tmp_path, "garbage here;\n" * 40))
    assert "\ncounter.v:2: syntax error" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 12


def test_a_port_of_another_width_is_a_build_error(simulator: IcarusSimulator) -> None:
    ports = {
        "in": {
            "kind": "source",
            "valid": "in_valid",
            "ready": "in_ready",
            "fields": {"data": {"signal": "in_data", "width": 9}},
        }
    }
    with pytest.raises(BuildError, match="in_data"):
        simulator.open(make_design("pipe", ports))


def test_an_unknown_parameter_is_a_build_error(simulator: IcarusSimulator) -> None:
    with pytest.raises(BuildError, match="DEPTH"):
        simulator.open(pipe().model_copy(update={"parameters": {"DEPTH": 3}}))


def test_a_missing_source_and_a_signal_with_two_drivers_are_bad_input(simulator: IcarusSimulator) -> None:
    with pytest.raises(InputFileError, match="no_such"):
        simulator.open(pipe().model_copy(update={"sources": ("no_such.v",)}))
    twice = {
        name: {"kind": "source", "valid": "in_valid", "ready": "in_ready", "fields": {}} for name in ("one", "other")
    }
    with pytest.raises(InputFileError, match="in_valid"):
        simulator.open(make_design("pipe", twice))


def test_builds_are_found_again_and_depend_on_contents(tmp_path: Path) -> None:
    design = counter(tmp_path, "// one")
    first = build_icarus(design, tmp_path / "cache", "v")
    assert not first.cached
    assert build_icarus(design, tmp_path / "cache", "v") == type(first)(first.folder, cached=True)
    other = build_icarus(counter(tmp_path, "// two"), tmp_path / "cache", "v")
    assert not other.cached
    assert other.folder != first.folder
    assert not build_icarus(design, tmp_path / "cache", "another version").cached
    assert len(list((tmp_path / "cache" / "icarus").iterdir())) == 3


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DV_AGENT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/dv-agent")
    monkeypatch.setenv("DV_AGENT_CACHE", "/elsewhere")
    assert cache_folder() == Path("/elsewhere")


def test_fixture_folders_stay_clean() -> None:
    assert {path.suffix for path in FIXTURES.rglob("*") if path.is_file()} == {".v"}


def test_parallel_builds_of_one_design_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        builds = list(pool.map(lambda _: build_icarus(pipe(), tmp_path, "v"), range(6)))
    assert len({build.folder for build in builds}) == 1
    assert [path.name for path in (tmp_path / "icarus").iterdir()] == [builds[0].folder.name]


@pytest.mark.parametrize(("kills", "lost"), [(0, False), (3, False), (9, True)])
def test_a_build_tool_that_is_killed_refuses_nothing(tmp_path: Path, kills: int, lost: bool) -> None:
    (tmp_path / "left").write_text(str(kills))
    script = 'n=$(cat left); echo $((n-1)) > left; [ "$n" -gt 0 ] && kill -9 $$; echo "$TMPDIR"; exit 3'
    command = ["bash", "-c", script]
    if lost:
        with pytest.raises(SimulatorLost, match=r"bash was killed by SIGKILL .* in 4 tries"):
            run_command(command, tmp_path, 10.0)
    else:
        assert run_command(command, tmp_path, 10.0, writable=(tmp_path,)) == CommandResult(3, f"{tmp_path}\n")

"""A build cache for the tests of one process, and sessions that close themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prerequisites import need
from runner_fixtures import Opener

from dv_agent.designs.design import Design
from dv_agent.runners.build.cache import private_cache
from dv_agent.runners.cocotb.session import CocotbSession
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.verilator import VerilatorSimulator


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> IcarusSimulator:
    """Icarus with a short patience."""
    return IcarusSimulator(tmp_path_factory.mktemp("cache"), hang_seconds=0.5)


@pytest.fixture
def open_session(simulator: IcarusSimulator) -> Iterator[Opener]:
    """Opens sessions and closes them after the test."""
    sessions: list[CocotbSession] = []

    def opener(design: Design) -> CocotbSession:
        sessions.append(simulator.open(design))
        return sessions[-1]

    yield opener
    for session in sessions:
        session.close()


@pytest.fixture(scope="session")
def verilator() -> VerilatorSimulator:
    """Verilator with a short patience. It builds for seconds, so its builds stay in the user's cache."""
    need("verilator")
    return VerilatorSimulator(hang_seconds=0.5)


@pytest.fixture
def own_cache(tmp_path: Path) -> Path:
    """A cache without any build, but with the libraries that depend on no design."""
    return private_cache(tmp_path / "cache")


@pytest.fixture
def empty_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nothing is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))

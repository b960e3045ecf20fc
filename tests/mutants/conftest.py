"""One finished campaign on the design tally, for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from campaigns import Campaign, made
from mutant_designs import tally
from session_room import session_room

from dv_agent.designs.loader import load_design
from dv_agent.runners.build.cache import private_cache


@pytest.fixture(scope="session", autouse=True)
def build_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A build cache of the tests of this session."""
    patch = pytest.MonkeyPatch()
    cache = private_cache(session_room(tmp_path_factory, "builds"))
    patch.setenv("DV_AGENT_CACHE", str(cache))
    yield cache
    patch.undo()


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, build_cache: Path) -> Campaign:
    """A few mutants of tally, played its witnesses."""
    home = tmp_path_factory.mktemp("campaign")
    design = load_design(tally(home / "tally"))
    return Campaign(design, home, made(home, design))

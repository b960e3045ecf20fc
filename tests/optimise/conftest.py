"""The scripted world as a fixture."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_world import World, clumsy_text_for, make_world, scripted, stimuli_for

from dv_agent.runners.build.cache import private_cache


@pytest.fixture(scope="session")
def optimise_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return private_cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def world(tmp_path: Path, optimise_cache: Path) -> Iterator[World]:
    with make_world(tmp_path, optimise_cache) as made:
        yield made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, optimise_cache: Path) -> Iterator[World]:
    """With a finished optimisation in ``out``."""
    with make_world(tmp_path_factory.mktemp("whole"), optimise_cache, scripted(stimuli_for, clumsy_text_for)) as made:
        done = made.optimise(calls=20)
        assert done.returncode == 0, done.stderr
        (made.folder / "stdout").write_text(done.stdout)
        (made.folder / "stderr").write_text(done.stderr)
        yield made

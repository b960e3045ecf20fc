"""Fixtures: the small design, and one evaluation of it that tests compare with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from evaluations import Bench, make_bench

from dv_agent.runners.build.cache import private_cache


@pytest.fixture(scope="session")
def build_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return private_cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def bench(tmp_path: Path, build_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return make_bench(tmp_path, build_cache, monkeypatch)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, build_cache: Path) -> Iterator[Bench]:
    """With a finished evaluation in ``one``, made with one job."""
    patch = pytest.MonkeyPatch()
    made = make_bench(tmp_path_factory.mktemp("whole"), build_cache, patch)
    answer = made.eval("one")
    assert (answer["finished"], answer["reused"], answer["failed"], answer["open"]) == (6, 0, {}, [])
    yield made
    patch.undo()

"""Fixtures: the small design, and one evaluation of it that tests compare with."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from evaluations import Bench, make_bench
from session_room import made_once, session_room

from dv_agent.runners.build.cache import private_cache


@pytest.fixture(scope="session")
def build_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return private_cache(session_room(tmp_path_factory, "builds"))


@pytest.fixture
def bench(tmp_path: Path, build_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return make_bench(tmp_path, build_cache, monkeypatch)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, build_cache: Path) -> Iterator[Bench]:
    """With a finished evaluation in ``one``: a copy of one that is made once a session, with one job."""

    def make(room: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            answer = make_bench(room, build_cache, patch).eval("one")
        assert (answer["finished"], answer["reused"], answer["failed"], answer["open"]) == (6, 0, {}, [])

    evaluation = made_once(session_room(tmp_path_factory, "evaluation"), make)
    with pytest.MonkeyPatch.context() as patch:
        bench = make_bench(tmp_path_factory.mktemp("whole"), build_cache, patch)
        shutil.copytree(evaluation / "one", bench.folder / "one")
        yield bench

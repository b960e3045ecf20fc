"""The honest evaluation, once for all tests; the environment that finds its design."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from honest import Copy, make_designs, make_evaluation

from dv_agent.runners.build.cache import private_cache


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    room = tmp_path_factory.mktemp("verification")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DV_AGENT_DESIGNS", str(make_designs(room)))
        patch.setenv("DV_AGENT_CACHE", str(private_cache(room / "cache")))
        patch.setenv("OPENAI_API_KEY", "sk-none")
        yield make_evaluation(room)


@pytest.fixture
def forged(honest: Path, tmp_path: Path) -> Copy:
    return Copy(honest, tmp_path / "forged")

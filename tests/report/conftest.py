"""Three real runs of mxint_softmax, made once: guided search, a few tests on broken RTL, and silence."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from report_runs import Fixed, make_run

from dv_agent.agents.baselines.basic import NullAgent
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Session


@pytest.fixture(scope="session")
def design() -> DesignFolder:
    return find_design("mxint_softmax")


@pytest.fixture(scope="session")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def icarus(design: DesignFolder) -> Iterator[Session]:
    with find_simulator("icarus").open(design.design) as session:
        yield session


@pytest.fixture(scope="session")
def searched(design: DesignFolder, rooms: Path, icarus: Session) -> Path:
    return make_run(rooms / "searched", design, SearchAgent(0), 14_000, icarus)


@pytest.fixture(scope="session")
def silent(design: DesignFolder, rooms: Path, icarus: Session) -> Path:
    return make_run(rooms / "silent", design, NullAgent(), 1_000, icarus)


@pytest.fixture(scope="session")
def failed(design: DesignFolder, rooms: Path) -> Path:
    bug = next(one for one in load_bugs(design) if one.id == "S7")
    broken = broken_copy(design, bug, rooms)
    wrong, right = ({"row": [{"m": m, "e": 7}]} for m in ([0, 9], [0, 0]))
    tests = [Test(name=name, tracks={"in": rows}) for name, rows in (("both", (right, wrong)), ("right", (right,)))]
    agent = Fixed(*tests, Test(name="again", tracks={"in": (wrong,)}))
    with find_simulator("icarus").open(broken.design) as session:
        return make_run(rooms / "failed", broken, agent, 4_000, session, bug="S7")

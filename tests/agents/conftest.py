"""A testbench of mxint_softmax on real Icarus, shared by the tests of this folder."""

from collections.abc import Iterator

import pytest

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_design
from dv_agent.runners.registry import find_simulator


@pytest.fixture(scope="session")
def bench() -> Iterator[Testbench]:
    folder = find_design("mxint_softmax")
    with find_simulator("icarus").open(folder.design) as session:
        yield Testbench(folder, plan_of(folder), session)

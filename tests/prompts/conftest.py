"""A testbench on real Icarus, and the option that writes the golden prompts anew."""

from collections.abc import Iterator

import pytest

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_design
from dv_agent.runners.registry import find_simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/prompts/golden/*.txt anew")


@pytest.fixture(scope="session")
def softmax_bench() -> Iterator[Testbench]:
    folder = find_design("mxint_softmax")
    with find_simulator("icarus").open(folder.design) as session:
        yield Testbench(folder, plan_of(folder), session)

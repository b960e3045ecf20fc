"""Sessions of mxint_softmax on real Icarus."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from session_help import Opened

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_design
from dv_agent.runners.registry import find_simulator


@pytest.fixture(scope="session")
def bench() -> Iterator[Testbench]:
    folder = find_design("mxint_softmax")
    with find_simulator("icarus").open(folder.design) as session:
        yield Testbench(folder, plan_of(folder), session)


@pytest.fixture
def opened(tmp_path: Path, bench: Testbench) -> Iterator[Any]:
    """Opens the session in ``tmp_path / "s"``, again and again, with whatever answers."""
    with ExitStack() as stack:
        yield Opened(tmp_path / "s", bench, stack)

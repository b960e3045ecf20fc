"""One recorded run with a failure, made once, and a studio over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from report_runs import Fixed, make_run
from studio_server import RUN, Studio, places_in, running

from dv_agent.agents.proposal import Proposal
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.prompts.view import View
from dv_agent.runners.registry import find_simulator


class TwoTurns(Fixed):
    """The given tests in one turn, and the last of them once more in another: pages have a next one."""

    def propose(self, view: View) -> Proposal:
        tests = super().propose(view).tests or self._tests[-1:]
        return Proposal(tests=tests, done=view.turn > 0)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run whose first test fails."""
    home = tmp_path_factory.mktemp("studio")
    design = find_design("mxint_softmax")
    broken = broken_copy(design, next(one for one in load_bugs(design) if one.id == "S7"), home)
    wrong = Test(name="wrong", note="<script>alert(1)</script>", tracks={"in": ({"row": [{"m": [0, 9], "e": 7}]},)})
    long = Test(name="long", tracks={"in": ({"row": [{"m": [1, 2], "e": 0}] * 8},) * 4})
    with find_simulator("icarus").open(broken.design) as session:
        make_run(
            home / "runs" / RUN,
            broken,
            TwoTurns(wrong, long),
            4_000,
            session,
            bug="S7",
        )
    return home


@pytest.fixture(scope="module")
def studio(home: Path) -> Iterator[Studio]:
    with running(places_in(home)) as found:
        yield found

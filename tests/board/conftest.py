"""One evaluation of six toy designs, recorded once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from board_trials import (
    FINDS,
    GOOD,
    MODEL,
    NULL,
    ORACLE,
    POOR,
    RANDOM,
    Suite,
    covering,
    make_suite,
    null,
    scripted,
    sheet,
    told,
    words,
    write_evaluation,
)  # fmt: skip

from dv_agent.eval.board.assembly import make_board
from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.evaluation.data_model import Trial


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DV_AGENT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return make_suite(tmp_path_factory.mktemp("toys"), *(f"toy{number}" for number in range(6)))


@pytest.fixture(scope="session")
def recorded(toys: Suite) -> Path:
    def asks_on_first_design_only(trial: Trial) -> bool:
        return trial.entry == MODEL and trial.design != "toy0"

    entries = [
        (GOOD, scripted(covering(0.8), 14)),
        (POOR, scripted(covering(0.4), 14)),
        (MODEL, told(words(1, 2, 3), "nothing to run", words(3, 4, 5, 99))),
        (NULL, null),
        (RANDOM, scripted(covering(0.4), 14)),
        (ORACLE, scripted(lambda trial: range(40), 20)),
    ]
    return write_evaluation(
        toys, "evaluation", entries, floors=(NULL, RANDOM), ceiling=ORACLE, skip=asks_on_first_design_only,
        kills=lambda trial: sheet(*FINDS.get(trial.entry.digest, ())),
    )  # fmt: skip


@pytest.fixture(scope="session")
def board(toys: Suite, recorded: Path) -> Board:
    return make_board([recorded], find=toys.find)

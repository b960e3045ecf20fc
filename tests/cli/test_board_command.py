"""``dv-agent board`` as a process: it rebuilds the four files, merges, and refuses in one message."""

import json
import shutil
from pathlib import Path

import pytest
from board_trials import GOOD, NULL, Suite, covering, make_suite, null, scripted, write_evaluation
from command import call


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return make_suite(tmp_path_factory.mktemp("command"), "toya", "toyb")


@pytest.fixture(scope="module")
def folder(toys: Suite) -> Path:
    return write_evaluation(toys, "one", [(GOOD, scripted(covering(0.8), 40)), (NULL, null)], floors=(NULL,))


def test_a_board_is_rebuilt_to_the_same_bytes_and_merged_with_another(toys: Suite, folder: Path) -> None:
    env = {"DV_AGENT_DESIGNS": str(toys.room / "designs")}
    done = call("board", str(folder), cwd=toys.room, env=env)
    assert done.returncode == 0, done.stderr
    assert "scripted chance=0.8" in done.stdout
    assert "no difference can be told from chance" in done.stdout
    names = ("json", "csv", "md", "html")
    first = [(folder / f"leaderboard.{ending}").read_bytes() for ending in names]
    other = write_evaluation(toys, "two", [(GOOD, scripted(covering(0.8), 40))], seeds=(2,))
    both = call("board", str(folder), str(other), "--out", "both", "--json", cwd=toys.room, env=env)
    assert both.returncode == 0, both.stderr
    board = json.loads(both.stdout)
    assert [row["scored"] for row in board["rows"]] == [6, 4]
    assert json.loads((toys.room / "both" / "leaderboard.json").read_text()) == board
    shutil.rmtree(toys.room / "both")
    assert call("board", str(folder), "--no-cache", cwd=toys.room, env=env).returncode == 0
    assert [(folder / f"leaderboard.{ending}").read_bytes() for ending in names] == first


def test_what_makes_no_board_is_one_message(toys: Suite, folder: Path) -> None:
    other = write_evaluation(toys, "newer", [], identity=toys.identity(suite_version=2))
    cases = [
        ((str(folder), str(other), "--out", "x"), "of different identity"),
        ((str(folder), str(other)), "say with --out where it goes"),
        ((str(toys.room),), "this is no folder of an evaluation"),
    ]
    for words, message in cases:
        done = call("board", *words, cwd=toys.room)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    assert not (toys.room / "x").exists()

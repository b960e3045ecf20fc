"""Which folders make a board, alone or together."""

import shutil
from pathlib import Path

import pytest
from board_trials import CHECKSUM, GOOD, MODEL, Suite, covering, scripted, write_evaluation

from dv_agent.errors import InputFileError, UsageError
from dv_agent.eval.board.assembly import make_board
from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.board.trials.sources import differences, load_sources
from dv_agent.eval.evaluation.data_model import Entry


def test_boards_of_one_identity_are_merged_by_rows_and_seeds(toys: Suite, board: Board, recorded: Path) -> None:
    later = [(GOOD, scripted(covering(0.8), 14)), (Entry(agent="new"), scripted(covering(0.6), 14))]
    other = write_evaluation(toys, "later", later, seeds=(1, 2))
    made = make_board([recorded, other], recorded.parent, find=toys.find)
    assert len(made.rows) == len(board.rows) + 1
    assert made.row(GOOD.digest).scored == 18  # seeds 0, 1 and 2; seed 1 once
    assert {one.seed for one in made.trials} == {0, 1, 2}
    assert {one.record.split("/")[0] for one in made.trials if one.record} == {"evaluation", "later"}
    assert made.identity == board.identity


def test_a_finished_trial_is_preferred_to_one_of_the_same_name_that_is_not(toys: Suite, tmp_path: Path) -> None:
    entries = [(GOOD, scripted(covering(0.8), 40))]
    whole = write_evaluation(toys, "whole", entries, seeds=(0,))
    broken = Path(shutil.copytree(whole, tmp_path / "broken"))
    for path in broken.glob("trials/*/trial.json"):
        path.unlink()
    assert make_board([broken, whole], find=toys.find).row(GOOD.digest).scored == 6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"suite_version": 2}, "suite_version: 1 and 2"),
        ({"simulator": "icarus 13"}, "simulator: reference 1 and icarus 13"),
        ({"project": "9.9"}, "project: 0.0 and 9.9"),
    ],
)
def test_boards_of_different_identity_are_refused_a_merge(
    toys: Suite, recorded: Path, change: dict[str, object], words: str
) -> None:
    other = write_evaluation(toys, f"other{len(str(change))}{words[:4]}", [], identity=toys.identity(**change))
    with pytest.raises(UsageError, match=words):
        load_sources([recorded, other])


def test_identities_tell_every_difference(toys: Suite) -> None:
    one = toys.identity()
    budget = one.budget.model_copy(update={"cycles": 5})
    changed = one.designs[0].model_copy(update={"checksum": "e" * 64})
    other = one.model_copy(update={"budget": budget, "designs": (changed, *one.designs[2:])})
    found = differences(one, other)
    assert found[0] == "budget: 2,000 cycles, 3 calls and 5 cycles, 3 calls"
    assert found[1].startswith(f"toy0: version 1 and 1, {CHECKSUM[:12]} and eeee")
    assert found[2] == "toy1 stands in one of them only"
    assert differences(one, one) == ()


def test_folders_that_hold_no_evaluation_are_one_message(toys: Suite, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such folder"):
        load_sources([tmp_path / "none"])
    with pytest.raises(InputFileError, match="this is no folder of an evaluation"):
        load_sources([tmp_path])
    (tmp_path / "evaluation.json").write_text('{"schema_version": 9}')
    with pytest.raises(InputFileError, match=r"evaluation\.json: schema_version 9 is newer than 1; update"):
        load_sources([tmp_path])
    with pytest.raises(UsageError, match="at least one evaluation"):
        load_sources([])
    folder = write_evaluation(toys, "climbing", [(GOOD, scripted(covering(0.8)))], skip=lambda trial: True)
    text = (folder / "evaluation.json").read_text().replace('"design":"toy3"', '"design":"../../toy3"')
    (folder / "evaluation.json").write_text(text)
    with pytest.raises(InputFileError, match="cannot be the name of a folder"):
        load_sources([folder])


def test_two_entries_of_one_label_are_told_apart(toys: Suite) -> None:
    hot = MODEL.model_copy(update={"model": MODEL.model.model_copy(update={"temperature": 1.0})})  # type: ignore[union-attr]
    folder = write_evaluation(toys, "twins", [(MODEL, scripted(covering(0.5))), (hot, scripted(covering(0.5)))],
                              skip=lambda trial: True)  # fmt: skip
    labels = sorted(row.label for row in make_board([folder], find=toys.find).rows)
    assert labels == sorted(f"{MODEL.label} #{one.digest}" for one in (MODEL, hot))

"""Ranks compare on the designs that rows have in common; a row that misses one stands apart."""

import json
from pathlib import Path

import pytest
from board_trials import BINS, Suite, scripted, write_evaluation

from dv_agent.eval.board.assembly import make_board
from dv_agent.eval.board.files.markdown import plain_table, to_markdown
from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.board.page.render import render_board
from dv_agent.eval.board.rows.standing import common_designs
from dv_agent.eval.evaluation.data_model import Entry, Trial

WIDE, EASY, POOR = (Entry(agent="scripted", options={"name": name}) for name in ("wide", "easy only", "poor"))
EASY_DESIGNS = ("toy0", "toy1", "toy2")


def share(trial: Trial) -> list[int]:
    """On three easy designs 90 % or 75 % of the bins, on three hard ones 30 %; the poor row has a bin less."""
    easy = trial.design in EASY_DESIGNS
    count = (30 if trial.entry == EASY else 36) if easy else 12
    return list(range(min(count, BINS) - (trial.entry == POOR)))


@pytest.fixture(scope="module")
def uneven(toys: Suite) -> Board:
    """The easy row is worse by 15 points wherever it was tried, and has the highest mean."""
    entries = [(one, scripted(share, 40)) for one in (WIDE, EASY, POOR)]
    folder = write_evaluation(
        toys, "uneven", entries, seeds=(0,), skip=lambda trial: trial.entry == EASY and trial.design not in EASY_DESIGNS
    )
    return make_board([folder], find=toys.find)


def test_a_row_on_the_easy_designs_only_has_no_rank_and_the_board_says_why(uneven: Board) -> None:
    rows = {row.key: row for row in uneven.rows}
    means = {key: row.figures["coverage"].mean for key, row in rows.items()}
    assert means[EASY.digest] > means[WIDE.digest]
    assert [row.key for row in uneven.rows] == [WIDE.digest, POOR.digest, EASY.digest]
    assert [row.rank for row in uneven.rows] == [1, 2, None]
    assert rows[EASY.digest].apart == "it has no score on toy3, toy4, toy5"
    assert uneven.common == tuple(f"toy{number}" for number in range(6))
    assert uneven.method.pairs == 1
    (mine,) = (
        one for one in uneven.comparisons if one.metric == "coverage" and EASY.digest not in (one.one, one.other)
    )
    assert mine.separated
    others = [one for one in uneven.comparisons if EASY.digest in (one.one, one.other)]
    assert {(one.separated, one.adjusted_p, one.designs) for one in others} == {(False, 1.0, 3)}
    assert abs(others[0].mean) == pytest.approx(15, abs=2.5)
    for text in (render_board(uneven), to_markdown(uneven), plain_table(uneven)):
        assert "it has no score on toy3, toy4, toy5" in text


def test_common_designs_are_those_of_at_least_half_of_the_rows() -> None:
    full = dict.fromkeys("abc")
    assert common_designs({"one": full, "two": full, "three": {"a": 0}}) == ("a", "b", "c")
    assert common_designs({"one": full, "two": full, "three": {**full, "z": 0}}) == ("a", "b", "c")
    assert common_designs({"one": {"a": 0}, "two": {"b": 0}}) == ("a", "b")
    assert common_designs({"one": {}, "two": {"b": 0}}) == ("b",)
    assert common_designs({}) == ()


def test_a_row_with_fewer_seeds_than_others_is_told(toys: Suite, tmp_path: Path) -> None:
    entries = [(one, scripted(share, 40)) for one in (WIDE, POOR)]
    folder = write_evaluation(toys, "seeds", entries, seeds=(0, 1), skip=lambda trial: True)
    told = "Rows with fewer seeds than the 2 of others"
    assert not any(told in note for note in make_board([folder], find=toys.find).notes)
    path = folder / "evaluation.json"
    data = json.loads(path.read_text())
    data["trials"] = [one for one in data["trials"] if not (one["seed"] and one["entry"]["options"]["name"] == "poor")]
    path.write_text(json.dumps(data))
    notes = make_board([folder], find=toys.find).notes
    assert f'{told}: scripted name="poor" (1).' in notes


def test_a_trial_under_another_budget_than_the_evaluation_has_no_score(toys: Suite, tmp_path: Path) -> None:
    folder = write_evaluation(toys, "richer", [(WIDE, scripted(share, 40))], seeds=(0,))
    path = folder / "evaluation.json"
    path.write_text(path.read_text().replace('"budget":{"cycles":2000', '"budget":{"cycles":1500', 1))
    made = make_board([folder], find=toys.find)
    assert made.identity.budget.cycles == 1_500
    assert {one.status for one in made.trials} == {"foreign"}
    assert any("under another budget" in note for note in made.notes)

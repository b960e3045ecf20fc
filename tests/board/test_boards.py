"""What a board says of an evaluation, and which folders it takes."""

import json
import shutil
from itertools import accumulate
from pathlib import Path

import pytest
from board_trials import (
    GOOD,
    MODEL,
    NULL,
    ORACLE,
    POOR,
    RANDOM,
    Suite,
    covering,
    scripted,
    sheet,
    values,
    write_evaluation,
)

from dv_agent.agents.baselines.basic import ScriptedAgent
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.eval.board.assembly import make_board
from dv_agent.eval.board.design_rows import uninformative
from dv_agent.eval.board.first_tests import ROOM, first_tests
from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.board.rows.comparison import ablations
from dv_agent.eval.board.trials.score_or_reason import score_all
from dv_agent.eval.board.trials.sources import load_sources
from dv_agent.eval.evaluation.data_model import Entry, Evaluation
from dv_agent.eval.report.data.text_limits import Allowance


def trials_of(board: Board, entry: Entry) -> list[float]:
    return [one.figures["coverage"] for one in board.trials if one.row == entry.digest and one.status == "scored"]


def test_rows_are_sorted_by_mean_coverage_the_ceiling_last_and_told_apart_where_they_differ(board: Board) -> None:
    assert board.rows[0].key == GOOD.digest
    assert board.rows[-1].key == ORACLE.digest
    kinds = {row.key: row.kind for row in board.rows}
    assert [kinds[one.digest] for one in (GOOD, MODEL, NULL, RANDOM, ORACLE)] == [
        "entry", "entry", "floor", "floor", "ceiling",
    ]  # fmt: skip
    ranks = {row.key: row.rank for row in board.rows}
    assert ranks[GOOD.digest] == 1
    assert ranks[POOR.digest] == ranks[RANDOM.digest] == 2  # the same chance of every bin
    assert ranks[NULL.digest] > 2  # type: ignore[operator]
    assert ranks[ORACLE.digest] is None


def test_every_figure_says_how_many_trials_and_designs_stand_behind_it(board: Board) -> None:
    good, asking = board.row(GOOD.digest), board.row(MODEL.digest)
    assert (good.figures["coverage"].n, good.figures["coverage"].designs) == (12, 6)
    assert good.figures["coverage"].mean == pytest.approx(sum(trials_of(board, GOOD)) / 12)
    assert "tokens" not in good.figures  # it asks nobody, which is not the same as asking for nothing
    assert (asking.figures["tokens"].n, asking.figures["tokens"].designs) == (2, 1)
    assert (asking.trials, asking.scored, asking.unfinished) == (12, 2, 10)
    assert any("not begun" in note for note in board.notes)
    assert any("means of rows do not compare" in note for note in board.notes)


def test_a_board_says_from_how_many_trials_and_which_designs_its_kills_are(
    recorded: Path, board: Board, toys: Suite, tmp_path: Path
) -> None:
    assert not any("Seeded bugs were hunted" in note for note in board.notes)
    folder = tmp_path / "few"
    shutil.copytree(recorded, folder)
    for file in folder.glob("trials/*/kills.json"):
        if not file.parent.name.startswith("toy0"):
            file.unlink()
    made = make_board([folder], find=toys.find)
    left, scored = len(list(folder.glob("trials/*/kills.json"))), sum(row.scored for row in made.rows)
    assert any(f"hunted in {left} of {scored} scored trials, on toy0:" in note for note in made.notes)
    assert made.row(GOOD.digest).figures["kills"].designs == 1


def test_lift_is_read_at_cycles_that_both_have_simulated(recorded: Path, board: Board) -> None:
    ran = {(one.row, one.design, one.seed): read_run(recorded / one.record) for one in board.trials if one.record}

    def percent(run: RecordedRun, cycles: int) -> float:
        tests = [test for turn in run.turns for test in turn.tests]
        ends = accumulate(test.cycles for test in tests)
        return 2.5 * sum(len(test.new_bins) for test, end in zip(tests, ends, strict=True) if end <= cycles)

    compared = 0
    for one in board.trials:
        mine, base = (ran.get((row, one.design, one.seed)) for row in (one.row, RANDOM.digest))
        if one.row == RANDOM.digest or mine is None or base is None:
            assert "lift_random" not in one.figures
            continue
        at = min(mine.header.spent.cycles, base.header.spent.cycles, 2_000)
        assert one.figures["lift_random"] == pytest.approx(percent(mine, at) - percent(base, at))
        compared += 1
    assert compared == 50
    assert RANDOM.digest not in {row.key for row in board.rows if "lift_random" in row.figures}


def test_the_first_to_hit_a_bin_needed_the_fewest_cycles_and_the_ceiling_does_not_race(board: Board) -> None:
    design = board.designs[0]
    for line in design.bin_lines:
        assert (line.first is None) == (set(line.hits) <= {ORACLE.digest})
        assert line.hits[ORACLE.digest] == 2
        if line.first:
            assert line.hits[line.first.row] >= 1
            assert line.first.row != ORACLE.digest
            assert line.first.cycles > 0
    three = next(line for line in design.bin_lines if line.id == "value.low.3")
    assert three.hits[MODEL.digest] == 2


def test_each_test_that_was_first_stands_once_with_what_it_sent(recorded: Path, board: Board) -> None:
    rooms = {one.id: recorded / one.record for one in board.trials}
    for design in board.designs:
        firsts = {(line.first.trial, line.first.test) for line in design.bin_lines if line.first}
        assert len(design.first_tests) == len(firsts)
        assert {(one.trial, one.test) for one in design.first_tests} == firsts
        shown = {bin_id: one for one in design.first_tests for bin_id in one.bins}
        assert set(shown) == {line.id for line in design.bin_lines if line.first}
        some = sorted(design.first_tests, key=lambda one: one.trial)[0]
        ran = {test.index: test.test for turn in read_run(rooms[some.trial]).turns for test in turn.tests}
        sent = [json.loads(step)["word"]["v"] for track in some.tracks for step in track.steps]
        assert sent == [step["word"]["v"] for step in ran[some.test].data()["tracks"]["in"]]
        assert {int(name.rsplit(".", 1)[1]) for name in some.bins} <= set(sent)


def test_stimulus_that_takes_too_much_room_is_cut_and_what_is_left_out_counted(toys: Suite) -> None:
    many = [values(*[number % 40] * 900, name="long") for number in range(3)]
    folder = write_evaluation(toys, "long", [(GOOD, lambda record, trial: ScriptedAgent([many]))], seeds=(0,))
    made = make_board([folder], find=toys.find)
    first = made.designs[0].first_tests[0]
    (track,) = first.tracks
    assert 0 < len("".join(track.steps)) <= ROOM
    assert len(track.steps) + track.more == 900
    rooms = {one.id: folder / "trials" / one.id for one in made.trials}
    starved = first_tests(made.designs[0].bin_lines, rooms, Allowance(30))
    assert (
        sum(len(step) for one in starved for track in one.tracks for step in track.steps)
        <= 30 + len("… more characters") * 2
    )
    assert all(len(track.steps) + track.more == 900 for one in starved for track in one.tracks)


def test_bugs_tell_which_row_kills_them_and_by_which_check(board: Board) -> None:
    first, second = board.designs[1].bug_lines
    assert (first.bug, first.title) == ("B1", "Top bit is stuck")
    assert first.fates[GOOD.digest].model_dump() == {"kills": 2, "n": 2, "checks": {"value": 2}}
    assert second.fates[GOOD.digest].kills == 0
    assert second.fates[ORACLE.digest].kills == 2
    assert board.correlation.n == 62
    assert board.correlation.within is not None
    assert board.correlation.between_ends_n == 38  # neither twelve of null nor twelve of the ceiling
    assert board.row(GOOD.digest).counts.kills_by_difficulty == {"easy": (12, 12), "hard": (0, 12)}


def test_a_paired_comparison_uses_the_same_designs_and_seeds(board: Board) -> None:
    mine = next(
        one for one in board.comparisons
        if one.metric == "coverage" and {one.one, one.other} == {GOOD.digest, MODEL.digest}
    )  # fmt: skip
    assert (mine.n, mine.designs, mine.p) == (2, 1, 1.0)  # one design can part nothing
    good, poor = trials_of(board, GOOD), trials_of(board, POOR)
    pair = next(one for one in board.comparisons if {one.one, one.other} == {GOOD.digest, POOR.digest})
    assert abs(pair.mean) == pytest.approx(sum(a - b for a, b in zip(good, poor, strict=True)) / 12)
    assert pair.separated
    assert pair.adjusted_p >= pair.p >= pair.smallest_p == 2 / 64


def test_entries_that_differ_in_one_option_are_an_ablation(board: Board) -> None:
    (found,) = board.ablations
    assert (found.what, {found.before, found.after}) == ("chance", {"0.8", "0.4"})
    assert {one.metric for one in found.differences} == {"coverage", "kills"}
    sign = 1 if found.other == GOOD.digest else -1
    assert sign * found.differences[0].mean > 0
    two = GOOD.model_copy(update={"options": {"chance": 0.8, "more": 1}})
    assert ablations([two, POOR], {two.digest: "", POOR.digest: ""}, board.comparisons) == ()


def test_a_board_is_the_same_with_caches_and_without(toys: Suite, recorded: Path, board: Board) -> None:
    assert make_board([recorded], find=toys.find) == board
    assert make_board([recorded], find=toys.find, use_cache=False) == board
    assert Board.model_validate_json(board.model_dump_json()) == board


def test_trials_that_failed_or_never_ended_count_in_no_score(toys: Suite, recorded: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(recorded, tmp_path / "evaluation"))
    good = sorted((folder / "trials").glob("*scripted-chance-0.8*"))
    changes: list[dict[str, object]] = [
        {"status": "failed", "failure": {"kind": "infrastructure", "error": "OSError", "message": "<b>disk full</b>"}},
        {"status": "running"},
        {"identity": "d" * 64},
    ]
    for room, change in zip(good, changes, strict=False):
        data = json.loads((room / "trial.json").read_text())
        (room / "trial.json").write_text(json.dumps({**data, **change}))
    made = make_board([folder], find=toys.find)
    row = made.row(GOOD.digest)
    assert (row.trials, row.scored, row.failed, row.unfinished) == (12, 9, 1, 2)
    assert row.counts.failures == {"infrastructure": 1}
    assert {one.status for one in made.trials if one.row == GOOD.digest} == {
        "scored",
        "failed",
        "unfinished",
        "foreign",
    }
    assert sum("of 72 trials" in note for note in made.notes) == 4


def test_an_evaluation_without_any_trial_has_a_board_too(toys: Suite) -> None:
    folder = write_evaluation(toys, "empty", [(GOOD, scripted(covering(1.0)))], skip=lambda trial: True)
    made = make_board([folder], find=toys.find)
    assert [row.rank for row in made.rows] == [None]
    assert made.rows[0].figures == {}
    assert made.comparisons == ()
    assert made.method.smallest_p == 1.0


AGENTS = {"r": "random", "n": "null", "a": "llm", "s": "search", "o": "oracle"}
KINDS = {"r": "floor", "n": "floor", "a": "entry", "s": "floor", "o": "ceiling"}


@pytest.mark.parametrize(
    ("means", "words"),
    [
        ({"r": 60.0, "a": 70.0, "o": 100.0}, ""),
        ({"r": 70.0, "a": 70.0, "s": 90.0, "o": 100.0}, "random is at least as good as every entry"),
        ({"r": 95.0, "a": 99.0, "o": 95.0}, "random reaches the ceiling: nothing is left to show"),
        ({"r": 100.0, "a": 100.0}, "random reaches the ceiling: nothing is left to show"),
        ({"r": 60.0, "n": 0.0, "s": 70.0, "o": 100.0}, ""),
        ({"r": 60.0, "n": 70.0, "s": 50.0}, "random is at least as good as every entry"),
        ({"r": 60.0, "n": 0.0}, ""),
        ({"a": 60.0}, ""),
    ],
)
def test_a_design_on_which_random_wins_tells_little(means: dict[str, float], words: str) -> None:
    assert uninformative(means, AGENTS, KINDS) == words


def test_records_are_scored_in_the_order_of_the_evaluation(toys: Suite, recorded: Path) -> None:
    source = load_sources([recorded])
    asked = Evaluation.model_validate_json((recorded / "evaluation.json").read_text()).trials
    scored = score_all(source, {name: toys.find(name) for name in toys.designs})
    assert [one.trial for one in scored] == list(asked)
    assert sheet("B1").outcomes[0].killed

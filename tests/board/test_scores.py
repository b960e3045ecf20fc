"""The score of one trial: by hand, from records that the real loop wrote, and from records that someone spoilt."""

import json
import shutil
from itertools import accumulate
from pathlib import Path

import pytest
from board_trials import BUDGET, CHECKSUM, GOOD, MODEL, Suite, sheet, told, values, words, write_trial
from hypothesis import given
from hypothesis import strategies as st

from dv_agent.agents.baselines.basic import ScriptedAgent
from dv_agent.agents.records.reader import read_run
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.coverage.storage import load_coverage
from dv_agent.coverage.totals import summarise
from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.data_model import BugOutcome, KillSheet, Trial
from dv_agent.eval.scoring.cache import cache_path, score_trial
from dv_agent.eval.scoring.score import SHARES, TrialScore
from dv_agent.eval.scoring.step_curve import area, reached, value_at


def climbing(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Places, and what was counted up to each."""
    return [x for x, _ in sorted(pairs)], list(accumulate(gain for _, gain in sorted(pairs)))


STEPS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=8).map(climbing)


def trial_of(entry: object) -> Trial:
    return Trial(design="toy0", task_version=1, entry=entry, seed=0, budget=BUDGET, simulator="reference")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def plan(toys: Suite) -> Plan:
    return load_plan(toys.designs["toy0"].path / "plan.yaml")


@pytest.fixture(scope="module")
def searched(toys: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("scored") / "trial"
    turns = [[values(0, 1, 35, name="first")], [values(1, name="nothing new"), values(*range(20), name="third")]]
    write_trial(room, toys.designs["toy0"], trial_of(GOOD), lambda record, trial: ScriptedAgent(turns), sheet("B2"))
    return room


@pytest.fixture(scope="module")
def asked(toys: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("scored") / "trial"
    write_trial(room, toys.designs["toy0"], trial_of(MODEL), told(words(1, 2, 3), "nothing to run", words(3, 4, 99)))
    return room


@given(STEPS, st.integers(1, 60), st.integers(1, 80))
def test_an_area_is_the_mean_of_the_curve_at_every_place(
    steps: tuple[list[int], list[int]], bound: int, total: int
) -> None:
    xs, counts = steps
    naive = sum(value_at(xs, counts, x) for x in range(bound)) / bound
    assert area(xs, counts, total, bound) == pytest.approx(100 * naive / total)


@given(STEPS, st.integers(1, 80), st.sampled_from(SHARES))
def test_a_share_is_reached_at_the_first_place_that_has_it(
    steps: tuple[list[int], list[int]], total: int, share: int
) -> None:
    xs, counts = steps
    at = reached(xs, counts, total, share)
    enough = [x for x in range(60) if 100 * value_at(xs, counts, x) >= share * total]
    assert at == (enough[0] if enough else None)


def test_the_score_of_a_run_is_what_its_tests_did(searched: Path, plan: Plan) -> None:
    score = score_trial(searched, plan, use_cache=False)
    run = read_run(searched / "run")
    tests = [test for turn in run.turns for test in turn.tests]
    coverage = score.coverage
    assert coverage.overall.bins_hit == 21 == run.header.bins_hit
    assert (coverage.tiers["easy"].bins_hit, coverage.tiers["hard"].bins_hit) == (20, 1)
    assert coverage.progress.test == (0, 2)
    assert coverage.progress.name == ("first", "third")
    assert coverage.progress.bins == (3, 21)
    assert coverage.progress.cycles == (tests[0].cycles, sum(test.cycles for test in tests))
    by = [
        coverage.covered_by[plan.index(f"value.{name}")] for name in ("low.0", "low.1", "low.2", "high.35", "high.36")
    ]
    assert by == [0, 0, 1, 0, -1]
    assert coverage.to_share["cycles"] == {
        50: coverage.progress.cycles[1],
        80: None,
        90: None,
        95: None,
        99: None,
        100: None,
    }
    first, last = coverage.progress.cycles
    assert coverage.area == {"cycles": pytest.approx(100 * (3 * (last - first) + 21 * (2_000 - last)) / (40 * 2_000))}
    assert summarise(load_coverage(plan, searched / "run" / "coverage.json")).tiers == coverage.tiers
    assert (score.tests, score.refused_tests, score.failing_tests, score.turns) == (3, 0, 0, 2)
    assert (score.replies, score.claims) == (None, None)


def test_bugs_are_counted_by_check_and_difficulty_and_by_the_cycles_that_could_have_killed_them(
    searched: Path, plan: Plan
) -> None:
    bugs = score_trial(searched, plan, use_cache=False).bugs
    assert bugs is not None
    assert (bugs.total.kills, bugs.total.bugs) == (1, 2)
    assert bugs.by_check == {"value": 1}
    assert (bugs.by_difficulty["easy"].kills, bugs.by_difficulty["hard"].kills) == (0, 1)
    assert bugs.per_million_cycles == pytest.approx(1e6 / 200)


def test_replies_are_counted_by_what_became_of_them(asked: Path, plan: Plan) -> None:
    score = score_trial(asked, plan, use_cache=False)
    replies, cost = score.replies, score.cost
    assert replies is not None
    assert (replies.turns, replies.valid, replies.usable) == (3, 1, 1)
    assert replies.dropped == {"empty": 1, "invalid": 1}
    assert (replies.replies, replies.failed, replies.retries, replies.errors) == (3, 0, 1, {"timeout": 1})
    assert (cost.calls, cost.tokens, cost.input_tokens, cost.output_tokens) == (3, 3_000, 2_700, 300)
    assert (cost.server_cached_tokens, cost.unpriced, cost.usd) == (900, 0, pytest.approx(0.03))
    assert score.coverage.progress.calls == (1,)
    assert score.coverage.progress.tokens == (1_000,)
    assert score.coverage.area["calls"] == pytest.approx(100 * 3 / 40 * 2 / 3)


def test_a_score_is_kept_on_this_machine_until_what_it_was_made_from_changes(
    searched: Path, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DV_AGENT_CACHE", str(tmp_path / "cache"))
    room = Path(shutil.copytree(searched, tmp_path / "trial"))
    first = score_trial(room, plan)
    path = cache_path(first.inputs)
    assert TrialScore.model_validate_json(path.read_text()) == first
    path.write_text(first.model_copy(update={"tests": 77}).model_dump_json())
    assert score_trial(room, plan).tests == 77  # it is read
    outcome = BugOutcome(bug="B1", difficulty="easy", killed=True, check="value", test=0, cycles=5)
    (room / "kills.json").write_text(KillSheet(tests="t", outcomes=(outcome,)).model_dump_json())
    fresh = score_trial(room, plan)
    assert (fresh.tests, fresh.bugs.total.bugs) == (3, 1)  # type: ignore[union-attr]
    cache_path(fresh.inputs).write_text("{ broken")
    assert score_trial(room, plan) == fresh
    assert score_trial(room, plan, use_cache=False) == fresh


def test_no_score_that_stands_in_the_folder_of_a_trial_is_believed_and_none_is_written_there(
    searched: Path, plan: Plan, tmp_path: Path
) -> None:
    room = Path(shutil.copytree(searched, tmp_path / "trial"))
    first = score_trial(room, plan)
    (room / "score.json").write_text(first.model_copy(update={"tests": 77}).model_dump_json())
    assert score_trial(room, plan) == first
    (room / "score.json").unlink()
    assert score_trial(room, plan) == first
    assert sorted(one.name for one in room.iterdir()) == sorted(one.name for one in searched.iterdir())


def spoil_line(room: Path, change: object) -> None:
    path = room / "run" / "turns.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)  # type: ignore[operator]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def first_test(**changes: object) -> object:
    """Changes fields of the first test of the first turn."""
    return lambda room: spoil_line(room, lambda lines: lines[0]["tests"][0].update(changes))


def replaced(name: str, text: str) -> object:
    """Writes another text into a file."""
    return lambda room: (room / name).write_text(text)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (replaced("run/run.json", "{}"), "run.json: design: is missing"),
        (lambda room: (room / "run" / "run.json").unlink(), "run.json: no such file"),
        (lambda room: (room / "run" / "coverage.json").unlink(), "coverage.json: no such file"),
        (replaced("kills.json", "[]"), "kills.json: expected an object"),
        (replaced("run/turns.jsonl", "hello\n"), "turns.jsonl:1: not a line of this version"),
        (first_test(cycles=-3), "turns.jsonl:1: .*cycles"),
        (first_test(new_bins=["value.low.9"]), "test 0 is said to cover value.low.9, but its record does not say"),
        (first_test(new_bins=["<script>"]), "turns.jsonl: test 0 is said to cover <script>"),
        (replaced("run/coverage.json", '{"plan_hash": "0123456789ab"}'), "run: recorded against another plan .012345"),
    ],
)
def test_a_spoilt_record_is_one_message(
    searched: Path, plan: Plan, tmp_path: Path, spoil: object, message: str
) -> None:
    room = Path(shutil.copytree(searched, tmp_path / "trial"))
    spoil(room)  # type: ignore[operator]
    with pytest.raises(InputFileError, match=message):
        score_trial(room, plan)


def test_lines_of_a_later_version_and_half_a_last_line_are_passed_over(
    searched: Path, plan: Plan, tmp_path: Path
) -> None:
    room = Path(shutil.copytree(searched, tmp_path / "trial"))
    with (room / "run" / "turns.jsonl").open("a") as file:
        file.write('{"kind":"thought","text":"hm"}\n{"kind":"turn","te')
    assert score_trial(room, plan).coverage == score_trial(searched, plan).coverage
    assert CHECKSUM in (room / "trial.json").read_text()


def test_no_score_counts_what_lies_beyond_the_bound(toys: Suite, tmp_path: Path, plan: Plan) -> None:
    """As records of before tests were cut there have it: the last test was finished, with all its bins."""
    turns = [[values(0, 1, name="within")], [values(1, 2, 3, name="across")]]
    kills = KillSheet(
        tests="t",
        outcomes=(
            BugOutcome(bug="B1", difficulty="easy", killed=True, check="value", test=0, cycles=100),
            BugOutcome(bug="B2", difficulty="hard", killed=True, check="value", test=1, cycles=2_100),
        ),
    )
    write_trial(
        tmp_path / "old", toys.designs["toy0"], trial_of(GOOD), lambda record, trial: ScriptedAgent(turns), kills
    )
    path = tmp_path / "old" / "run" / "turns.jsonl"
    first, last = (json.loads(line) for line in path.read_text().splitlines())
    last["tests"][0]["cycles"] = BUDGET.cycles
    path.write_text("".join(json.dumps(line) + "\n" for line in (first, last)))
    score = score_trial(tmp_path / "old", plan, use_cache=False)
    across = len(last["tests"][0]["new_bins"])
    assert across > 0
    assert score.coverage.beyond == across
    assert score.coverage.overall.bins_hit == score.coverage.progress.bins[-1] == len(first["tests"][0]["new_bins"])
    assert score.bugs
    assert (score.bugs.total.kills, score.bugs.exposure) == (1, 100 + 2_000)

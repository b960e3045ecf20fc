"""Forged runs of agents without a model are refused, however well the record agrees with itself."""

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from honest import Copy, execute_all, words
from rerecord import rerecord, richer, turns_of
from turn_lines import turn_lines

from dv_agent.eval.evaluation.data_model import Evaluation
from dv_agent.eval.verification.verify import verify


def test_random_cut_to_its_first_two_tests_is_refused(forged: Copy) -> None:
    first, *_ = turns_of(forged, "random", 1)
    rerecord(forged, "random", 1, [first[:2]], "stalled")
    assert "2 tests, but the budget allows 16 of those that were proposed" in forged.doubts("random", 1)


def test_random_cut_between_two_turns_is_refused(forged: Copy) -> None:
    turns = turns_of(forged, "random", 1)
    rerecord(forged, "random", 1, turns[:1], "stalled")
    doubts = forged.doubts("random", 1)
    assert "it ended after 1 turn for no reason: " in doubts
    assert "cycles, 3 calls were left" in doubts


def test_tests_after_the_end_of_a_run_are_refused(forged: Copy) -> None:
    turns = turns_of(forged, "random", 1)
    rerecord(forged, "random", 1, [*turns, turns_of(forged, "oracle")[0]], "stalled")
    assert f"turn {len(turns)} comes after the run was over (stalled)" in forged.doubts("random", 1)


def test_tests_in_another_order_are_refused(forged: Copy) -> None:
    first, *rest = turns_of(forged, "random", 1)
    rerecord(forged, "random", 1, [first[::-1], *rest], "stalled")
    assert "turn 0: these are not the tests that its agent proposes" in forged.doubts("random", 1)


def test_the_record_of_another_seed_is_refused(forged: Copy) -> None:
    shutil.rmtree(forged.room("search", 1) / "run")
    shutil.copytree(forged.room("search", 0) / "run", forged.room("search", 1) / "run")
    assert "another design, agent, model or seed" in forged.doubts("search", 1)
    forged.header("search", 1, seed=1)
    assert "these are not the tests that its agent proposes" in forged.doubts("search", 1)


def test_a_trial_with_a_budget_of_its_own_is_refused_though_it_was_really_run(forged: Copy) -> None:
    rich = richer(forged, 50_000)

    def enrich(data: Any) -> None:
        for trial in data["trials"]:
            if trial["entry"]["agent"] == "null":
                trial["budget"] = rich

    forged.whole(enrich)
    evaluation = forged.evaluation
    mine = evaluation.model_copy(update={"trials": (forged.trial("null"),)})
    execute_all(Evaluation.model_validate(mine.model_dump()), forged.folder)
    doubts = forged.doubts("null")
    assert "its budget is not that of the evaluation, which is 40,000 cycles, 3 calls" in doubts
    assert "the run had another budget than the evaluation: 50,000 cycles" in doubts


def test_a_run_that_went_on_with_a_larger_budget_is_refused(forged: Copy) -> None:
    rich = richer(forged, 90_000)
    forged.lines("random", 1, lambda lines: lines[-1].update(budget=rich))
    assert "a turn of the run had another budget than the evaluation" in forged.doubts("random", 1)


def test_cycles_beyond_the_bound_are_refused(forged: Copy) -> None:
    """Everywhere a bound that the only test of `null` crosses by one cycle."""
    used = json.loads((forged.room("null") / "run" / "run.json").read_text())["spent"]["cycles"]
    rooms = [forged.folder / "trials" / one.id for one in forged.evaluation.trials]
    for path in (path for path in forged.folder.rglob("*.json*") if path.is_file()):
        path.write_text(path.read_text().replace("40000", str(used - 1)))
    for room, trial in zip(rooms, forged.evaluation.trials, strict=True):
        room.rename(forged.folder / "trials" / trial.id)
    assert "it is said to have ended by 'agent_done', found 'budget:cycles'" in forged.doubts("null")


HEADERS: list[tuple[dict[str, Any], str]] = [
    ({"stop_reason": "target"}, "it is said to have ended by 'target', found 'stalled'"),
    ({"agent_options": {"patience": 2, "bug": "carry"}}, "the run had other options than its row"),
    ({"agent_options": {}}, "the run had other options than its row"),
    ({"target": 50.0}, "with a target of 50 % of the bins"),
    ({"status": "interrupted"}, "the run is interrupted"),
    ({"simulator": "icarus 99"}, "the run was simulated by icarus 99"),
    ({"versions": {"dv-agent": "0.0"}}, "by another version of dv-agent"),
    ({"hashes": {"rtl": "0"}}, "made with another rtl and model and schema and plan of tally"),
    ({"failing_tests": 3}, "run.json counts other turns, tests, bins or failures"),
    ({"claims": {"precision": 1.0}}, "claims, bug reports or decoys of an agent that has none"),
    ({"design": "kv_pack"}, "another design, agent, model or seed"),
]


@pytest.mark.parametrize(("changes", "found"), HEADERS[1:])
def test_a_doctored_header_is_refused(forged: Copy, changes: dict[str, Any], found: str) -> None:
    forged.header("null", 0, **changes)
    if changes == {"agent_options": {}}:  # nothing else is said of this row
        forged.header("null", 0, agent_options={"stop_on_failure": True})
    assert found in forged.doubts("null")


def test_a_doctored_end_is_refused(forged: Copy) -> None:
    ((changes, found),) = HEADERS[:1]
    forged.header("random", 1, **changes)
    assert found in forged.doubts("random", 1)


def move_a_bin(lines: list[Any]) -> None:
    first, second, *_ = [test for line in lines for test in line["tests"] if test.get("new_bins")]
    second["new_bins"].append(first["new_bins"].pop())


TURNS: list[tuple[Callable[[list[Any]], None], str]] = [
    (lambda lines: lines[0]["tests"][0]["hits"].append(40), "test 0: "),
    (lambda lines: lines[0]["tests"][0].update(cycles=1), "are recorded, found"),
    (lambda lines: lines[0]["tests"][0].update(failures=[]), ""),
    (lambda lines: lines[0].update(usage={"calls": 1}), "turn 0: usage is recorded as"),
    (lambda lines: lines[0]["spent"].update(cycles=1), "turn 0: 1 cycles used so far are recorded, found"),
    (lambda lines: lines[0].update(turn=3), "turn 3 stands where turn 0 belongs"),
    (move_a_bin, "are recorded, found"),
]


@pytest.mark.parametrize(("change", "found"), TURNS)
def test_a_doctored_turn_is_refused(forged: Copy, change: Callable[[list[Any]], None], found: str) -> None:
    forged.lines("random", 1, change)
    doubts = forged.doubts("random", 1)
    assert found in doubts
    assert bool(found) == bool(doubts)  # no failures is what the honest record says too


def test_a_line_that_two_parsers_read_differently_gives_no_bins(forged: Copy) -> None:
    """A key that stands in it twice, of which one parser may take the first and one the last."""
    path = forged.room("null") / "run" / "turns.jsonl"
    line, *rest = path.read_text().splitlines()
    stolen = json.dumps(json.loads(turn_lines(forged.room("oracle") / "run" / "turns.jsonl")[0])["tests"])
    for text in (f'{{"tests":{stolen},{line[1:]}', f'{line[:-1]},"tests":{stolen}}}'):
        path.write_text("\n".join([text, *rest, ""]))
        doubts = forged.doubts("null")
        honest = words(verify(forged.folder, only=[forged.trial("null").id]))
        assert doubts == honest
        assert doubts or text.endswith(line[1:])


def test_a_doctored_coverage_database_is_refused(forged: Copy) -> None:
    path = forged.room("null") / "run" / "coverage.json"
    shutil.copy(forged.room("oracle") / "run" / "coverage.json", path)
    assert "coverage.json is not the coverage of these tests" in forged.doubts("null")


def test_a_trial_that_is_said_to_have_failed_though_its_run_ended_is_refused(forged: Copy) -> None:
    failure = {"kind": "model", "error": "ModelFailure", "message": "no reply"}
    path = forged.room("llm", 1) / "trial.json"
    forged.file(path, lambda data: data.update(status="failed", failure=failure))
    assert "said to have failed by its model, but its run has ended" in forged.doubts("llm", 1)


@pytest.mark.parametrize("where", ["trials", "trial", "run"])
def test_links_lead_nowhere(forged: Copy, where: str) -> None:
    room = forged.room("null")
    path = {"trials": room.parent, "trial": room, "run": room / "run"}[where]
    path.rename(forged.folder / "elsewhere")
    path.symlink_to(forged.folder / "elsewhere")
    assert "a link; a submitted folder holds files only" in forged.doubts("null")

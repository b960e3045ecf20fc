"""Forged evaluations: what is owed is there, what is there is owed; and what a board shows of all that."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import call
from honest import Copy, execute_all, words

from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.loader import find_design
from dv_agent.eval.board.assembly import make_board
from dv_agent.eval.board.page.render import render_board
from dv_agent.eval.evaluation.data_model import KillSheet
from dv_agent.eval.scoring.cache import score_trial
from dv_agent.eval.suites.suite import load_suite
from dv_agent.eval.verification.promised import promised
from dv_agent.eval.verification.verdict import Doubt
from dv_agent.eval.verification.verify import verify


def whole(copy: Copy) -> str:
    return "\n".join(str(one) for one in promised(copy.folder, copy.evaluation))


def drop_a_seed(data: Any) -> None:
    data["trials"] = [one for one in data["trials"] if (one["entry"]["agent"], one["seed"]) != ("random", 0)]


def add_a_seed(data: Any) -> None:
    data["trials"].append(next(one for one in data["trials"] if one["entry"]["agent"] == "random") | {"seed": 7})


def twice(data: Any) -> None:
    data["trials"].append(data["trials"][0])


def rename_the_oracle(data: Any) -> None:
    for one in (*data["entries"], *(trial["entry"] for trial in data["trials"])):
        if one["agent"] == "oracle":
            one["agent"] = "genius"


def no_model(data: Any) -> None:
    for one in data["entries"]:
        one["model"] = None


EVALUATIONS: list[tuple[Callable[[Any], None], str]] = [
    (drop_a_seed, "random patience=2: trials on tally have seeds 1, expected 0"),
    (drop_a_seed, "is there, but evaluation.json does not know that trial"),
    (add_a_seed, "random patience=2: trials on tally have seeds 0, 1, 7, expected 0, 1, 2 on every design"),
    (twice, "the evaluation: a trial stands in it more than once"),
    (rename_the_oracle, "genius: 'genius' is no agent of an evaluation"),
    (no_model, "an agent with a model without one"),
    (lambda data: data["entries"].append(data["entries"][0]), "an entry stands in it more than once"),
    (lambda data: data["entries"].append({"agent": "crv"}), "crv: trials on tally have seeds none, expected 0"),
    (lambda data: data.update(ceiling="random patience=2"), "called the ceiling, and is not"),
    (lambda data: data.update(floors=["search patience=2"]), "called a floor, and is none"),
    (lambda data: data["entries"][0]["options"].update(luck=1), "agent random has no option luck"),
    (
        lambda data: data["identity"].update(suite="accelerators", suite_version=load_suite("accelerators").version),
        "not in the suite accelerators: tally",
    ),
    (lambda data: data["identity"].update(suite="accelerators", suite_version=99), "version 99 of the suite"),
    (lambda data: data["identity"]["designs"].append(data["identity"]["designs"][0]), "more than once"),
]


@pytest.mark.parametrize(("change", "found"), EVALUATIONS)
def test_an_evaluation_that_is_not_whole_is_refused(forged: Copy, change: Callable[[Any], None], found: str) -> None:
    assert whole(forged) == ""
    forged.whole(change)
    assert found in whole(forged)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda data: data["identity"]["designs"][0].update(checksum="0" * 64),
            "made with another state of the design",
        ),
        (lambda data: data["identity"].update(simulator="verilator 5"), "its simulator is not that of the evaluation"),
        (lambda data: data["identity"]["designs"][0].update(task_version=9), "its task version is not that of"),
        (lambda data: data["identity"]["budget"].update(cycles=50_000), "its budget is not that of the evaluation"),
        (lambda data: data["identity"].update(project="9.9"), "made by another version of dv-agent"),
    ],
)
def test_another_identity_is_not_that_of_the_trials(forged: Copy, change: Callable[[Any], None], found: str) -> None:
    forged.whole(change)
    assert found in forged.doubts("null")


def test_a_doctored_checksum_in_the_record_of_a_trial_is_told(forged: Copy) -> None:
    forged.file(forged.room("null") / "trial.json", lambda data: data.update(identity=""))
    assert "made with another state of the design" in forged.doubts("null")


def killed(path: Path) -> None:
    sheet = KillSheet.model_validate_json(path.read_text())
    every = tuple(one.model_copy(update={"killed": True, "check": "value", "test": 0}) for one in sheet.outcomes)
    path.write_text(sheet.model_copy(update={"outcomes": every}).model_dump_json())


def test_kills_are_checked_whatever_the_evaluation_says_of_them(forged: Copy) -> None:
    killed(forged.room("null") / "kills.json")
    assert "killed by test 0 (value) is recorded, found survived" in forged.doubts("null")
    forged.whole(lambda data: data.update(kill_seeds=0))
    doubts = forged.doubts("null")
    assert "killed by test 0 (value) is recorded, found survived" in doubts
    assert "kills.json is there, though no seeded bug is said to be hunted in it" in doubts


def test_kills_of_other_tests_or_none_at_all_are_refused(forged: Copy) -> None:
    shutil.copy(forged.room("oracle") / "kills.json", forged.room("null") / "kills.json")
    assert "kills.json was made from other tests" in forged.doubts("null")
    (forged.room("null") / "kills.json").unlink()
    assert "no such file" in forged.doubts("null")


def test_a_submitted_score_is_believed_by_nobody(forged: Copy, honest: Path) -> None:
    before = make_board([honest])
    for trial in forged.evaluation.trials:
        room = forged.folder / "trials" / trial.id
        score = score_trial(room, load(room), use_cache=False)
        best = score.model_copy(update={"coverage": score_trial(forged.room("oracle"), load(room)).coverage})
        (room / "score.json").write_text(best.model_dump_json())
    assert make_board([forged.folder]).rows == before.rows
    assert forged.doubts("null") == ""


def load(room: Path) -> Any:
    return load_plan(find_design(room.name.split("_")[0]).path / "plan.yaml")


def test_what_does_not_hold_has_no_score_and_its_row_no_rank(forged: Copy, honest: Path) -> None:
    best = forged.trial("search", 1)
    doubt = Doubt(trial=best.id, what="its <b>replies</b> are invented")
    stray = Doubt(row="null", what="trials on tally have seeds 3")
    good = verify(forged.folder, only=[best.id])
    bad = good.model_copy(update={"doubts": (doubt, stray), "verdicts": {best.id: "refused"}})
    plain, made = make_board([honest]), make_board([forged.folder], verified={forged.folder: bad})
    ranks = {row.label: row.rank for row in made.rows}
    assert {row.label: row.rank for row in plain.rows}["search patience=2"] == 1
    assert (ranks["search patience=2"], ranks["null"]) == (None, None)
    (row,) = (row for row in made.rows if row.agent == "search")
    assert row.apart.startswith("1 of 2 trials not as recorded; tally: its <b>replies</b> are invented")
    assert (row.scored, row.trials) == (1, 2)
    (line,) = (one for one in made.trials if one.id == best.id)
    assert (line.status, line.figures, line.doubt) == ("refused", {}, doubt.what)
    assert made.verified == 1
    assert plain.verified is None
    page = render_board(made)
    assert "its &lt;b&gt;replies&lt;/b&gt; are invented" in page
    assert "<b>replies" not in page
    assert "1 trial made again for this board" in page
    assert "dv-agent board --verify makes every trial again" in render_board(plain)


def test_a_trial_that_was_redone_says_what_it_came_to_before(forged: Copy) -> None:
    evaluation = forged.evaluation.model_copy(update={"trials": (forged.trial("llm", 1), forged.trial("null"))})
    # The server is gone: a model's run is made anew only where nobody has to be asked.
    (again,) = execute_all(evaluation.model_copy(update={"trials": evaluation.trials[1:]}), forged.folder, redo=True)
    (earlier,) = again.earlier
    assert (again.attempts, earlier.why, earlier.status, earlier.stop_reason) == (2, "redo", "finished", "agent_done")
    (third,) = execute_all(evaluation.model_copy(update={"trials": evaluation.trials[1:]}), forged.folder, redo=True)
    assert len(third.earlier) == 2
    made = make_board([forged.folder])
    (row,) = (row for row in made.rows if row.agent == "null")
    (line,) = (one for one in made.trials if one.row == row.key)
    assert row.redone == 1
    assert line.earlier == (pytest.approx(line.figures["coverage"]),) * 2
    assert any("1 of 10 trials executed again after 2 attempts that do not count: null." in one for one in made.notes)
    assert "(attempt 3; before: " in render_board(made)


def test_records_of_before_these_fields_are_read_with_neutral_values(forged: Copy) -> None:
    before = make_board([forged.folder])
    for path in forged.folder.glob("trials/*/trial.json"):
        forged.file(path, lambda data: data.pop("earlier"))
    assert make_board([forged.folder]) == before


def test_the_commands_write_a_verdict_and_a_board_that_believe_nothing_in_the_folder(forged: Copy) -> None:
    (trial,) = (one for one in forged.evaluation.trials if one.entry.agent == "null")
    for one in forged.evaluation.trials:
        if one != trial:
            shutil.rmtree(forged.folder / "trials" / one.id)
    row, seed = trial.entry.model_dump(mode="json"), trial.model_dump(mode="json")
    forged.whole(lambda data: data.update(entries=[row], trials=[seed]))
    verdict, page = forged.folder / "verification.json", forged.folder / "leaderboard.html"
    done = call("board", str(forged.folder), "--verify", "--json", cwd=forged.folder, env=environment(), seconds=900)
    assert (done.returncode, json.loads(done.stdout)["verified"]) == (0, 1), done.stderr
    forged.header("null", 0, bins_hit=30)
    done = call("verify", str(forged.folder), "--json", cwd=forged.folder, env=environment(), seconds=900)
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert json.loads(verdict.read_text()) == said
    assert (said["trials"], said["open"], said["verdicts"]) == (1, 0, {trial.id: "refused"})
    verdict.write_text(json.dumps({**said, "doubts": [], "verdicts": {}}))
    assert make_board([forged.folder]).verified is None
    done = call("board", str(forged.folder), "--verify", "--json", cwd=forged.folder, env=environment(), seconds=900)
    (made,) = json.loads(done.stdout)["rows"]
    assert (done.returncode, made["rank"], made["scored"]) == (1, None, 0)
    assert "run.json says 30 bins" in done.stderr
    assert "run.json says 30 bins" in page.read_text()


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("DV_AGENT_DESIGNS", "DV_AGENT_CACHE")}


def test_all_that_was_forged_is_told_at_once(forged: Copy) -> None:
    forged.header("null", 0, bins_hit=30)
    forged.whole(drop_a_seed)
    done = verify(forged.folder, only=[forged.trial("null").id])
    assert words(done).startswith("refused: ")
    assert "run.json says 30 bins" in words(done)

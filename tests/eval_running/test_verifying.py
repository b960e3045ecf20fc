"""A submitted evaluation is simulated again: what was doctored is noticed, and nothing in it leads outside."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import call
from evaluations import PATIENCE, Bench
from turn_lines import turn_lines

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.records.resimulation import resimulate
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.storage import save_coverage
from dv_agent.designs.language.stimulus import parse_test
from dv_agent.designs.loader import load_design
from dv_agent.eval.scoring.cache import score_trial
from dv_agent.runners.registry import find_simulator


def doctor(path: Path, change: Callable[[Any], None]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def doctor_first_turn(path: Path, change: Callable[[Any], None]) -> None:
    first, *rest = turn_lines(path)
    data = json.loads(first)
    change(data)
    path.write_text("\n".join([json.dumps(data), *rest, ""]))


def trial_of(folder: Path, agent: str) -> Path:
    (path,) = folder.glob(f"trials/tally_{agent}_s0_*")
    return path


def verify(bench: Bench, folder: str, *more: str) -> tuple[int, str]:
    done = call("verify", folder, *more, cwd=bench.folder, env=bench.env, seconds=PATIENCE)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_an_honest_evaluation_passes_and_stays_as_it_is(whole: Bench) -> None:
    before = {file: file.read_bytes() for file in (whole.folder / "one").rglob("*") if file.is_file()}
    code, words = verify(whole, "one")
    assert (code, "6 trials made again, 0 doubts" in words) == (0, True), words
    (whole.folder / "one" / "verification.json").unlink()
    assert before == {file: file.read_bytes() for file in (whole.folder / "one").rglob("*") if file.is_file()}


def test_every_doctored_record_is_named(whole: Bench) -> None:
    folder = whole.folder / "doctored"
    shutil.copytree(whole.folder / "one", folder)
    null, oracle = trial_of(folder, "null"), trial_of(folder, "oracle")
    searched = trial_of(folder, "search")
    drawn = trial_of(folder, "random")
    doctor(null / "kills.json", lambda data: data["outcomes"][0].update(killed=True, check="value", test=0))
    doctor(oracle / "run/run.json", lambda data: data.update(bins_hit=data["bins_hit"] + 1))
    doctor_first_turn(searched / "run/turns.jsonl", lambda data: data["tests"][0]["hits"].append(0))
    stolen = json.loads(turn_lines(oracle / "run/turns.jsonl")[0])["tests"][0]
    doctor_first_turn(drawn / "run/turns.jsonl", lambda data: data["tests"].__setitem__(0, stolen))
    code, words = verify(whole, "doctored")
    assert code == 1
    assert f"{null.name}: seeded bug carry: killed by test 0 (value) is recorded, found survived" in words
    assert f"{oracle.name}: run.json says" in words
    assert f"{searched.name}: test 0:" in words
    assert f"{drawn.name}: turn 0: these are not the tests that its agent proposes" in words
    assert words.count("_s1_") == 2  # their turns; no doubt about them


@pytest.mark.parametrize("kind", ["link", "huge", "path", "design"])
def test_a_hostile_folder_leads_nowhere(whole: Bench, kind: str) -> None:
    folder = whole.folder / f"hostile_{kind}"
    shutil.copytree(whole.folder / "one", folder)
    null = trial_of(folder, "null")
    doctor(folder / "evaluation.json", lambda data: data.update(trials=data["trials"][:1]))
    if kind == "link":
        shutil.move(null / "run", whole.folder / "elsewhere")
        (null / "run").symlink_to(whole.folder / "elsewhere")
    if kind == "huge":
        with (null / "kills.json").open("ab") as file:
            file.truncate(2 << 20)
    if kind in ("path", "design"):
        name = "../../one" if kind == "path" else str(whole.folder / "designs/tally")
        doctor(folder / "evaluation.json", lambda data: data["trials"][0].update(design=name))
    code, words = verify(whole, str(folder))
    assert code == 1
    large = "larger than 1,048,576 bytes"
    expected = {"link": "a link; a submitted", "huge": large, "path": "none of this installation"}
    assert expected.get(kind, "none of this installation") in words


def test_no_trial_spends_more_cycles_than_its_budget(whole: Bench) -> None:
    for trial in (whole.folder / "one" / "trials").iterdir():
        header = json.loads((trial / "run/run.json").read_text())
        tests = [one for line in turn_lines(trial / "run/turns.jsonl") for one in json.loads(line)["tests"]]
        spent = header["spent"]["cycles"]
        assert spent == sum(one["cycles"] for one in tests) <= 1_500
        cut = [one["end"] for one in tests].count("budget")  # the last bin may be hit in the test that is cut
        assert cut == (spent == 1_500 and header["stop_reason"] in ("budget:cycles", "target"))
        assert all(one["cycles"] <= 1_500 for one in json.loads((trial / "kills.json").read_text())["outcomes"])


def test_a_test_that_was_cut_before_the_budget_was_used_up_is_named(whole: Bench) -> None:
    folder = whole.folder / "early"
    shutil.copytree(whole.folder / "one", folder)
    drawn = trial_of(folder, "random")
    doctor_first_turn(
        drawn / "run/turns.jsonl", lambda data: data["tests"][0].update(end="budget", cycles=9, max_cycles=9)
    )
    code, words = verify(whole, "early", "--trial", drawn.name)
    assert (code, f"{drawn.name}: test 0:" in words) == (1, True), words


def test_a_record_of_before_tests_were_cut_is_verified_as_it_is_and_its_last_test_not_counted(whole: Bench) -> None:
    folder = whole.folder / "before"
    shutil.copytree(whole.folder / "one", folder)
    (drawn,) = folder.glob("trials/tally_random_s1_*")  # seed 0 reaches its target first
    path = drawn / "run/turns.jsonl"
    *lines, last = (json.loads(line) for line in turn_lines(path))
    cut = last["tests"][-1]
    home = load_design(whole.folder / "designs/tally")
    plan = plan_of(home)
    with find_simulator("icarus").open(home.design) as session:
        finished = Testbench(home, plan, session).run(parse_test(cut["test"], home.design))
    more = finished.trace.cycles - cut.pop("max_cycles")
    assert more > 0
    hits = finished.sample.hits.nonzero()[0].tolist()
    known = {
        name
        for line in [*lines, last]
        for test in line["tests"]
        if test is not cut
        for name in test.get("new_bins", ())
    }
    fresh = [plan.bins[index].id for index in hits if plan.bins[index].id not in known]
    cut.update(end=finished.trace.end.value, cycles=finished.trace.cycles, hits=hits, new_bins=fresh)
    last["bins_hit"] = len(known) + len(fresh)
    last["spent"]["cycles"] += more
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, last]))
    doctor(
        drawn / "run/run.json",
        lambda data: data.update(bins_hit=last["bins_hit"], spent={**data["spent"], "cycles": 1_500 + more}),
    )
    with find_simulator("icarus").open(home.design) as session:
        again = resimulate(read_run(drawn / "run"), Testbench(home, plan, session))
    assert not again.different
    save_coverage(again.state.coverage, drawn / "run/coverage.json")
    code, words = verify(whole, "before", "--trial", drawn.name)
    assert (code, "1 trial made again, 0 doubts" in words) == (0, True), words
    score = score_trial(drawn, plan, use_cache=False)
    assert (score.coverage.overall.bins_hit, score.coverage.beyond) == (len(known), len(fresh))

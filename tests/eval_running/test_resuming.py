"""An evaluation gives the same results whatever happens to it on the way."""

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

from command import call, start
from evaluations import PATIENCE, Bench, attempts, results

KILLS = int(os.environ.get("DV_AGENT_TEST_KILLS", "3"))


def test_two_jobs_give_what_one_job_gives_and_the_same_command_again_does_nothing(whole: Bench) -> None:
    whole.eval("two", "--jobs", "2")
    assert results(whole.folder / "two") == results(whole.folder / "one")
    before = {file: file.stat().st_mtime_ns for file in (whole.folder / "two").glob("trials/*/trial.json")}
    again = whole.eval("two", "--jobs", "2")
    assert (again["reused"], again["finished"]) == (6, 6)
    assert before == {file: file.stat().st_mtime_ns for file in before}


def test_a_killed_evaluation_goes_on_to_the_same_results(whole: Bench) -> None:
    draw = random.Random(7)
    out = whole.folder / "killed"
    for _ in range(KILLS):
        process = start(*whole.words("killed", "--jobs", "2"), cwd=whole.folder, env=whole.env)
        time.sleep(draw.uniform(0.5, 6.0))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    answer = whole.eval("killed", "--jobs", "2")
    assert answer["finished"] == 6
    assert results(out) == results(whole.folder / "one")


def test_two_commands_at_once_execute_no_trial_twice(whole: Bench) -> None:
    both = [start(*whole.words("both", "--json"), cwd=whole.folder, env=whole.env) for _ in range(2)]
    answers = [json.loads(process.communicate(timeout=PATIENCE)[0]) for process in both]
    assert [answer["finished"] for answer in answers] == [6, 6]
    assert attempts(whole.folder / "both") == [1] * 6
    assert results(whole.folder / "both") == results(whole.folder / "one")


def test_ctrl_c_once_ends_after_the_turns_and_the_same_command_goes_on(whole: Bench) -> None:
    words = whole.words("stopped", "--json")
    process = start(*words, cwd=whole.folder, env=whole.env)
    wait_for(whole.folder / "stopped", "trials/*/trial.json")
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, stderr
    assert "ending after these turns" in stderr
    assert json.loads(stdout)["open"]
    assert whole.eval("stopped")["finished"] == 6
    assert results(whole.folder / "stopped") == results(whole.folder / "one")


def test_a_trial_whose_run_or_kills_are_gone_is_made_again_and_redo_makes_all_again(whole: Bench) -> None:
    shutil.copytree(whole.folder / "one", whole.folder / "torn")
    first, second, *_ = sorted((whole.folder / "torn/trials").iterdir())
    (first / "kills.json").unlink()
    (second / "run/run.json").write_text("{")
    answer = whole.eval("torn")
    assert (answer["reused"], answer["finished"]) == (4, 6)
    assert results(whole.folder / "torn") == results(whole.folder / "one")
    assert whole.eval("torn", "--redo", "--jobs", "2")["reused"] == 0
    assert results(whole.folder / "torn") == results(whole.folder / "one")


def test_seeded_bugs_are_hunted_in_the_trials_of_the_first_seeds_only_where_that_is_asked(whole: Bench) -> None:
    few = whole.eval("few", "--kill-seeds", "1", "--no-floors", "--agent", "random")
    hunted = {trial.name: (trial / "kills.json").is_file() for trial in (whole.folder / "few/trials").iterdir()}
    assert sorted(("_s0_" in name, there) for name, there in hunted.items()) == [(False, False), (True, True)]
    assert few["finished"] == 2
    checked = call("verify", "few", cwd=whole.folder, env=whole.env, seconds=PATIENCE)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    more = whole.eval("few", "--no-floors", "--agent", "random")
    assert more["reused"] == 1
    full = results(whole.folder / "one")
    assert results(whole.folder / "few") == {name: full[name] for name in hunted}


def test_another_budget_is_another_evaluation_and_is_refused_in_the_same_folder(whole: Bench) -> None:
    done = call(*whole.words("one", "--max-calls", "3"), cwd=whole.folder, env=whole.env)
    assert done.returncode == 2
    assert "holds an evaluation of another budget" in done.stderr


def wait_for(folder: Path, pattern: str) -> None:
    ends = time.monotonic() + 60
    while not list(folder.glob(pattern)):
        assert time.monotonic() < ends
        time.sleep(0.02)

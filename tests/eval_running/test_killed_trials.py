"""No score of an evaluation depends on who kills simulators meanwhile."""

import json
import os
import random
import signal
from pathlib import Path

from command import start
from evaluations import PATIENCE, Bench, results
from killing import harass, simulators

from dv_agent.errors import SimulatorCrash, SimulatorLost
from dv_agent.eval.evaluation.data_model import Trial, TrialRecord
from dv_agent.eval.execution.trial_run import failed

KILLS = int(os.environ.get("DV_AGENT_TEST_KILLS", "4"))


def test_trials_whose_simulators_are_killed_score_as_if_nobody_had(whole: Bench) -> None:
    draw, left, number = random.Random(KILLS), KILLS, 0
    while left > 0:
        out = f"harassed{number}"
        process = start(*whole.words(out, "--jobs", "2", "--json"), cwd=whole.folder, env=whole.env)
        left -= harass(process, draw, min(left, 8), 2.0)
        answer, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        again = 0
        while json.loads(answer)["finished"] < 6:  # hit in every try; never scored, and executed again
            assert set(json.loads(answer)["failed"]) <= {"infrastructure"}
            again += 1
            assert again < 4
            answer = json.dumps(whole.eval(out))
        assert results(whole.folder / out) == results(whole.folder / "one")
        number += 1


def test_a_simulator_that_the_machine_takes_away_is_no_fault_of_the_trial(whole: Bench) -> None:
    data = json.loads(next(whole.folder.glob("one/trials/*/trial.json")).read_text())
    record = TrialRecord(trial=Trial.model_validate(data["trial"]), status="running")
    kinds = [failed(record, error).failure for error in (SimulatorLost("killed"), SimulatorCrash("died"))]
    assert [one.kind for one in kinds if one] == ["infrastructure", "simulator"]


def test_an_evaluation_that_is_hung_up_on_ends_after_the_turns_and_leaves_nothing(whole: Bench, tmp_path: Path) -> None:
    words = whole.words("hung-up", "--json", "--max-cycles", "100000000", "--no-floors", "--agent", "random")
    process = start(*words, cwd=whole.folder, env={**whole.env, "TMPDIR": str(tmp_path)})
    while not simulators(process.pid):
        assert process.poll() is None
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, errors
    assert "ending after these turns; SIGHUP again ends it now" in errors
    assert list(tmp_path.iterdir()) == []

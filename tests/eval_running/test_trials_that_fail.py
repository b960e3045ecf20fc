"""A failing trial is data; a broken machine is not the model's fault; a wrong input is one clear message."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from command import call
from evaluations import Bench, results
from loopback import LoopbackServer, ok, status

from dv_agent.agents.budget import Budget
from dv_agent.errors import PrerequisiteError, UsageError
from dv_agent.eval.evaluation.caps import Caps, Gate
from dv_agent.eval.evaluation.data_model import Evaluation, TrialRecord
from dv_agent.eval.evaluation.scheduler import ReuseChoice, run_trials
from dv_agent.eval.evaluation.spec import EvaluationSpec, model_settings
from dv_agent.eval.evaluation.trial_list import plan_trials, write_evaluation
from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.process_executor import LocalExecutor
from dv_agent.eval.execution.trial_run import TrialTask, failed

KEY = {"OPENAI_API_KEY": "sk-very-secret-0123456789"}
REPLY = '```json\n{"tests": [{"tracks": {"in": [{"random": {"count": 30}}]}}]}\n```'


def model_words(server: LoopbackServer, *more: str) -> tuple[str, ...]:
    """Trials of random tests and of a model; nothing here asks which seeded bugs they would kill."""
    model = ("--no-floors", "--agent", "random", "--model", "openai:test-model", "--base-url", server.url)
    return (*model, "--seeds", "1", "--retry-seconds", "0", "--max-calls", "3", "--kill-seeds", "0", *more)


def test_a_dry_run_says_how_much_it_is_and_calls_nobody(bench: Bench) -> None:
    with LoopbackServer([ok(REPLY)]) as server:
        done = call(*bench.words("out", *model_words(server, "--dry-run")), cwd=bench.folder, env=bench.env)
        assert done.returncode == 0, done.stderr
        assert not server.requests
    assert "2 trials, 2 of them to do, 1 of these with a model" in done.stdout
    assert "calls of models: 3 at most" in done.stdout
    assert not (bench.folder / "out").exists()


def test_a_dry_run_counts_the_hunt_for_seeded_bugs_in_its_time(bench: Bench) -> None:
    seconds = [bench.eval("out", "--dry-run", "--kill-seeds", kills)["seconds"] for kills in ("0", "2")]
    assert 3 < seconds[1] / seconds[0] < 6


def test_a_model_that_fails_is_data_apart_from_scores_until_it_is_tried_again(bench: Bench) -> None:
    with LoopbackServer([ok(REPLY), status(500), ok(REPLY)]) as server:
        words = bench.words("out", *model_words(server), "--fail-on-error", "--json")
        done = call(*words, cwd=bench.folder, env={**bench.env, **KEY})
        answer = json.loads(done.stdout)
        assert (done.returncode, answer["finished"], len(answer["failed"])) == (1, 1, 1), done.stderr
        (failure,) = answer["failed"].values()
        assert (failure["kind"], failure["error"]) == ("model", "ModelFailure")
        asked = len(server.requests)
        assert bench.eval("out", *model_words(server), env=KEY)["reused"] == 2
        assert len(server.requests) == asked
        again = bench.eval("out", *model_words(server, "--retry-errors"), env=KEY)
        assert (again["finished"], again["failed"]) == (2, {})
        # The first reply is not asked for again, and the failed call counts as one of three.
        assert (asked, len(server.requests)) == (2, 3)
    texts = [file.read_bytes() for file in (bench.folder / "out").rglob("*") if file.is_file()]
    assert not any(KEY["OPENAI_API_KEY"].encode() in text for text in texts)


def test_a_missing_key_is_told_before_anything_starts(bench: Bench) -> None:
    words = bench.words("out", "--no-floors", "--model", "openai:gpt-5", "--agent", "random", "--seeds", "1")
    done = call(*words, cwd=bench.folder, env=bench.env)
    assert done.returncode == 3
    assert "openai:gpt-5 needs a key, and OPENAI_API_KEY is not set\n  set it in the environment" in done.stderr
    assert not (bench.folder / "out").exists()


def test_what_a_worker_lacks_is_not_the_trials_fault(bench: Bench) -> None:
    (trial, *_) = make_evaluation(bench, ("null",)).trials
    record = TrialRecord(trial=trial, status="running")
    kinds = [
        failed(record, error).failure.kind  # type: ignore[union-attr]
        for error in (PrerequisiteError("no key", "set it"), UsageError("no such option"), OSError("disk"))
    ]
    assert kinds == ["infrastructure", "usage", "infrastructure"]


def make_evaluation(bench: Bench, agents: tuple[str, ...]) -> Evaluation:
    spec = EvaluationSpec(suite=bench.suite, agents=agents, floors=False, seeds=1, budget=Budget(cycles=1500))
    return write_evaluation(plan_trials(spec, "a test"), bench.folder / "out")


class Saboteur:
    """Sends a signal to the worker as soon as a trial began."""

    def __init__(self, number: signal.Signals) -> None:
        self.number, self.events = number, list[Event]()

    def begin(self, trials: object, reused: object) -> None:
        """Nothing yet."""

    def started(self, trial: object) -> None:
        """Wait until it is at work, then strike."""
        time.sleep(0.3)
        for child in children():
            os.kill(child, self.number)

    def event(self, event: Event) -> None:
        """Keep it."""
        self.events.append(event)

    def tick(self) -> None:
        """Nothing to draw."""


def children() -> list[int]:
    lists = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    found = [int(word) for file in lists for word in file.read_text().split()]
    return [pid for pid in found if "execution.worker" in Path(f"/proc/{pid}/cmdline").read_text()]


@pytest.mark.parametrize(("number", "why"), [(signal.SIGKILL, "its process ended"), (signal.SIGSTOP, "told nothing")])
def test_a_worker_that_dies_or_hangs_is_buried_and_its_trial_made_again(
    bench: Bench, number: signal.Signals, why: str
) -> None:
    evaluation, folder = make_evaluation(bench, ("null",)), bench.folder / "out"
    saboteur = Saboteur(number)
    with LocalExecutor(1, silence=1.0) as executor:
        done = run_trials(evaluation, folder, executor, saboteur, ReuseChoice(), Caps())
    (record,) = done.records.values()
    assert record.failure
    assert (record.status, record.failure.kind, record.failure.error) == ("failed", "infrastructure", "WorkerLost")
    assert why in record.failure.message
    assert not children()
    assert bench.eval("out", "--no-floors", "--agent", "null", "--seeds", "1")["finished"] == 1
    assert [parts[0]["status"] for parts in results(folder).values()] == ["finished"]


def test_caps_only_keep_trials_with_a_model_from_starting(tmp_path: Path) -> None:
    model = model_settings("openai:test-model", requests_per_minute=40)
    spec = EvaluationSpec(
        suite="accelerators", agents=("random",), models=(model,), floors=False, seeds=2, designs=("kv_pack",)
    )
    trials = plan_trials(spec, "a test").trials
    plain, asking = ([one for one in trials if bool(one.entry.model) is kind] for kind in (False, True))
    one_call = Gate(Caps(calls_in_flight=1), tmp_path)
    assert one_call.may_start(asking[0], plain) == "now"
    assert one_call.may_start(asking[1], asking[:1]) == "later"
    assert one_call.may_start(plain[0], asking) == "now"
    slow = Gate(Caps(requests_per_minute=60), tmp_path)
    assert [slow.may_start(asking[1], running) for running in ([], asking[:1])] == ["now", "later"]
    assert (slow.pace(asking[0]), slow.pace(plain[0])) == (40, None)  # slower than its share by itself


def test_requests_a_minute_are_shared_and_stay_taken_until_the_last_one_is_old(tmp_path: Path) -> None:
    spec = EvaluationSpec(
        suite="accelerators", models=(model_settings("openai:any"),), floors=False, seeds=4, designs=("kv_pack",)
    )
    trials = plan_trials(spec, "a test").trials
    now = 1_000.0
    gate = Gate(Caps(requests_per_minute=6, calls_in_flight=3), tmp_path, places=8, clock=lambda: now)
    assert gate.pace(trials[0]) == 2  # three at a time
    assert [gate.may_start(trials[3], trials[:some]) for some in range(4)] == ["now", "now", "now", "later"]
    gate.ended(TrialTask(trial=trials[0], folder=tmp_path / "none", checksum=""))
    assert gate.may_start(trials[3], trials[1:3]) == "later"
    now += 31
    assert gate.may_start(trials[3], trials[1:3]) == "now"


def test_a_cap_on_requests_sets_the_pace_of_every_trial_and_makes_no_other_trial_of_it(bench: Bench) -> None:
    words = ("--seeds", "2", "--jobs", "2", "--max-calls", "1", "--requests-per-minute")
    with LoopbackServer([ok(REPLY)]) as server:
        bench.eval("out", *model_words(server), *words, "1200", env=KEY)
        again = bench.eval("out", *model_words(server), *words, "60", env=KEY)
        assert (again["finished"], again["reused"], len(server.requests)) == (4, 4, 2)
    headers = [json.loads(file.read_text()) for file in (bench.folder / "out").glob("trials/*/run/run.json")]
    assert sorted(one["model"]["requests_per_minute"] for one in headers if one["model"]) == [600, 600]
    done = call("verify", "out", cwd=bench.folder, env=bench.env)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("schema_version: 1\nsuite: accelerators\nentries:\n  - {agent: serch}\n", 4, "did you mean search"),
        ("schema_version: 1\nsuite: accelerators\nseeds: 0\n", 3, "too small; expected at least 1"),
        ("suite: accelerators\nentries:\n  - {agent: llm}\n", 3, "agent llm needs a `model`"),
        ("suite: accelerators\nbudget: {cycles: null}\n", 2, "a bound on cycles"),
        ("suite: accelerators\nmodels:\n  - {model: openai:x, temperature: 9}\n", 3, "too large; expected at most 2"),
        ("- 1\n", None, "expected keys such as"),
    ],
)
def test_a_bad_evaluation_file_is_refused_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    done = call("eval", "mine.yaml", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert f"mine.yaml:{line}: " in done.stderr if line else "mine.yaml" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr

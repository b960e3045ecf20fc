"""Logs of Inspect: rows, trials, dialogues and failures of an evaluation; inspect_ai opens them behind a switch."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from evaluations import Bench, make_bench
from in_process import CommandLine
from loopback import LoopbackServer, ok, status

from dv_agent.agents.budget import Budget
from dv_agent.eval.evaluation.scheduler import trial_folder
from dv_agent.eval.evaluation.spec import EvaluationSpec, model_settings
from dv_agent.eval.evaluation.trial_list import plan_trials, write_evaluation
from dv_agent.eval.execution.progress import EventWatcher
from dv_agent.eval.execution.trial_run import Hunters, TrialTask, execute_trial
from dv_agent.eval.execution.worker import AskedToStop
from dv_agent.runners.build.cache import private_cache

NUMBERS = '<b>plan</b>\n```json\n{"tests": [{"tracks": {"in": [{"random": {"count": 30}}]}}]}\n```'
READ = """
import sys
from inspect_ai.log import list_eval_logs, read_eval_log
for info in list_eval_logs(sys.argv[1]):
    log = read_eval_log(info)
    for one in log.samples:
        scores = {name: round(score.as_float(), 3) for name, score in one.scores.items()}
        print(log.status, log.eval.model, one.id, one.epoch, scores, [m.role for m in one.messages], bool(one.error))
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """With an evaluation in ``done``: random tests, a model, and a model that fails; one trial is still open."""
    with pytest.MonkeyPatch.context() as patch, LoopbackServer([ok(NUMBERS), ok(NUMBERS), status(500)]) as server:
        made = make_bench(tmp_path_factory.mktemp("logs"), private_cache(tmp_path_factory.mktemp("cache")), patch)
        patch.setenv("OPENAI_API_KEY", "sk-loopback")
        models = [model_settings(f"openai:{name}", base_url=server.url, retry_seconds=0) for name in ("good", "bad")]
        spec = EvaluationSpec(suite=made.suite, agents=("random",), models=tuple(models), seeds=2, floors=False,
                              budget=Budget(cycles=1500, calls=2))  # fmt: skip
        evaluation = write_evaluation(plan_trials(spec, "a command"), made.folder / "done")
        for trial in evaluation.trials[:4]:
            task = TrialTask(
                trial=trial, folder=trial_folder(made.folder / "done", trial), hunt=False,
                checksum=evaluation.identity.designs[0].checksum,
            )  # fmt: skip
            with Hunters() as hunters:
                execute_trial(task, EventWatcher(trial.id, lambda event: None), AskedToStop(), hunters)
        yield made


@pytest.fixture
def logs(bench: Bench, dv_agent_command: CommandLine) -> Path:
    out = dv_agent_command.folder / "logs"
    done = dv_agent_command("export", str(bench.folder / "done"), str(out), "--as", "inspect", "--json")
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)["files"]) == sorted(file.name for file in out.iterdir())
    return out


def by_model(logs: Path) -> dict[str, Any]:
    found = [json.loads(file.read_text()) for file in logs.iterdir()]
    return {log["eval"]["model"]: log for log in found}


def test_a_log_holds_the_trials_of_a_row_with_scores_and_dialogue(bench: Bench, logs: Path) -> None:
    found = by_model(logs)
    assert set(found) == {"dv-agent/random", "openai/good", "openai/bad"}
    (sample,) = found["openai/good"]["samples"]
    (record,) = (bench.folder / "done").glob("trials/*good*/run/run.json")
    header = json.loads(record.read_text())
    assert (sample["id"], sample["epoch"]) == ("tally", 1)
    assert sample["scores"]["coverage"]["value"] == header["bins_hit"] / header["bins"] > 0
    assert sample["scores"]["coverage"]["explanation"].startswith(f"{header['bins_hit']} of {header['bins']} bins")
    # What the system message says of replies changes after the first turn, so it stands there twice.
    assert [one["role"] for one in sample["messages"]] == ["system", "user", "assistant"] * 2
    assert [one["content"] for one in sample["messages"]][2::3] == [NUMBERS, NUMBERS]
    assert sample["model_usage"] == {"openai/good": {"input_tokens": 200, "output_tokens": 20, "total_tokens": 220}}
    assert found["openai/good"]["status"] == "started"  # its second trial is open
    (score,) = found["openai/good"]["results"]["scores"]
    assert score["metrics"]["mean"]["value"] == sample["scores"]["coverage"]["value"]
    assert "sk-loopback" not in json.dumps(found)


def test_a_trial_that_failed_is_an_error_without_a_score(logs: Path) -> None:
    (sample,) = by_model(logs)["openai/bad"]["samples"]
    assert sample["error"]["message"].startswith("ModelFailure (model)")
    assert by_model(logs)["openai/bad"]["eval"]["created"] == sample["started_at"]
    assert (sample["scores"], by_model(logs)["openai/bad"]["results"]["scores"]) == ({}, [])


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "no evaluation": (lambda folder: folder.mkdir(), "no evaluation.json"),
    "no folder": (lambda folder: None, "no evaluation.json"),
    "torn": (lambda folder: (folder.mkdir(), (folder / "evaluation.json").write_text("{")), "evaluation.json"),
    "a run": (
        lambda folder: (folder.mkdir(), (folder / "run.json").write_text("{}")),
        "takes the folder of an evaluation",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_evaluation_is_one_message(name: str, dv_agent_command: CommandLine) -> None:
    make, message = BAD[name]
    make(dv_agent_command.folder / "given")
    done = dv_agent_command("export", "given", "logs", "--as", "inspect")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert not (dv_agent_command.folder / "logs").exists()


def test_an_evaluation_in_which_nothing_ended_is_told(bench: Bench, dv_agent_command: CommandLine) -> None:
    (dv_agent_command.folder / "new").mkdir()
    (dv_agent_command.folder / "new/evaluation.json").write_text((bench.folder / "done/evaluation.json").read_text())
    done = dv_agent_command("export", "new", "logs", "--as", "inspect")
    assert (done.returncode, "no trial of this evaluation has ended" in done.stderr) == (2, True)


def test_inspect_opens_the_logs(logs: Path) -> None:
    python = os.environ.get("DV_AGENT_TEST_INSPECT")
    if not python:
        pytest.skip("DV_AGENT_TEST_INSPECT names no Python that has inspect_ai")
    done = subprocess.run([python, "-c", READ, str(logs)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = sorted(done.stdout.splitlines())
    assert len(lines) == 4
    assert sum("['system', 'user', 'assistant', 'system', 'user', 'assistant'] False" in line for line in lines) == 1
    assert sum("openai/bad" in line and line.endswith("True") for line in lines) == 1
    assert sum("success dv-agent/random tally" in line for line in lines) == 2

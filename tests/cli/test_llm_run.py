"""`dv-agent run --model` as a real process against a loopback server, through the real SDK."""

import hashlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from command import call, start
from loopback import LoopbackServer, ok, raw, reset, silence, status
from turn_lines import turn_lines

from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.storage import load_coverage
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design

KEY = "sk-very-secret-0123456789"
TESTS = [test.data() for test in load_witnesses(find_design("mxint_softmax"))]
PLAN = plan_of(find_design("mxint_softmax"))
CALLS = int(os.environ.get("DV_AGENT_TEST_CALLS", "6"))
KILLS = int(os.environ.get("DV_AGENT_TEST_KILLS", "4"))


def prompt_of(body: dict[str, Any]) -> str:
    return json.dumps(body["messages"])


def reply_to(body: dict[str, Any]) -> str:
    """A function of the prompt alone, as a model at temperature 0 would be."""
    draw = random.Random(hashlib.sha256(prompt_of(body).encode()).hexdigest())
    return "A plan.\n```json\n" + json.dumps({"tests": draw.sample(TESTS, 3)}) + "\n```"


def slow_reply(body: dict[str, Any]) -> str:
    time.sleep(0.05)
    return reply_to(body)


def words(server: LoopbackServer, *more: str) -> tuple[str, ...]:
    common = ("run", "--design", "mxint_softmax", "--model", "openai:test-model", "--base-url", server.url, "-q")
    return (*common, "--max-calls", str(CALLS), *more)


def only_run(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


def header_of(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "run.json").read_text()))


def outcome(run: Path) -> tuple[object, ...]:
    lines = [json.loads(line) for line in turn_lines(run / "turns.jsonl")]
    tests = [test for line in lines for test in line.get("tests", ())]
    header = header_of(run)
    return tests, json.loads((run / "coverage.json").read_text()), header["bins_hit"], header["spent"]["calls"]


def test_a_run_is_recorded_whole_and_without_a_secret(tmp_path: Path) -> None:
    with LoopbackServer(
        [ok(reply_to, model="test-model-2026"), status(429), ok("no tests today"), ok(reply_to)]
    ) as server:
        done = call(
            *words(server, "--temperature", "0.2", "--llm-seed", "7"), cwd=tmp_path, env={"OPENAI_API_KEY": KEY}
        )
    assert done.returncode == 0, done.stderr
    run = only_run(tmp_path)
    header = header_of(run)
    assert header["returned_models"] == ["test-model-2026", "test-model"]
    assert header["model"]["model"] == "openai:test-model"
    assert header["reproducible"] is False
    assert (header["stop_reason"], header["spent"]["calls"]) == ("budget:calls", CALLS)
    assert header["spent"]["tokens"] == 110 * CALLS
    lines = [json.loads(line) for line in turn_lines(run / "turns.jsonl")]
    replies = [line for line in lines if line["kind"] == "reply"]
    assert len(replies) == CALLS
    assert [len(line["reply"]["attempts"]) for line in replies] == [1, 2, 1, 1, 1, 1]
    assert {body["temperature"] for body in (request.body for request in server.requests)} == {0.2}
    everything = "".join(file.read_text(errors="replace") for file in run.rglob("*") if file.is_file())
    assert KEY not in everything + done.stdout + done.stderr


def test_kill_and_resume_pays_for_no_reply_twice_and_ends_alike(tmp_path: Path) -> None:
    kills = random.Random(20)
    (tmp_path / "unbroken").mkdir()
    with LoopbackServer([ok(slow_reply)]) as server:
        assert call(*words(server), cwd=tmp_path / "unbroken").returncode == 0
        server.requests.clear()
        process = start(*words(server), cwd=tmp_path)
        while not list(tmp_path.glob("runs/*/run.json")):
            time.sleep(0.02)
        run, paid = only_run(tmp_path), set[str]()
        for _ in range(KILLS):
            time.sleep(kills.uniform(0.1, 1.2))
            process.kill()
            process.communicate()
            assert not paid & {prompt_of(request.body) for request in server.requests}
            paid = set(replies(run))
            server.requests.clear()
            process = start("run", "--resume", str(run), "-q", cwd=tmp_path)
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, errors
        assert not paid & {prompt_of(request.body) for request in server.requests}
    assert outcome(run) == outcome(only_run(tmp_path / "unbroken"))
    assert len(replies(run)) == CALLS


def replies(run: Path) -> list[str]:
    """The prompts whose reply stands in the record."""
    path = run / "turns.jsonl"
    whole = path.read_text().split("\n")[:-1] if path.exists() else []
    lines = [json.loads(line) for line in whole]
    return [json.dumps(line["messages"]) for line in lines if line["kind"] == "reply"]


@pytest.mark.parametrize(
    ("behaviour", "code", "message"),
    [
        (status(401), 5, "OPENAI_API_KEY"),
        (status(404), 5, "404"),
        (status(503), 5, "503"),
        (reset(), 5, "dv-agent run --resume"),
        (raw(b"<html>not a model</html>", "text/html"), 5, "/v1"),
    ],
)
def test_a_model_that_fails_ends_the_run_with_its_record(
    tmp_path: Path, behaviour: Any, code: int, message: str
) -> None:
    with LoopbackServer([ok(reply_to), behaviour]) as server:
        done = call(*words(server, "--retry-seconds", "0.5"), cwd=tmp_path, env={"OPENAI_API_KEY": KEY})
        assert done.returncode == code, done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr
        run = only_run(tmp_path)
        header = header_of(run)
        assert (header["status"], header["turns"], header["stop_reason"]) == ("error", 1, "error: ModelFailure")
        covered = load_coverage(PLAN, run / "coverage.json").covered
        assert header["bins_hit"] == int(covered.sum()) > 0
    with LoopbackServer([ok(reply_to)], port=int(server.url.split(":")[2].split("/")[0])) as server:
        more = ("--timeout", "77", "--retry-seconds", "3", "--requests-per-minute", "6000")
        assert call("run", "--resume", str(run), "-q", *more, cwd=tmp_path).returncode == 0
    model = header_of(run)["model"]
    assert header_of(run)["stop_reason"] == "budget:calls"
    assert (model["timeout"], model["retry_seconds"], model["requests_per_minute"]) == (77, 3, 6000)


def test_control_c_while_a_model_is_waited_for(tmp_path: Path) -> None:
    def slow(body: dict[str, Any]) -> str:
        time.sleep(3)
        return reply_to(body)

    with LoopbackServer([ok(slow)]) as server:
        process = start(*words(server), cwd=tmp_path)
        while not server.requests:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    header = header_of(only_run(tmp_path))
    assert (header["status"], header["turns"]) == ("interrupted", 1)


def test_control_c_twice_ends_at_once_and_the_record_is_whole(tmp_path: Path) -> None:
    with LoopbackServer([ok(reply_to), silence(60)]) as server:
        process = start(*words(server), cwd=tmp_path)
        while len(server.requests) < 2:
            time.sleep(0.02)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert time.monotonic() - began < 15
    assert process.returncode == 130
    header = header_of(only_run(tmp_path))
    assert (header["status"], header["turns"], header["spent"]["calls"]) == ("interrupted", 1, 1)


def test_prices_are_named_with_their_date_or_said_to_be_unknown(tmp_path: Path) -> None:
    with LoopbackServer([ok(reply_to)]) as server:
        line = ("run", "--design", "mxint_softmax", "--model", "openai:x", "--base-url", server.url, "--max-calls", "1")
        done = call(*line, "--max-usd", "0.5", cwd=tmp_path)
    assert "1 attempt without a known price (genai-prices" in done.stdout
    assert "; --max-usd did not bound them" in done.stdout
    assert "--max-usd bounds nothing: give --max-tokens-total or --max-calls" in " ".join(done.stderr.split())
    header = header_of(only_run(tmp_path))
    assert header["unpriced_attempts"] == 1
    assert header["versions"]["prices"].startswith("genai-prices")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--agent", "llm"), "the llm agent needs a model"),
        (("--model", "gpt-5"), "provider"),
        (("--model", "openai:x", "--base-url", "ftp://x"), "--base-url"),
        (("--model", "nobody:x"), "nobody"),
    ],
)
def test_wrong_words_about_models_are_one_message(tmp_path: Path, more: tuple[str, ...], message: str) -> None:
    done = call("run", "--design", "mxint_softmax", *more, cwd=tmp_path, env={"OPENAI_API_KEY": KEY})
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_key_is_exit_code_three_and_env_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text("schema_version: 1\ncases:\n  - {design: mxint_gelu}\n")
    for words in (("run", "--design", "mxint_gelu"), ("plan", "--design", "mxint_gelu"), ("hunt", "cases.yaml")):
        done = call(*words, "--model", "openai:x", cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert "OPENAI_API_KEY" in done.stderr
        assert not (tmp_path / "runs").exists(), words  # a run that cannot begin leaves no folder
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\nDV_AGENT_MAX_CALLS=2\n")
    with LoopbackServer([ok(reply_to)]) as server:
        line = ("run", "--design", "mxint_softmax", "--model", "openai:x", "--base-url", server.url, "-q")
        assert call(*line, cwd=tmp_path).returncode == 0
        assert len(server.requests) == 2

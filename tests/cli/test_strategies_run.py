"""Strategies, replay and cache through the command line: real processes, a loopback server, the real SDK."""

import hashlib
import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from command import call
from loopback import LoopbackServer, ok
from turn_lines import turn_lines

from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design

TESTS = [test.data() for test in load_witnesses(find_design("mxint_softmax"))]
KEY = {"OPENAI_API_KEY": "sk-loopback"}


def reply_to(body: dict[str, Any]) -> str:
    """A function of the prompt alone, as a model at temperature 0 would be."""
    draw = random.Random(hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest())
    return "A plan.\n```json\n" + json.dumps({"tests": draw.sample(TESTS, 2)}) + "\n```"


def words(server: LoopbackServer, *more: str, calls: int = 10) -> tuple[str, ...]:
    common = ("run", "--design", "mxint_softmax", "--model", "openai:test-model", "--base-url", server.url, "-q")
    return (*common, "--max-calls", str(calls), "--context-tokens", "64000", *more)


def runs(folder: Path) -> list[Path]:
    return sorted((folder / "runs").iterdir(), key=lambda path: json.loads((path / "run.json").read_text())["started"])


def header(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "run.json").read_text()))


def played(run: Path) -> list[Any]:
    lines = [json.loads(line) for line in turn_lines(run / "turns.jsonl")]
    return [test["test"] for line in lines for test in line.get("tests", ())]


@pytest.mark.parametrize("strategy", ["default", "llm4dv-best"])  # tests/agents holds all of them
def test_a_strategy_holds_a_dialogue_of_ten_turns(strategy: str, tmp_path: Path) -> None:
    with LoopbackServer([ok(reply_to)]) as server:
        done = call(*words(server, "--prompt-strategy", strategy), cwd=tmp_path, env=KEY)
        assert done.returncode == 0, done.stderr
        sent = [request.body["messages"] for request in server.requests]
    (run,) = runs(tmp_path)
    assert (header(run)["strategy"], header(run)["spent"]["calls"]) == (strategy, 10)
    assert header(run)["prompting"]["name"] == strategy
    dialogue = strategy.startswith("llm4dv")
    # System, opening and its answer, three kept exchanges, and the new message.
    most = 10 if dialogue else 2
    assert max(len(messages) for messages in sent) == most
    assert [one["role"] for one in sent[-1]] == ["system", *["user", "assistant"] * (len(sent[-1]) // 2 - 1), "user"]
    if dialogue:
        assert all(messages[1]["content"] == sent[0][1]["content"] for messages in sent)
        assert len(sent[1][-1]["content"]) < len(sent[0][-1]["content"]) / 2


def test_a_strategy_of_ones_own_with_its_own_template(tmp_path: Path) -> None:
    shown = call("prompts", "show", "plain", cwd=tmp_path).stdout
    assert "feedback: none" in shown
    (tmp_path / "words/parts").mkdir(parents=True)
    (tmp_path / "words/parts/ask.jinja").write_text("ASK FOR {{ tests }} TESTS\n")
    (tmp_path / "mine.yaml").write_text("name: mine\ntests: 3\ntemplates: words\nrtl: {show: digest}\n")
    render = ("prompts", "render", "--design", "mxint_softmax", "--strategy", "./mine.yaml")
    done = call(*render, cwd=tmp_path)
    assert done.stdout.rstrip().endswith("ASK FOR 3 TESTS")
    assert "state machine phase: ROW = 3'd0" in done.stdout
    assert "all, estimated" in done.stderr
    sizes = json.loads(call(*render, "--json", cwd=tmp_path).stdout)
    assert sum(part["tokens"] for part in sizes["parts"]) + 16 == sizes["tokens"]
    with LoopbackServer([ok(reply_to)]) as server:
        done = call(*words(server, "--prompt-strategy", "mine.yaml", calls=2), cwd=tmp_path, env=KEY)
        assert done.returncode == 0, done.stderr
        (run,) = runs(tmp_path)
        # It goes on as it was, whatever becomes of the file.
        (tmp_path / "mine.yaml").unlink()
        more = call("run", "--resume", str(run), "--max-calls", "3", "-q", cwd=tmp_path, env=KEY)
        assert more.returncode == 0, more.stderr
        assert all("ASK FOR 3 TESTS" in request.body["messages"][-1]["content"] for request in server.requests)
        assert len(server.requests) == 3
    again = call("prompts", "render", "--run", str(run), "--turn", "1", cwd=tmp_path)
    assert server.requests[1].body["messages"][-1]["content"] in again.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("holes: {show: [nearest]}", r"mine\.yaml:1: holes\.show"),
        ("tests: 4\nhistery: {}", r"mine\.yaml:2: histery"),
        ("templates: nowhere", "no folder 'nowhere' beside the file"),
        ("- a list", "expected keys"),
    ],
)
def test_a_broken_strategy_is_one_message(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    done = call("prompts", "render", "--design", "mxint_softmax", "--strategy", "mine.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert re.search(message, done.stderr), done.stderr
    unknown = call("prompts", "show", "defalt", cwd=tmp_path)
    assert (unknown.returncode, "did you mean default" in unknown.stderr) == (2, True)


def test_a_replay_has_the_same_coverage_and_needs_no_network(tmp_path: Path) -> None:
    with LoopbackServer([ok(reply_to)]) as server:
        assert call(*words(server, "--prompt-strategy", "llm4dv-best", calls=6), cwd=tmp_path, env=KEY).returncode == 0
    (first,) = runs(tmp_path)
    done = call("run", "--model", f"replay:{first}", "-q", "--out", "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (second,) = (tmp_path / "again").iterdir()
    assert played(second) == played(first)
    assert (second / "coverage.json").read_text() == (first / "coverage.json").read_text()
    assert header(second)["bins_hit"] == header(first)["bins_hit"]
    assert header(second)["reproducible"] is True


def edit_reply(run: Path, turn: int, old: str, new: str, key: str) -> None:
    lines = [json.loads(line) for line in turn_lines(run / "turns.jsonl")]
    for line in lines:
        if line["kind"] == "reply" and line["turn"] == turn:
            if key == "prompt":
                line["messages"][-1]["content"] = line["messages"][-1]["content"].replace(old, new)
            else:
                line["reply"]["text"] = line["reply"]["text"].replace(old, new)
    (run / "turns.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_replay_says_where_it_diverges_and_reparse_goes_on(tmp_path: Path) -> None:
    with LoopbackServer([ok(reply_to)]) as server:
        assert call(*words(server, calls=4), cwd=tmp_path, env=KEY).returncode == 0
    (first,) = runs(tmp_path)
    other = tmp_path / "other"
    shutil.copytree(first, other)
    edit_reply(other, 2, "# Progress", "# Advance", "prompt")
    done = call("run", "--model", f"replay:{other}", "-q", "--out", "a", cwd=tmp_path)
    assert done.returncode == 5
    assert "diverges at message 2: line" in done.stderr
    assert "was '# Advance', is '# Progress'" in done.stderr
    shutil.rmtree(other)
    shutil.copytree(first, other)
    edit_reply(other, 1, '{"tests": [', '{"tests": [{"tracks": {"in": [{"idle": 3}]}}, ', "reply")
    done = call("run", "--model", f"replay:{other}", "-q", "--out", "b", cwd=tmp_path)
    assert (done.returncode, "--reparse goes on" in done.stderr) == (5, True)
    done = call("run", "--model", f"replay:{other}", "--reparse", "-q", "--out", "c", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "c").iterdir()
    assert {"tracks": {"in": [{"idle": 3}]}} in played(run)
    assert len(played(run)) == len(played(first)) + 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--model", "replay:nowhere"), "unknown run folder or shipped record 'nowhere'"),
        (("--design", "mxint_softmax", "--reparse"), "needs --model replay:RUN"),
    ],
)
def test_a_replay_of_nothing_is_one_message(tmp_path: Path, more: tuple[str, ...], message: str) -> None:
    done = call("run", *more, cwd=tmp_path)
    assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_only_runs_of_a_model_can_be_replayed(tmp_path: Path) -> None:
    small = ("run", "--design", "mxint_softmax", "--agent", "random", "-q", "--max-cycles", "2000")
    assert call(*small, cwd=tmp_path).returncode == 0
    done = call("run", "--model", f"replay:{runs(tmp_path)[0]}", cwd=tmp_path)
    assert (done.returncode, "asked no language model" in done.stderr) == (2, True)


def test_the_cache_asks_identical_calls_once_and_keeps_seeds_apart(tmp_path: Path) -> None:
    with LoopbackServer([ok(reply_to)]) as server:
        line = words(server, "--cache", "replies.sqlite", calls=3)
        assert call(*line, "--max-cycles", "20000", cwd=tmp_path, env=KEY).returncode == 0
        asked = len(server.requests)
        assert asked == 3
        again = call(*line, "--max-cycles", "20000", "--out", "again", cwd=tmp_path, env=KEY)
        assert again.returncode == 0, again.stderr
        (second,) = (tmp_path / "again").iterdir()
        spent = header(second)["spent"]
        assert len(server.requests) == asked
        assert (spent["calls"], spent["tokens"], spent["usd"]) == (0, 0, 0)
        assert (spent["cached_calls"], spent["cached_tokens"]) == (3, 330)
        assert played(second) == played(runs(tmp_path)[0])
        more = call("run", "--resume", str(second), "--max-calls", "4", "-q", cwd=tmp_path, env=KEY)
        assert more.returncode == 0, more.stderr
        assert (header(second)["spent"]["calls"], len(server.requests)) == (1, asked + 1)
        before = len(server.requests)
        assert call(*words(server, "--cache", "replies.sqlite", "--seed", "1", "--out", "seed1", calls=1), cwd=tmp_path,
                    env=KEY).returncode == 0  # fmt: skip
        assert len(server.requests) == before + 1
    (tmp_path / "broken.sqlite").write_text("this is no database, and long enough to be looked at" * 40)
    with LoopbackServer([ok(reply_to)]) as server:
        done = call(*words(server, "--cache", "broken.sqlite"), cwd=tmp_path, env=KEY)
    assert (done.returncode, "name another file with --cache" in done.stderr) == (2, True)

"""LLM4DV's protocol with a scripted model behind a loopback server: plain numbers, restarts, stop rules."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from command import call
from loopback import LoopbackServer, ok

from dv_agent.agents.records.reader import read_run
from dv_agent.eval.evaluation.data_model import Entry
from dv_agent.eval.verification.same_run import strategy_of
from dv_agent.prompts.strategy import find_strategy

TABLE = Path(__file__).parents[2] / "benchmarks/llm4dv.py"
KEY = {"OPENAI_API_KEY": "sk-very-secret-0123456789"}
SEVERAL = 4  # messages in which the scripted model has something to say
_DOUBLE = re.compile(r"seen\.double\.(-?\d+)\+(-?\d+)")
_SINGLE = re.compile(r"seen\.single\.(-?\d+) ")


def numbers(body: dict[str, Any]) -> str:
    """Addresses with the strides of the holes in the last message; after a few turns words alone."""
    asked = body["messages"][-1]["content"]
    done = re.search(r"(\d+) turns? done", asked)
    if done and int(done[1]) >= SEVERAL:
        return "I have no further idea."
    strides = [(int(a), int(b)) for a, b in _DOUBLE.findall(asked)] + [(int(a),) * 2 for a in _SINGLE.findall(asked)]
    values = [0]
    for pair in strides:
        for turn in range(16):
            values.append(values[-1] + pair[turn % 2])
    return f"Here it is: {values}"


def test_a_scripted_model_plays_the_protocol(tmp_path: Path) -> None:
    with LoopbackServer([ok(numbers)]) as server:
        done = call(
            "eval", "llm4dv", "--protocol", "llm4dv", "--design", "stride_detector", "--model", "openai:scripted",
            "--strategy", "llm4dv-2_II_a_iii.numbers", "--base-url", server.url, "--seeds", "1", "--out", "out",
            "--json", cwd=tmp_path, env=KEY, seconds=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["finished"] == 1
        bodies = [request.body for request in server.requests]
    verified = call("verify", "out", "--json", cwd=tmp_path, seconds=300)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert all((body["temperature"], body["max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"])
               == (0.4, 600) for body in bodies)  # fmt: skip
    assert max(len(body["messages"]) for body in bodies) <= 10
    (trial,) = (tmp_path / "out/trials").iterdir()
    run = read_run(trial / "run")
    assert run.header.prompting is not None
    assert (run.header.prompting.values, run.header.stop_reason) == ("numbers", "converged")
    gains = [sum(len(test.new_bins) for test in turn.tests) for turn in run.turns if turn.usage.calls]
    assert (len(gains), min(gains[:SEVERAL]) > 0) == (SEVERAL + 24, True)  # 25 messages of equal coverage
    assert sum(gains) == run.header.bins_hit
    # After 7 messages with fewer than three bins the dialogue begins anew: the system message and one question.
    starts = [place for place, body in enumerate(bodies) if len(body["messages"]) == 2]
    assert starts == [0, SEVERAL + 6, SEVERAL + 13, SEVERAL + 20]
    told = [line for turn in run.turns for line in turn.errors]
    assert set(told) == {"no list of numbers in the reply; expected [a, b, c, ...]"}
    table = subprocess.run(
        [sys.executable, str(TABLE), "out"], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=True
    ).stdout
    (ours,) = (line.split(" | ") for line in table.splitlines() if "openai:scripted" in line)
    assert ours[1:4] == ["llm openai:scripted llm4dv-2_II_a_iii.numbers", "1", str(run.header.bins_hit)]
    assert (ours[7], ours[8]) == (str(SEVERAL), f"{110 * len(gains):,}")  # messages, tokens
    assert "*Claude 3.5 Sonnet*, log, few-shot; 34 without | | | 100.00 % of 196 | | | 31 | 131 k to 305 k | |" in table


def test_the_protocol_needs_a_model_and_a_name_that_is_known(tmp_path: Path) -> None:
    alone = call("eval", "llm4dv", "--protocol", "llm4dv", "--dry-run", cwd=tmp_path)
    assert (alone.returncode, alone.stderr.count("\n")) == (2, 1)
    assert "played by a model" in alone.stderr
    wrong = call("eval", "llm4dv", "--protocol", "llm4d", "--model", "openai:x", "--dry-run", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "did you mean llm4dv" in wrong.stderr
    plain = call("eval", "llm4dv", "--protocol", "llm4dv", "--model", "openai:x", "--dry-run", "--json", cwd=tmp_path)
    assert json.loads(plain.stdout)["calls"] % (3 * 3 * 700) == 0


def test_verify_knows_strategies_by_code_and_modality_and_takes_no_path_for_one(tmp_path: Path) -> None:
    own = tmp_path / "default.yaml"
    own.write_text("name: default\n", encoding="utf-8")
    known = ("default", "default.all", "llm4dv-best.numbers", "llm4dv-3_IV_a_ii", "llm4dv-2_II_a_iii_few_shot.literal")
    assert [strategy_of(Entry(agent="llm", strategy=name)) == find_strategy(name) for name in known] == [True] * 5
    for name in (str(own), "default.yaml", "./default", "llm4dv-4_II_a_iii", "default.strange", ""):
        assert strategy_of(Entry(agent="llm", strategy=name)) is None

"""`dv-agent run --prompt-strategy structured` as a real process: given, refused, empty; resumed, replayed, reported."""

import json
from pathlib import Path
from typing import Any

import pytest
from command import call
from loopback import LoopbackServer, denies, holds, ok, status
from loopback_schema import schema_of
from turn_lines import turn_lines

from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design

TESTS = [test.data() for test in load_witnesses(find_design("kv_pack"))]
REFUSES = status(400, "response_format of type json_schema is not supported", param="response_format")


def says(body: dict[str, Any]) -> str:
    return json.dumps({"tests": [TESTS[len(body["messages"][-1]["content"]) % len(TESTS)]]})


def words(server: LoopbackServer, calls: int, *more: str) -> tuple[str, ...]:
    common = ("run", "--design", "kv_pack", "--model", "openai:test-model", "--base-url", server.url)
    return (*common, "--prompt-strategy", "structured", "--max-calls", str(calls), *more)


def only(folder: Path) -> Path:
    (run,) = folder.iterdir()
    return run


def lines_of(run: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in turn_lines(run / "turns.jsonl")]
    return [line for line in lines if line["kind"] == kind]


def header(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "run.json").read_text()))


@pytest.mark.parametrize(
    ("behaviour", "counts", "calls", "said", "forms"),
    [
        (holds(says), {"given": 3}, 3, "3 given", ["schema"] * 3),
        (
            denies(REFUSES, ok(says)),
            {"refused": 1, "off": 2},
            3,
            "1 refused by the server",
            ["refused", "text", "text"],
        ),
        (denies(ok(""), ok(says)), {"empty": 2}, 3, "2 came empty", ["schema", "text", "schema"]),
    ],
)
def test_a_run_tells_what_came_of_structured_output(
    tmp_path: Path, behaviour: Any, counts: dict[str, int], calls: int, said: str, forms: list[str]
) -> None:
    with LoopbackServer([behaviour]) as server:
        done = call(*words(server, calls), cwd=tmp_path, env={"OPENAI_API_KEY": "sk-loopback"})
    assert done.returncode == 0, done.stderr
    run = only(tmp_path / "runs")
    assert done.stderr.count("Warning") == 0
    told = header(run)["structured"]
    assert told == counts
    assert header(run)["spent"]["calls"] == calls
    assert [line["reply"]["form"] for line in lines_of(run, "reply")] == forms
    assert "structured output, in turns: " in done.stdout
    assert said in done.stdout
    html = (run / "report.html").read_text()
    assert "Structured output" in html
    assert said in html
    again = call("run", "--model", f"replay:{run}", "-q", "--out", "again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (only(tmp_path / "again") / "coverage.json").read_text() == (run / "coverage.json").read_text()
    assert header(only(tmp_path / "again"))["structured"] == told


def test_rendering_shows_the_very_schema_that_is_sent(tmp_path: Path) -> None:
    with LoopbackServer([holds(says)]) as server:
        done = call(*words(server, 1, "-q"), cwd=tmp_path, env={"OPENAI_API_KEY": "sk-loopback"})
        assert done.returncode == 0, done.stderr
        sent = schema_of(server.requests[0].body)
    render = ("prompts", "render", "--design", "kv_pack", "--strategy", "structured")
    shown = call(*render, cwd=tmp_path)
    text = shown.stdout.split("sent beside the messages #####\n")[1]
    assert {key: sent[key] for key in json.loads(text)} == json.loads(text)
    assert "schema of the reply beside them, where the server counts it" in shown.stderr
    data = json.loads(call(*render, "--json", cwd=tmp_path).stdout)
    assert data["schema"] == json.loads(text)
    assert 1_000 < data["schema_tokens"] < 8_000
    assert "schema" not in json.loads(call(*render[:-1], "default", "--json", cwd=tmp_path).stdout)

"""Replies of real runs by a strong reader pass every stage today; the shipped one closes its design."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from in_process import CommandLine

from dv_agent.agents.llm.reply_parser import parse_reply
from dv_agent.agents.records.reader import read_run
from dv_agent.agents.records.shipped_replies import SHIPPED, shipped_names
from dv_agent.agents.toolbox.arguments import TOOLS
from dv_agent.agents.toolbox.call_parser import read_arguments
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_design
from dv_agent.prompts.strategy import find_strategy

EVERY = os.environ.get("DV_AGENT_TEST_RECORDS") == "1"
"""Whether all recorded dialogues are played, and not only some of each kind; `make test-full` asks for it."""
QUICK = ("hass_spe_llm_87b0af", "lqer_dot_tools_961239")
LEAST = 0.92
"""Share of the bins of then that a replay hits today: plans have grown, and bare resets count no more."""
USED = {"input_tokens": 10_000, "output_tokens": 2_000}
"""Tokens of a reply, which these records have not kept."""
RECORDS = sorted((Path(__file__).parent / "fixtures/strong_readers").glob("*.json"))


def recorded(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def read_again(record: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The tests of each turn, out of its replies or of its calls of the tool that runs tests."""
    folder = find_design(record["design"])
    turns: list[list[dict[str, Any]]] = []
    for reply in record["replies"]:
        calls = [one["arguments"] for one in reply["tool_calls"] if one["name"] == "run_tests"]
        for one in reply["tool_calls"]:
            read_arguments(TOOLS[one["name"]], one["arguments"])
        texts = calls if record["agent"] == "tools" else [reply["text"]]
        parsed = (parse_reply(text, folder.design, folder.schema) for text in texts)
        turns += [[test.data() for test in one.tests] for one in parsed]
    return turns


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_every_recorded_reply_gives_the_recorded_tests(path: Path) -> None:
    record = recorded(path)
    told = [tests for tests in record["tests"] if tests]
    found = [tests for tests in read_again(record) if tests]
    assert len(RECORDS) == 14
    assert len(found) == len(told)
    for now, then in zip(found, told, strict=True):
        # A rule that refused a test then may let it through now; none that ran may be lost.
        assert [test for test in then if test not in now] == []


@pytest.mark.parametrize("path", [one for one in RECORDS if EVERY or one.stem in QUICK], ids=lambda path: path.stem)
def test_a_recorded_dialogue_passes_every_stage_today(
    path: Path, tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    record = recorded(path)
    as_run(record, tmp_path / path.stem)
    done = dv_agent_command("run", "--model", f"replay:{path.stem}", "--reparse", "--json", "--out", "again")
    assert done.returncode == (1 if record["bug"] else 0), done.stderr
    answer = json.loads(done.stdout)
    header, folder = answer["run"], tmp_path / answer["record"]
    assert header["tests"] >= sum(map(len, record["tests"]))
    assert header["bins_hit"] >= LEAST * record["bins_hit"]
    assert (header["failing_tests"] > 0) == bool(record["bug"])
    run = read_run(folder)
    assert len(run.replies) == len(record["replies"])
    later = [line.messages[-1].content for line in run.replies[1:]]
    assert all(text and "(left out)" not in text for text in later)
    page = (folder / "report.html").read_text()
    assert f"{header['bins_hit']}" in page
    again = dv_agent_command("verify", str(folder))
    assert (again.returncode, again.stdout) == (0, "made again: 0 doubts\n")
    if path.stem == QUICK[0]:
        hit, text = header["bins_hit"], (folder / "run.json").read_text()
        (folder / "run.json").write_text(text.replace(f'"bins_hit": {hit}', f'"bins_hit": {hit - 1}'))
        again = dv_agent_command("verify", str(folder))
        assert (again.returncode, f"run.json says {hit - 1} bins" in again.stdout) == (1, True), again.stdout


def as_run(record: dict[str, Any], home: Path) -> None:
    """Write a record as the folder of a run, without its prompts and results."""
    home.mkdir()
    header = {
        "schema_version": 1, "id": home.name, "design": record["design"], "agent": record["agent"],
        "agent_options": {"bug": record["bug"]} if record["bug"] else {}, "seed": 0,
        "strategy": "default", "prompting": find_strategy("default").model_dump(mode="json"),
        "model": {"model": "openai:not-recorded", "context_tokens": 128_000}, "simulator": "icarus",
        "budget": {"cycles": 200_000, "calls": 50}, "status": "finished", "turns": len(record["tests"]),
    }  # fmt: skip
    (home / "run.json").write_text(json.dumps(header))
    lines = [
        {"kind": "reply", "turn": one["turn"], "messages": [{"role": "user", "content": "(left out)"}],
         "reply": {"text": one["text"], "tool_calls": one["tool_calls"], "attempts": [USED]}}
        for one in record["replies"]
    ]  # fmt: skip
    (home / "turns.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def test_the_shipped_record_holds_replies_and_nothing_of_its_prompts_or_machine() -> None:
    assert shipped_names() == ("mxint_softmax",)
    run = read_run(SHIPPED / "mxint_softmax")
    assert [line.messages[0].content for line in run.replies] == ["(left out)"]
    texts = [file.read_text() for file in (SHIPPED / "mxint_softmax").iterdir()]
    assert sum(map(len, texts)) < 20_000
    assert [word for text in texts for word in ("127.0.0.1", "http", "/home", "/root", "/tmp") if word in text] == []


def test_the_shipped_record_closes_the_plan_that_it_saw_without_a_key_and_says_what_differs(
    tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    done = dv_agent_command("run", "--model", "replay:mxint_softmax", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "1 of 1 prompts differ from those of the record: its replies were taken in their order" in done.stdout
    (run,) = (tmp_path / "runs").iterdir()
    header = json.loads((run / "run.json").read_text())
    assert header["agent_options"]["replay"] == "mxint_softmax"
    assert header["agent_options"]["reparse"] is True
    assert (header["spent"]["calls"], header["tests"], header["spent"]["cycles"]) == (1, 9, 37_840)
    assert "the plan has 415 bins; it had 401 when this was recorded, of which the tests hit 401" in done.stdout
    assert (header["bins_hit"], header["bins"]) == (412, len(plan_of(find_design("mxint_softmax")).bins))
    assert header["stop_reason"] == "end_of_record"
    missing = dv_agent_command("run", "--model", "replay:mxint_sofmax")
    assert missing.returncode == 2
    assert "did you mean mxint_softmax?" in missing.stderr

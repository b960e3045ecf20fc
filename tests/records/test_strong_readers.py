"""Replies of real runs by a strong reader are read today as they were then; the shipped one closed task version 1."""

import json
from pathlib import Path
from typing import Any

import pytest
from in_process import CommandLine

from dv_agent.agents.llm.reply_parser import parse_reply
from dv_agent.agents.records.reader import read_run
from dv_agent.agents.records.shipped_replies import SHIPPED, shipped_names
from dv_agent.agents.toolbox.arguments import TOOLS
from dv_agent.agents.toolbox.call_parser import read_arguments
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.loader import find_design
from dv_agent.eval.report.load_run import load_run
from dv_agent.eval.report.recorded_coverage import coverage_of

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


def test_the_shipped_record_holds_replies_and_nothing_of_its_prompts() -> None:
    assert shipped_names() == ("mxint_softmax",)
    run = read_run(SHIPPED / "mxint_softmax")
    assert [line.messages[0].content for line in run.replies] == ["(left out)"] * 2
    assert sum(file.stat().st_size for file in (SHIPPED / "mxint_softmax").iterdir()) < 20_000


def test_the_shipped_record_is_played_without_a_key_and_says_what_differs(
    tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    done = dv_agent_command("run", "--model", "replay:mxint_softmax", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "2 of 2 prompts differ from those of the record: its replies were taken in their order" in done.stdout
    (run,) = (tmp_path / "runs").iterdir()
    header = json.loads((run / "run.json").read_text())
    assert header["agent_options"]["replay"] == "mxint_softmax"
    assert header["agent_options"]["reparse"] is True
    assert (header["spent"]["calls"], header["tests"], header["spent"]["cycles"]) == (2, 15, 20_500)
    # All 401 at task version 1, of which it is a record. Nothing leaves behind its resets, so they count no longer.
    plan = load_plan(find_design("mxint_softmax").path / "plan.yaml")
    covered = coverage_of(load_run(run), plan).coverage
    assert covered is not None
    missed = [plan.bins[index].id for index in covered.open_bins.tolist()]
    assert header["bins_hit"] == 401 - len(missed) == 388
    assert {one.split(".")[0] for one in missed} == {"reset"}
    missing = dv_agent_command("run", "--model", "replay:mxint_sofmax")
    assert missing.returncode == 2
    assert "did you mean mxint_softmax?" in missing.stderr

"""Forged rows of models: tests follow from recorded replies, replies answer our prompts, costs are theirs."""

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from honest import Copy, sending, words
from rerecord import rerecord, turns_of
from turn_lines import turn_lines

from dv_agent.eval.verification.verify import verify


def replied(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["kind"] == "reply"]


def turned(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["kind"] == "turn"]


def test_witnesses_as_the_tests_of_a_model_without_replies_are_refused(forged: Copy) -> None:
    rerecord(forged, "llm", 1, turns_of(forged, "oracle"), "agent_done")
    assert "turn 0 does not follow from the recorded replies" in forged.doubts("llm", 1)


def test_tests_that_no_reply_says_are_refused(forged: Copy) -> None:
    stolen = json.loads(turn_lines(forged.room("oracle") / "run" / "turns.jsonl")[0])["tests"]

    def insert(lines: list[Any]) -> None:
        turned(lines)[0]["tests"].append(stolen[0])
        for index, test in enumerate(test for line in turned(lines) for test in line["tests"]):
            test["index"] = index

    forged.lines("llm", 1, insert)
    assert "turn 0: these are not the tests that its agent proposes" in forged.doubts("llm", 1)


def test_a_reply_that_was_rewritten_is_refused_where_the_next_prompt_tells_of_it(forged: Copy) -> None:
    text = json.dumps({"tests": [sending(15, 15, 14, 14, 15)]})
    forged.lines("llm", 1, lambda lines: replied(lines)[0]["reply"].update(text=text))
    assert "turn 0: these are not the tests" in forged.doubts("llm", 1)


def test_a_prompt_that_tells_more_than_ours_is_refused(forged: Copy) -> None:
    def hint(lines: list[Any]) -> None:
        replied(lines)[0]["messages"][-1]["content"] += "\nSend 15 five times."

    forged.lines("llm", 1, hint)
    assert "the replay diverges at message 0" in forged.doubts("llm", 1)


def test_a_run_of_a_model_that_ends_early_is_refused(forged: Copy) -> None:
    def cut(lines: list[Any]) -> None:
        del lines[-2:]

    forged.lines("llm", 1, cut)
    forged.header("llm", 1, stop_reason="budget:calls", tests=2)
    assert "it ended after 2 turns for no reason" in forged.doubts("llm", 1)


def test_the_replies_of_another_seed_are_refused(forged: Copy) -> None:
    one, other = forged.room("llm", 0), forged.room("llm", 1)
    shutil.copy(one / "run" / "turns.jsonl", other / "run" / "turns.jsonl")
    for name in ("coverage.json", "run.json"):
        shutil.copy(one / "run" / name, other / "run" / name)
    forged.header("llm", 1, seed=1)
    done = verify(forged.folder, only=[forged.trial("llm", 0).id, forged.trial("llm", 1).id])
    assert {"refused"} == {done.verdicts[forged.trial("llm", 1).id]}
    assert f"its replies are those of {one.name}, to the fraction of a second" in words(done)


def in_usage(lines: list[Any]) -> None:
    turned(lines)[0]["usage"]["input_tokens"] = 1
    for line in turned(lines):
        line["spent"]["tokens"] -= 99


def in_replies(lines: list[Any]) -> None:
    for line in replied(lines):
        for attempt in line["reply"]["attempts"]:
            attempt.update(input_tokens=0, output_tokens=0)
    for line in turned(lines):
        line["spent"]["tokens"] = 0
        if "usage" in line:
            line["usage"].update(input_tokens=0, output_tokens=0)


def as_cached(lines: list[Any]) -> None:
    for line in replied(lines):
        line["reply"]["cached"] = True
    for line in turned(lines):
        if "usage" in line:
            line["usage"]["cached"] = True
        for name in ("calls", "tokens", "usd"):
            line["spent"].pop("unpriced", None)
            line["spent"][f"cached_{name}"] = line["spent"].pop(name, 0) or 0  # null where no price is known


COSTS: list[tuple[Callable[[list[Any]], None], str]] = [
    (in_usage, "turn 0: usage is recorded as"),
    (in_replies, "cannot be 0 and 0 tokens"),
    (as_cached, "a reply from a cache, which this row has none of"),
]


@pytest.mark.parametrize(("change", "found"), COSTS)
def test_costs_that_are_not_those_of_the_replies_are_refused(
    forged: Copy, change: Callable[[list[Any]], None], found: str
) -> None:
    forged.lines("llm", 1, change)
    assert found in forged.doubts("llm", 1)


def test_a_header_with_a_lower_cost_or_another_model_is_refused(forged: Copy) -> None:
    path = forged.room("llm", 1) / "run" / "run.json"
    forged.file(path, lambda data: data["spent"].update(tokens=1))
    forged.header("llm", 1, returned_models=["a-better-model"])
    doubts = forged.doubts("llm", 1)
    assert "1 tokens were used, found" in doubts
    assert "names a model that no reply names" in doubts


def test_another_wording_of_prompts_cannot_be_verified(forged: Copy) -> None:
    path = forged.room("llm", 1) / "run" / "run.json"
    forged.file(path, lambda data: data["hashes"].update(prompts="0" * 64))
    doubts = forged.doubts("llm", 1)
    assert doubts.startswith("unverifiable: ")
    assert "prompted by other templates" in doubts


def test_invented_claims_and_reports_are_refused(forged: Copy) -> None:
    path = forged.room("tools", 0) / "run" / "run.json"
    honest = json.loads(path.read_text())
    assert [one["verdict"] for one in honest["claims"]["verdicts"]] == ["right"]
    assert [one["confirmed"] for one in honest["bug_reports"]] == [False]
    forged.file(path, lambda data: data["bug_reports"][0].update(confirmed=True, failure="value on out"))
    assert "the bug reports are not worth what run.json says" in forged.doubts("tools", 0)
    forged.header("tools", 0, bug_reports=honest["bug_reports"], claims={**honest["claims"], "precision": 0.5})
    assert "the claims are not worth what run.json says" in forged.doubts("tools", 0)
    forged.header("tools", 0, claims=honest["claims"], decoys=["sum.low.98", "sum.low.99"])
    assert "2 decoys are recorded, which are not the 1 of this seed" in forged.doubts("tools", 0)
    forged.header("tools", 0, decoys=honest["decoys"], claims=None)
    assert "the claims are not worth" in forged.doubts("tools", 0)


def test_claims_and_tests_that_no_call_of_a_tool_made_are_refused(forged: Copy) -> None:
    claim = {"bin": "sum.low.99", "argument": "it is so"}
    forged.lines("tools", 1, lambda lines: turned(lines)[-1]["claims"].append(claim))
    assert "claims is recorded as" in forged.doubts("tools", 1)
    rerecord(forged, "tools", 1, turns_of(forged, "oracle"), "agent_done")
    assert "turn 0 does not follow from the recorded replies" in forged.doubts("tools", 1)

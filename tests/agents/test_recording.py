"""A reply is on disk before anybody parses it, and one that is there is not paid for again."""

import json
import os
import time
from pathlib import Path

import pytest
from turn_lines import turn_lines

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import CallUsage, Message, ModelSettings, Reply, ScriptedModel
from dv_agent.agents.records.reader import read_run
from dv_agent.agents.records.reply_recorder import RecordingModel
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.designs.language.stimulus import Test
from dv_agent.errors import ModelFailure

HELLO = (Message(role="user", content="hello"),)


def record(folder: Path) -> RunRecord:
    header = RunHeader(
        id="x", started="now", design="mxint_softmax", task_version=1, agent="llm", seed=0, budget=Budget(), target=100,
        simulator="icarus", hashes={}, versions={}, reproducible=False,
    )  # fmt: skip
    return RunRecord(folder, header)


def test_a_reply_is_written_whole_before_it_is_returned(tmp_path: Path) -> None:
    model = RecordingModel(ScriptedModel(["one", "two"]), record(tmp_path))
    assert model.ask(HELLO).text == "one"
    (line,) = turn_lines(tmp_path / "turns.jsonl")
    data = json.loads(line)
    assert (data["kind"], data["turn"], data["reply"]["text"]) == ("reply", 0, "one")
    assert data["messages"] == [{"role": "user", "content": "hello"}]
    (paid,) = read_run(tmp_path).paid
    assert paid.reply.text == "one"


def test_replies_are_forced_to_disk_and_turns_to_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[int] = []
    monkeypatch.setattr(os, "fsync", forced.append)
    clock = iter([0.0, 0.1, 0.2, 0.3, 5.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    written = record(tmp_path)
    counts = []
    for number in range(3):
        written.turn(TurnRecord(turn=number, tests=()))
        assert len(turn_lines(tmp_path / "turns.jsonl")) == number + 1
        counts.append(len(forced))
    written.reply(HELLO, Reply(text="one"))
    counts.append(len(forced))
    written.turn(TurnRecord(turn=3, tests=()))
    assert [*counts, len(forced)] == [1, 1, 1, 2, 3]


def test_a_paid_reply_answers_the_first_call_and_is_not_written_twice(tmp_path: Path) -> None:
    scripted = ScriptedModel(["new"])
    model = RecordingModel(scripted, record(tmp_path), paid=[Reply(text="oldest"), Reply(text="old")])
    assert [model.ask(HELLO).text for _ in range(3)] == ["oldest", "old", "new"]
    assert len(scripted.asked) == 1
    assert len(turn_lines(tmp_path / "turns.jsonl")) == 1


class Failing:
    """A model that gives up."""

    settings = ModelSettings(model="openai:none")

    def ask(self, messages: object, tools: object = (), output: object = None) -> Reply:
        raise ModelFailure("gave up", (CallUsage(input_tokens=5, error="RateLimit", status=429),))


def test_what_a_failed_call_cost_is_recorded(tmp_path: Path) -> None:
    with pytest.raises(ModelFailure, match="gave up"):
        RecordingModel(Failing(), record(tmp_path)).ask(HELLO)
    run = read_run(tmp_path)
    assert run.paid == ()
    assert [line.reply.attempts[0].input_tokens for line in run.failed] == [5]


@pytest.mark.parametrize("note", ["plain", "caf\u00e9", "half \ud83d", "a\x01b\x7f", '"quoted" \\ {"x":1}'])
def test_a_turn_is_written_as_the_json_of_its_data_whatever_its_texts_hold(tmp_path: Path, note: str) -> None:
    steps = ({"row": [{"m": [1, -2], "e": 1 << 70}], "gap": note},)
    test = TestRecord(test=Test(name="one", tracks={"in": steps}), index=0, cycles=7, hits=(1, 4))
    turn = TurnRecord(turn=0, tests=(test,), bins_hit=0)
    record(tmp_path).turn(turn)
    (line,) = turn_lines(tmp_path / "turns.jsonl")
    data = {"kind": "turn", **turn.model_dump(mode="json", exclude_defaults=True)}
    assert line == json.dumps(data, separators=(",", ":"))

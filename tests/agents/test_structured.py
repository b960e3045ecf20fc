"""Structured output as the agent `llm` asks for it: real Icarus, and the real SDK against a loopback server."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from loopback import Behaviour, Body, LoopbackServer, denies, holds, ok, status
from turn_lines import turn_lines

from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.agent import LlmAgent
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.reply_cache import CachingModel
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.recorded_model import RecordedAgent, RecordedModel
from dv_agent.agents.records.reply_recorder import RecordingModel
from dv_agent.agents.records.resimulation import resimulate
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TurnRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design
from dv_agent.errors import ModelFailure
from dv_agent.prompts.strategy import find_strategy

TESTS = [  # without notes, which the schema does not ask for
    {key: value for key, value in test.data().items() if key != "note"}
    for test in load_witnesses(find_design("mxint_softmax"))
]
STRATEGY = find_strategy("structured")
REFUSES = status(400, "response_format is not supported", param="response_format")


def says(body: Body) -> str:
    """One test a turn, another one each turn."""
    place = len(body["messages"][-1]["content"]) % len(TESTS)
    return json.dumps({"tests": [TESTS[place]]})


@dataclass
class Session:
    """A run that ended."""

    run: RecordedRun
    server: LoopbackServer

    @property
    def asked(self) -> list[bool]:
        """For every request, whether it wanted structured output."""
        return ["response_format" in request.body for request in self.server.requests]

    @property
    def turns(self) -> list[TurnRecord]:
        """The turns in which the model was asked."""
        return [turn for turn in self.run.turns if turn.prompt_tokens]

    @property
    def came(self) -> list[str]:
        return [turn.structured for turn in self.turns]


Play = Callable[..., Session]


@pytest.fixture
def play(bench: Testbench, tmp_path: Path) -> Play:
    """Plays a run in `tmp_path`, or goes on with the one that stands there."""

    def started(script: Sequence[Behaviour], budget: Budget, cache: Path | None = None, port: int = 0) -> Session:
        past = read_run(tmp_path / "run") if (tmp_path / "run/run.json").exists() else None
        (tmp_path / "run").mkdir(exist_ok=True)
        with LoopbackServer(script, port) as server:
            given: dict[str, Any] = {"retry_seconds": 0.0, "context_tokens": 64_000}
            model = LangChainModel(ModelSettings(model="openai:test-model", base_url=server.url, **given))
            record = RunRecord(tmp_path / "run", header(model.settings, budget), len(past.turns) if past else 0)
            paid = [line.reply for line in past.paid] if past else []
            recording = RecordingModel(CachingModel(model, cache, 0) if cache else model, record, paid)
            state = resimulate(past, bench).state if past else RunState(empty_coverage(bench.plan))
            run(LlmAgent(recording, STRATEGY), bench, state, budget, Limits(), record)
        return Session(read_run(tmp_path / "run"), server)

    return started


def header(settings: ModelSettings, budget: Budget) -> RunHeader:
    return RunHeader(
        id="structured", started="2026-11-20T12:00:00+00:00", design="mxint_softmax", task_version=1, agent="llm",
        model=settings, strategy="structured", prompting=STRATEGY, seed=0, budget=budget, target=100.0,
        simulator="icarus", hashes={}, versions={}, reproducible=False,
    )  # fmt: skip


def test_a_reply_that_was_held_to_the_schema_is_recorded_and_runs(play: Play) -> None:
    session = play([holds(says)], Budget(calls=3))
    assert session.asked == [True] * 3
    assert session.came == ["given"] * 3
    assert session.run.header.structured == {"given": 3}
    assert session.run.header.spent.calls == 3
    assert all(turn.tests and not turn.dropped for turn in session.turns)
    assert [(line.reply.form, len(line.output)) for line in session.run.replies] == [("schema", 16)] * 3
    assert "One JSON object and nothing else" in session.server.requests[0].body["messages"][0]["content"]


def test_a_server_that_refuses_is_asked_once_in_vain_and_costs_no_call(play: Play) -> None:
    session = play([denies(REFUSES, ok(says))], Budget(calls=3))
    assert session.asked == [True, False, False, False]
    assert session.came == ["refused", "off", "off"]
    assert session.run.header.structured == {"refused": 1, "off": 2}
    assert (session.run.header.spent.calls, session.run.header.spent.tokens) == (3, 330)
    assert [line.reply.form for line in session.run.replies] == ["refused", "text", "text"]
    assert [len(line.reply.attempts) for line in session.run.replies] == [2, 1, 1]
    assert all(turn.tests for turn in session.turns)


@pytest.mark.parametrize("nothing", ["", "{}", " null\n"])
def test_where_nothing_comes_plain_text_is_asked_for_and_both_calls_are_counted(play: Play, nothing: str) -> None:
    session = play([denies(ok(nothing), ok(says))], Budget(calls=6))
    assert session.asked == [True, False, True, False, False, False]
    assert session.came == ["empty", "empty", "off", "off"]
    assert session.run.header.structured == {"empty": 2, "off": 2}
    assert (session.run.header.spent.calls, session.run.header.spent.tokens) == (6, 660)
    assert [turn.usage.calls for turn in session.turns] == [2, 2, 1, 1]
    assert [line.turn for line in session.run.replies] == [0, 0, 1, 1, 2, 3]
    assert all(turn.tests for turn in session.turns)


@pytest.mark.parametrize("budget", [Budget(calls=1), Budget(calls=9, tokens=30_000)])
def test_an_empty_reply_is_not_asked_for_again_where_the_budget_cannot_hold_it(play: Play, budget: Budget) -> None:
    used = {"prompt_tokens": 26_000, "completion_tokens": 0, "total_tokens": 26_000}
    session = play([denies(ok("", usage=used), ok(says))], budget)
    assert session.asked == [True]
    assert session.came[0] == "empty"
    assert session.turns[0].tests == ()
    assert session.turns[0].dropped == {"empty": 1}
    assert session.run.header.stop_reason in ("budget:calls", "budget:tokens")


def test_a_cut_reply_is_no_sign_against_structured_output(play: Play) -> None:
    session = play([ok("", finish_reason="length"), holds(says)], Budget(calls=2))
    assert (session.asked, session.came) == ([True, True], ["given", "given"])
    assert session.turns[0].dropped == {"truncated": 1, "empty": 1}


def test_what_breaks_the_schema_is_parsed_like_any_reply(play: Play) -> None:
    session = play([ok('Here: ```json\n{"tests": [{"tracks": {"in": [{"idle": 0}]}}]}\n```')], Budget(calls=1))
    assert session.came == ["given"]
    assert session.turns[0].dropped == {"invalid": 1}


def test_a_run_that_was_killed_between_both_calls_pays_for_neither_twice(play: Play, tmp_path: Path) -> None:
    server = [denies(ok(""), ok(says))]
    whole = play(server, Budget(calls=4))
    lines = (tmp_path / "run/turns.jsonl").read_text().splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in turn_lines(tmp_path / "run/turns.jsonl")]
    assert kinds == ["reply", "reply", "turn", "reply", "reply", "turn"]
    for kept, asked in ((1, [False, True, False]), (2, [True, False]), (4, [False]), (5, [])):
        (tmp_path / "run/turns.jsonl").write_text("".join(lines[:kept]))
        again = play(server, Budget(calls=4))
        assert again.asked == asked, kept
        assert again.came == whole.came
        assert [turn.tests for turn in again.turns] == [turn.tests for turn in whole.turns]
        assert again.run.header.spent.calls == 4
        assert again.run.header.structured == whole.run.header.structured


def test_a_replay_asks_the_same_and_says_where_the_schema_is_another(
    play: Play, bench: Testbench, tmp_path: Path
) -> None:
    first = play([denies(ok(""), ok(says))], Budget(calls=5)).run
    again = replayed(first, bench, tmp_path / "again")
    assert [turn.tests for turn in again.turns] == [turn.tests for turn in first.turns]
    assert again.header.structured == first.header.structured
    assert again.header.spent.calls == 5
    other = [line.model_copy(update={"output": "0" * 16 if line.output else ""}) for line in first.replies]
    changed = RecordedRun(first.folder, first.header, first.turns, tuple(other), first.size)
    with pytest.raises(ModelFailure, match="diverges at message 0: the schema of the reply"):
        replayed(changed, bench, tmp_path / "diverges")
    assert replayed(changed, bench, tmp_path / "reparsed", reparse=True).turns[0].tests == first.turns[0].tests


def replayed(past: RecordedRun, bench: Testbench, room: Path, reparse: bool = False) -> RecordedRun:
    room.mkdir()
    model = RecordedModel(past, reparse)
    record = RunRecord(room, past.header)
    agent = RecordedAgent(past, model, LlmAgent(RecordingModel(model, record), STRATEGY), reparse)
    run(agent, bench, RunState(empty_coverage(bench.plan)), past.header.budget, Limits(), record)
    return read_run(room)


def test_a_cache_keeps_structured_and_plain_replies_apart(play: Play, tmp_path: Path) -> None:
    first = play([denies(ok(""), ok(says))], Budget(calls=2), tmp_path / "cache.sqlite")
    assert first.asked == [True, False]
    port = int(first.server.url.split(":")[2].split("/")[0])
    for name in ("run.json", "turns.jsonl"):
        (tmp_path / "run" / name).unlink()
    again = play([status(500)], Budget(calls=2), tmp_path / "cache.sqlite", port)
    assert (again.asked, again.came) == ([], ["empty"])
    spent = again.run.header.spent
    assert (spent.calls, spent.cached_calls, spent.cached_tokens) == (0, 2, 220)
    assert again.turns[0].tests == first.turns[0].tests

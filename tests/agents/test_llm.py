"""The agent `llm` with a scripted model on the real RTL: it closes bins, is told its mistakes, keeps to its budget."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.agent import LlmAgent
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.models.chat_model import CallUsage, Message, ModelSettings, Reply, ScriptedModel
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord, new_folder
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.totals import overall_totals
from dv_agent.errors import ModelFailure, UnknownNameError, UsageError
from dv_agent.prompts.view import View


def reply(*tests: dict[str, Any]) -> str:
    return f"- aim at what is open\n```json\n{json.dumps({'tests': tests})}\n```"


WIDE = reply({"name": "wide", "seed": 1, "tracks": {"in": [{"random": {"count": 40}}], "out": [{"stall": 30}]}})
FAULTY = reply(
    {"name": "typo", "tracks": {"in": [{"row": [{"m": 1, "exp": 0}]}]}},
    {"name": "six rows of one beat", "tracks": {"in": [{"repeat": 6, "steps": [{"row": [{"m": 3, "e": -2}]}]}]}},
)
SWEEP = reply(
    {
        "name": "lengths",
        "tracks": {"in": [{"for": {"i": [0, 7]}, "steps": [{"row": [{"m": 9, "e": 0, "times": "8 - i"}]}]}]},
    }
)


def drive(model: ScriptedModel, bench: Testbench, turns: int) -> tuple[list[RunState], list[Proposal]]:
    agent, state = LlmAgent(model), RunState(empty_coverage(bench.plan))
    states, proposals = [state], []
    for _ in range(turns):
        proposals.append(agent.propose(make_view(bench, states[-1], Budget())))
        state, _turn = advance(states[-1], proposals[-1], bench, Budget())
        states.append(state)
    return states, proposals


def user(model: ScriptedModel, turn: int) -> str:
    return model.asked[turn][1].content


def test_three_turns_close_bins_and_mistakes_are_told(bench: Testbench) -> None:
    model = ScriptedModel([WIDE, FAULTY, SWEEP])
    states, proposals = drive(model, bench, 3)
    hit = [overall_totals(state.coverage).bins_hit for state in states]
    assert hit[0] == 0
    assert 150 < hit[1] < hit[2] < hit[3]
    assert [len(one.tests) for one in proposals] == [1, 1, 1]
    assert proposals[1].dropped == {"invalid": 1}
    (error,) = proposals[1].errors
    assert error.startswith('tests[0] "typo": tracks.in[0].row[0].exp: unknown key')
    assert error in user(model, 2)
    assert error not in user(model, 1)
    assert '"six rows of one beat"' in user(model, 2)
    closed = {bench.plan.bins[index].id for index in states[3].last[0].new_bins}
    assert "row.lengths.falling" in closed


def test_the_next_prompt_follows_from_the_view_alone(bench: Testbench) -> None:
    model = ScriptedModel([WIDE, FAULTY, SWEEP])
    states, proposals = drive(model, bench, 3)
    again = LlmAgent(ScriptedModel([SWEEP])).propose(make_view(bench, states[2], Budget()))
    assert again == proposals[2]


def test_a_proposal_carries_what_a_record_needs(bench: Testbench) -> None:
    model = ScriptedModel([WIDE])
    _, (proposal,) = drive(model, bench, 1)
    assert proposal.raw == WIDE
    assert proposal.prompt is not None
    assert proposal.reply is not None
    assert proposal.prompt.messages == model.asked[0]
    assert [one.role for one in proposal.prompt.messages] == ["system", "user"]
    assert {"contract", "specification", "holes"} <= {part.name for part in proposal.prompt.parts}
    assert (proposal.prompt.strategy, len(proposal.prompt.templates)) == ("default", 64)
    assert (proposal.reply.model, proposal.reply.finish_reason) == ("scripted", "stop")
    assert proposal.usage.calls == 1
    assert proposal.usage.input_tokens > 5_000
    assert Proposal.model_validate_json(proposal.model_dump_json()) == proposal


def test_a_small_context_cuts_the_prompt_and_says_so(bench: Testbench) -> None:
    model = ScriptedModel([WIDE], context_tokens=9_000)
    _, (proposal,) = drive(model, bench, 1)
    assert proposal.prompt is not None
    assert proposal.prompt.tokens <= 9_000 - model.settings.reply_tokens
    assert {cut.part for cut in proposal.prompt.cut} >= {"holes"}
    assert '{"tests": [TEST' in model.asked[0][0].content
    with pytest.raises(UsageError, match="raise context_tokens"):
        drive(ScriptedModel([WIDE], context_tokens=1_500), bench, 1)
    with pytest.raises(UnknownNameError):
        LlmAgent(model, "no such strategy")


@pytest.mark.parametrize(
    ("text", "finish", "said"),
    [
        ("", "stop", "the reply was empty"),
        ("I cannot help with that.", "stop", "no test in the reply"),
        (WIDE[:60], "length", "ran into the limit of output tokens"),
    ],
)
def test_a_useless_reply_is_no_error_and_the_next_prompt_says_why(
    bench: Testbench, text: str, finish: str, said: str
) -> None:
    model = Answering(Reply(text=text, finish_reason=finish, attempts=(CallUsage(input_tokens=9),)))
    agent, state = LlmAgent(model), RunState(empty_coverage(bench.plan))
    proposal = agent.propose(make_view(bench, state, Budget()))
    assert (proposal.tests, proposal.done) == ((), False)
    state, _ = advance(state, proposal, bench, Budget())
    agent.propose(make_view(bench, state, Budget()))
    assert said in model.asked[1][1].content
    assert "The last turn ran no test." in model.asked[1][1].content


# Budgets -----------------------------------------------------------------------------------------------------


class Answering:
    """A model with one answer, or one failure."""

    def __init__(self, answer: Reply | ModelFailure, max_tokens: int = 1_000) -> None:
        self.settings = ModelSettings(model="test:answering", max_tokens=max_tokens)
        self.asked: list[tuple[Message, ...]] = []
        self._answer = answer

    def ask(self, messages: Sequence[Message], tools: object = (), output: object = None) -> Reply:
        self.asked.append(tuple(messages))
        if isinstance(self._answer, ModelFailure):
            raise self._answer
        return self._answer


def first_view(bench: Testbench, **left: float) -> View:
    return replace(make_view(bench, RunState(empty_coverage(bench.plan)), Budget()), budget_left=left)


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        ({"calls": 0}, "budget:calls"),
        ({"tokens": 5_000}, "budget:tokens"),
        ({"calls": 9, "tokens": 9_500}, "budget:tokens"),
        ({"usd": 0}, "budget:usd"),
        ({"usd": 0.09}, "budget:usd"),
        ({"usd": 0.5, "tokens": 50_000, "calls": 1, "cycles": 1}, ""),
        ({}, ""),
    ],
)
def test_no_call_begins_that_the_budget_cannot_hold(bench: Testbench, left: dict[str, float], reason: str) -> None:
    model = Answering(Reply(text=WIDE))
    proposal = LlmAgent(model, price=lambda usage: (usage.input_tokens + usage.output_tokens) / 100_000).propose(
        first_view(bench, **left)
    )
    assert proposal.stop_reason == reason
    assert proposal.done == bool(reason)
    assert len(model.asked) == (not reason)
    assert proposal.usage.calls == len(model.asked)


def test_failed_attempts_are_paid_for_and_recorded(bench: Testbench) -> None:
    attempts = (
        CallUsage(input_tokens=100, error="Timeout", counted_by="estimate", usd=0.25),
        CallUsage(error="RateLimit", status=429, counted_by="nobody"),
        CallUsage(input_tokens=100, output_tokens=30, usd=0.5),
    )
    proposal = LlmAgent(Answering(Reply(text=WIDE, attempts=attempts))).propose(first_view(bench))
    usage = proposal.usage
    assert (usage.calls, usage.input_tokens, usage.output_tokens, usage.usd) == (1, 200, 30, 0.75)
    assert proposal.reply is not None
    assert proposal.reply.attempts == attempts


def test_a_model_that_fails_for_good_ends_the_run(bench: Testbench) -> None:
    with pytest.raises(ModelFailure, match="no answer"):
        LlmAgent(Answering(ModelFailure("no answer"))).propose(first_view(bench))


def test_nothing_is_asked_when_nothing_is_open(bench: Testbench) -> None:
    model = Answering(Reply(text=WIDE))
    proposal = LlmAgent(model).propose(replace(first_view(bench), holes=()))
    assert (proposal.done, proposal.stop_reason, model.asked) == (True, "no_holes", [])


def test_the_loop_ends_when_the_calls_are_used_up(bench: Testbench, tmp_path: Path) -> None:
    budget = Budget(calls=2)
    header = RunHeader(
        id="x", started="now", design="mxint_softmax", task_version=1, agent="llm", seed=0, budget=budget, target=100,
        simulator="icarus", hashes={}, versions={}, reproducible=True,
    )  # fmt: skip
    record = RunRecord(new_folder(tmp_path, "mxint_softmax", "llm", "scripted"), header)
    model = ScriptedModel([WIDE, SWEEP])
    state = run(LlmAgent(model), bench, RunState(empty_coverage(bench.plan)), budget, Limits(), record)
    assert state.spent.calls == 2 == len(model.asked)
    assert state.done

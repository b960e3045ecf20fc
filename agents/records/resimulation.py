"""Simulation of a recorded run again, to resume it or to score it anew. No model is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.models.chat_model import Message
from dv_agent.agents.proposal import PromptRecord, Proposal
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TurnRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.text.wording import numbered
from dv_agent.designs.trace import End
from dv_agent.errors import UsageError

UNLIMITED = Budget(cycles=None, calls=None)
TOOLS = "tools"


@dataclass(frozen=True, slots=True)
class Resimulated:
    """The result of simulating a record again.

    Attributes:
        different: indices of tests that hit other bins, or ended differently, than recorded.
    """

    state: RunState
    different: tuple[int, ...]


def resimulate(
    run: RecordedRun, bench: Testbench, agent: Agent | None = None, on_turn: Callable[[int, int], None] | None = None
) -> Resimulated:
    """Simulate all recorded tests in their order.

    Args:
        agent: an agent without a model that will continue the run; its `propose` is called in every turn to rebuild its
            state, and its proposals must equal the recorded ones.
        on_turn: called with the number of turns done and the total number.

    Raises:
        UsageError: `agent` proposes something else: it is not the agent of the record.
    """
    state, different = RunState(empty_coverage(bench.plan)), list[int]()
    # The dialogue of an agent with tools is not part of the view.
    replies = {} if run.header.agent == TOOLS else {line.turn: line for line in run.replies if not line.failure}
    for number, turn in enumerate(run.turns):
        state = replace(state, spent=with_failed_calls(state.spent, run, number))
        if agent is not None:
            proposal = agent.propose(make_view(bench, state, turn.budget))
            if not _is_recorded(proposal, turn):
                reason = why_different(run, different) or f"turn {number} was proposed by another version of this agent"
                raise UsageError(f"{run.folder}: {reason}; the run cannot be resumed, only rescored")
        line = replies.get(turn.turn)
        said = (line.messages, line.reply.text) if line else None
        state, again = advance(state, recorded_proposal(turn, said), bench, UNLIMITED)
        state = replace(state, spent=state.spent.model_copy(update={"seconds": turn.spent.seconds}))
        different += different_tests(turn, again)
        if on_turn:
            on_turn(number + 1, len(run.turns))
    return Resimulated(replace(state, spent=with_failed_calls(state.spent, run, len(run.turns))), tuple(different))


def recorded_proposal(turn: TurnRecord, said: tuple[tuple[Message, ...], str] | None) -> Proposal:
    """Return the proposal of a recorded turn; tests beyond the budget were never run and are not recorded.

    Args:
        said: the messages sent to the model, and its reply as received.
    """
    tests = tuple(record.test for record in turn.tests)
    plain = Proposal(
        tests=tests, limits=limits_of(turn), look=turn.look, usage=turn.usage, errors=turn.errors, dropped=turn.dropped,
        tool_uses=turn.tool_uses, claims=turn.claims, bug_reports=turn.bug_reports, structured=turn.structured,
        by_hand=turn.by_hand,
        repaired=turn.repaired, silence=turn.silence,
    )  # fmt: skip
    if said is None:
        return plain
    prompt = PromptRecord(
        messages=said[0], parts=turn.parts, cut=turn.cut, tokens=turn.prompt_tokens, strategy="", templates=""
    )
    return plain.model_copy(update={"prompt": prompt, "raw": clean(said[1])})


def limits_of(turn: TurnRecord) -> tuple[int | None, ...]:
    """Return for each test of a recorded turn the cycle limit at which the budget cut it, or None."""
    return tuple(record.max_cycles for record in turn.tests)


def different_tests(turn: TurnRecord, again: TurnRecord) -> list[int]:
    """Return indices of the tests that hit other bins, or ended differently, than recorded in `turn`."""
    pairs = zip(turn.tests, again.tests, strict=True)
    return [old.index for old, new in pairs if (old.hits, old.end) != (new.hits, new.end)]


def why_different(run: RecordedRun, different: Sequence[int]) -> str:
    """Why tests give another result now than recorded; empty if there are none."""
    dead = [index for index in different if run.test(index).end in (End.CRASHED, End.HUNG)]
    if dead:
        return (
            f"test {dead[0]} is recorded as {run.test(dead[0]).end}, but it does not end like that: its simulator was "
            "killed from outside when it was recorded"
        )
    return f"other results now in {numbered('test', different)}" if different else ""


def _is_recorded(proposal: Proposal, turn: TurnRecord) -> bool:
    tests = tuple(record.test for record in turn.tests)
    return proposal.tests[: len(tests)] == tests


def with_failed_calls(spent: Spent, run: RecordedRun, turn: int) -> Spent:
    """Return `spent` plus the cost of calls in `turn` that ended without a reply."""
    attempts = [attempt for line in run.failed if line.turn == turn for attempt in line.reply.attempts]
    return spent.model_copy(
        update={
            "calls": spent.calls + len(attempts),
            "tokens": spent.tokens + sum(one.input_tokens + one.output_tokens for one in attempts),
            "usd": spent.usd + sum(one.usd or 0.0 for one in attempts),
            "unpriced": spent.unpriced + sum(one.usd is None for one in attempts),
        }
    )

"""Replay of a recorded run as a model: returns the recorded replies to the same prompts, without network access."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.agent import LlmAgent, messages_of, prompt_of, schema_of
from dv_agent.agents.llm.call_budget import bound_too_small
from dv_agent.agents.llm.manual_turn import ManualTurn
from dv_agent.agents.models.chat_model import Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.resimulation import TOOLS, limits_of
from dv_agent.agents.records.schema import ReplyLine
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ModelFailure, UsageError
from dv_agent.prompts.view import View

EXCERPT = 90
END_OF_RECORD = "end_of_record"
"""Why a replay ends that has said all recorded replies."""


class RecordedModel:
    """Returns the recorded replies in order, and checks that each prompt equals the recorded one.

    Args:
        run: a run of a language model.
        reparse: whether prompts may differ, because replies may now be parsed differently.

    Raises:
        UsageError: the run used no model.
    """

    def __init__(self, run: RecordedRun, reparse: bool = False) -> None:
        if run.header.model is None:
            raise UsageError(
                f"{run.folder} asked no language model; its tests can be run again with `dv-agent rescore`"
            )
        self.settings: ModelSettings = run.header.model.model_copy(update={"model": f"replay:{run.header.id}"})
        self._lines = [line for line in run.replies if not line.failure]
        self._reparse = reparse
        self.asked = self.differing = 0

    @property
    def is_over(self) -> bool:
        """Return whether all recorded replies have been returned."""
        return self.asked >= len(self._lines)

    @property
    def next_turn(self) -> int | None:
        """Return the turn of the next reply."""
        return None if self.is_over else self._lines[self.asked].turn

    @property
    def next(self) -> ReplyLine | None:
        """Return the next reply with its prompt; None if all have been returned."""
        return None if self.is_over else self._lines[self.asked]

    def check(self, then: Sequence[Message], now: Sequence[Message]) -> None:
        """Check that the prompt of the next reply equals the recorded one.

        Raises:
            ModelFailure: it differs; the message names message and line.
        """
        if tuple(then) == tuple(now):
            return
        if not self._reparse:
            raise ModelFailure(
                f"the replay diverges at message {self.asked}: {_difference(then, now)}; "
                "--reparse goes on with the recorded replies in their order"
            )
        self.differing += 1

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """Return the recorded reply with its recorded token usage; `tools` are not compared.

        Raises:
            ModelFailure: the prompt differs, or no reply is left; the message names message and line.
        """
        if self.is_over:
            raise ModelFailure(f"the replay diverges at message {self.asked}: the record holds no further reply")
        line = self._lines[self.asked]
        self.check(line.messages, messages)
        if not self._reparse and line.output != (output.digest if output else ""):
            raise ModelFailure(
                f"the replay diverges at message {self.asked}: the schema of the reply that was asked for then is not "
                "the one of today; --reparse goes on nevertheless"
            )
        self.asked += 1
        return line.reply


class RecordedAgent:
    """An agent on a `RecordedModel`: stops at the end of the record, and checks that replies give the recorded tests.

    A turn of an interactive session is rendered with its own strategy and sampling settings. The user's edits are
    applied only after the prompt without them was found equal to the recorded one. Earlier turns without a model call,
    from the run that the session started at, take their tests from the record.

    Args:
        agent: the agent of the run, on `replayed`.
    """

    def __init__(self, run: RecordedRun, replayed: RecordedModel, agent: Agent, reparse: bool = False) -> None:
        self._run, self._replayed, self._agent, self._reparse = run, replayed, agent, reparse
        self.name = agent.name

    @property
    def differing(self) -> int:
        """The number of prompts that differ from the recorded ones."""
        return self._replayed.differing

    def propose(self, view: View) -> Proposal:
        """Return what the run proposed in this turn.

        Raises:
            ModelFailure: prompt or tests differ from the record.
        """
        line = self._replayed.next
        if line is None and bound_too_small(view.budget_left, 0, 0, None) == "calls" and self.name != TOOLS:
            return self._agent.propose(view)  # it ends by itself, and asks nothing
        if line is None:
            return Proposal(done=True, stop_reason=END_OF_RECORD)
        turn = self._run.turns[view.turn] if view.turn < len(self._run.turns) else None
        if turn and line.turn > view.turn and self.name != TOOLS:
            tests = tuple(one.test for one in turn.tests)
            return Proposal(
                tests=tests, limits=limits_of(turn), look=turn.look, usage=turn.usage, errors=turn.errors,
                dropped=turn.dropped, repaired=turn.repaired, silence=turn.silence,
            )  # fmt: skip
        view = replace(view, budget_left=_left_then(view, self._run, turn.budget if turn else None))
        if turn and turn.by_hand and isinstance(self._agent, LlmAgent):
            proposal = self._by_hand(self._agent, view, turn.by_hand, line)
        else:
            proposal = self._agent.propose(view)
        if proposal.done and self._run.header.agent == TOOLS and view.turn + 1 < len(self._run.turns):
            # The model declared itself finished, and was told later that the run continues.
            proposal = proposal.model_copy(update={"done": False, "stop_reason": ""})
        recorded = tuple(one.test for one in turn.tests) if turn else ()
        if not self._reparse and proposal.tests[: len(recorded)] != recorded:
            raise ModelFailure(
                f"the replay diverges at message {self._replayed.asked - 1}: its reply is read as other tests now; "
                "--reparse goes on with those"
            )
        # A budget that cut a test short may have been raised later in the run.
        return proposal.model_copy(update={"limits": limits_of(turn)}) if turn else proposal

    def _by_hand(self, agent: LlmAgent, view: View, by_hand: ManualTurn, line: ReplyLine) -> Proposal:
        output = schema_of(view, by_hand.strategy)
        now = messages_of(prompt_of(view, by_hand.model, by_hand.strategy, by_hand.seed, output))
        self._replayed.check(by_hand.rendered or line.messages, now)
        return agent.propose_by_hand(view, by_hand, line.messages if by_hand.rendered else now)


def _left_then(view: View, run: RecordedRun, bounds: Budget | None) -> dict[str, float]:
    """Return what was left of the budget in that turn: it may have been raised later, and calls may have failed."""
    attempts = [one for line in run.failed if line.turn <= view.turn for one in line.reply.attempts]
    lost = {
        "calls": len(attempts),
        "tokens": sum(one.input_tokens + one.output_tokens for one in attempts),
        "usd": sum(one.usd or 0.0 for one in attempts),
    }
    left: dict[str, float] = {}
    for name, amount in view.budget_left.items():
        now, then = getattr(run.header.budget, name), getattr(bounds or run.header.budget, name)
        if then is not None:
            left[name] = max(then - (now - amount) - lost.get(name, 0), 0)
    return left


def _difference(then: Sequence[Message], now: Sequence[Message]) -> str:
    """Return the first line in which two prompts differ."""
    if len(then) != len(now):
        return f"then it was sent {counted(len(then), 'message')}, now {len(now)}"
    for before, after in zip(then, now, strict=True):
        lines = zip_longest(before.content.split("\n"), after.content.split("\n"))
        for number, (old, new) in enumerate(lines, 1):
            if old != new:
                return f"line {number} of the {after.role} message was {_quoted(old)}, is {_quoted(new)}"
    return "the roles of its messages differ"


def _quoted(line: str | None) -> str:
    return "missing" if line is None else repr(line[:EXCERPT])

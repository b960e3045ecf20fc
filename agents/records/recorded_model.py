"""A recorded run as a model: the same replies to the same prompts, without any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.agent import LlmAgent, messages_of, prompt_of, schema_of
from dv_agent.agents.llm.manual_turn import ManualTurn
from dv_agent.agents.models.chat_model import Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.resimulation import TOOLS, limits_of
from dv_agent.agents.records.schema import ReplyLine
from dv_agent.errors import ModelFailure, UsageError
from dv_agent.prompts.view import View

EXCERPT = 90


class RecordedModel:
    """Answers with the recorded replies, as long as it is asked what was asked then.

    Args:
        run: a run of a language model.
        reparse: whether prompts may differ, because what was read from a reply may.

    Raises:
        UsageError: the run asked no model.
    """

    def __init__(self, run: RecordedRun, reparse: bool = False) -> None:
        if run.header.model is None:
            raise UsageError(
                f"{run.folder} asked no language model; its tests can be run again with `dv-agent rescore`"
            )
        self.settings: ModelSettings = run.header.model.model_copy(update={"model": f"replay:{run.header.id}"})
        self._lines = [line for line in run.replies if not line.failure]
        self._reparse = reparse
        self.asked = 0

    @property
    def is_over(self) -> bool:
        """Whether the record holds no further reply."""
        return self.asked >= len(self._lines)

    @property
    def next_turn(self) -> int | None:
        """The turn of the reply that comes next."""
        return None if self.is_over else self._lines[self.asked].turn

    @property
    def next(self) -> ReplyLine | None:
        """The reply that comes next, with what was sent for it; None where the record holds no further one."""
        return None if self.is_over else self._lines[self.asked]

    def check(self, then: Sequence[Message], now: Sequence[Message]) -> None:
        """Whether the prompt of the next reply is what it was.

        Raises:
            ModelFailure: it is another one; names message and line.
        """
        if not self._reparse and tuple(then) != tuple(now):
            raise ModelFailure(f"the replay diverges at message {self.asked}: {_difference(then, now)}")

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """The reply that was given then, with the tokens that it cost then; `tools` are not compared.

        Raises:
            ModelFailure: it is asked something else, or once too often; names message and line.
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
    """An agent over a `RecordedModel`: stops where the record ends, and checks that replies are read as they were.

    A turn of an interactive session is asked as a person had it asked: with that turn's strategy and sampling, and
    with the person's edits, once the prompt without them is known to be what it was. A turn before it that asked no
    model, of the run that the session began at, is played as recorded.

    Args:
        agent: the agent of the run, on `replayed`.
    """

    def __init__(self, run: RecordedRun, replayed: RecordedModel, agent: Agent, reparse: bool = False) -> None:
        self._run, self._replayed, self._agent, self._reparse = run, replayed, agent, reparse
        self.name = agent.name

    def propose(self, view: View) -> Proposal:
        """What the run proposed then.

        Raises:
            ModelFailure: prompt or tests are others than recorded.
        """
        line = self._replayed.next
        if line is None:
            return Proposal(done=True, stop_reason="end_of_record")
        turn = self._run.turns[view.turn] if view.turn < len(self._run.turns) else None
        if turn and line.turn > view.turn and self.name != TOOLS:
            tests = tuple(one.test for one in turn.tests)
            return Proposal(
                tests=tests, limits=limits_of(turn), usage=turn.usage, errors=turn.errors, dropped=turn.dropped,
                repaired=turn.repaired, silence=turn.silence,
            )  # fmt: skip
        view = replace(view, budget_left=_left_then(view, self._run, turn.budget if turn else None))
        if turn and turn.by_hand and isinstance(self._agent, LlmAgent):
            proposal = self._by_hand(self._agent, view, turn.by_hand, line)
        else:
            proposal = self._agent.propose(view)
        if proposal.done and self._run.header.agent == TOOLS and view.turn + 1 < len(self._run.turns):
            # The model finished and was told later that the run goes on.
            proposal = proposal.model_copy(update={"done": False, "stop_reason": ""})
        recorded = tuple(one.test for one in turn.tests) if turn else ()
        if not self._reparse and proposal.tests[: len(recorded)] != recorded:
            raise ModelFailure(
                f"the replay diverges at message {self._replayed.asked - 1}: its reply is read as other tests now; "
                "--reparse goes on with those"
            )
        # A bound that cut a test then may have been raised since, as the run went on.
        return proposal.model_copy(update={"limits": limits_of(turn)}) if turn else proposal

    def _by_hand(self, agent: LlmAgent, view: View, by_hand: ManualTurn, line: ReplyLine) -> Proposal:
        output = schema_of(view, by_hand.strategy)
        now = messages_of(prompt_of(view, by_hand.model, by_hand.strategy, by_hand.seed, output))
        self._replayed.check(by_hand.rendered or line.messages, now)
        return agent.propose_by_hand(view, by_hand, line.messages if by_hand.rendered else now)


def _left_then(view: View, run: RecordedRun, bounds: Budget | None) -> dict[str, float]:
    """What was left then of the bounds that held then: they may have been raised since, and calls may have failed."""
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
    """The first line in which two prompts differ."""
    if len(then) != len(now):
        return f"{len(then)} messages were sent then, {len(now)} would be now"
    for before, after in zip(then, now, strict=True):
        lines = zip_longest(before.content.split("\n"), after.content.split("\n"))
        for number, (old, new) in enumerate(lines, 1):
            if old != new:
                return f"line {number} of the {after.role} message was {_quoted(old)}, is {_quoted(new)}"
    return "the roles of its messages differ"


def _quoted(line: str | None) -> str:
    return "missing" if line is None else repr(line[:EXCERPT])

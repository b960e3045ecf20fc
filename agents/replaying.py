"""A recorded run as a model: the same replies to the same prompts, without any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dv_agent.agents.by_hand import ByHand
from dv_agent.agents.llm import LlmAgent, messages_of, prompt_of
from dv_agent.agents.model import Message, ModelSettings, Reply, ToolSpec
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.record import ReplyLine
from dv_agent.agents.recorded import RecordedRun
from dv_agent.agents.turn import TurnRecord
from dv_agent.errors import ModelFailure, UsageError
from dv_agent.prompts.view import View

EXCERPT = 90


class ReplayedModel:
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
    def next(self) -> ReplyLine | None:
        """The reply that comes next, with what was sent for it; None where the record holds no further one."""
        return self._lines[self.asked] if self.asked < len(self._lines) else None

    def check(self, then: Sequence[Message], now: Sequence[Message]) -> None:
        """Whether the prompt of the next reply is what it was.

        Raises:
            ModelFailure: it is another one; names message and line.
        """
        if not self._reparse and tuple(then) != tuple(now):
            raise ModelFailure(f"the replay diverges at message {self.asked}: {_difference(then, now)}")

    def ask(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> Reply:
        """The reply that was given then, with the tokens that it cost then; `tools` are not compared.

        Raises:
            ModelFailure: it is asked something else; names message and line.
        """
        line = self._lines[self.asked]
        self.check(line.messages, messages)
        self.asked += 1
        return line.reply


class ReplayAgent:
    """An agent over a `ReplayedModel`: stops where the record ends, and checks that replies are read as they were.

    A turn of an interactive session is asked as a person had it asked: with that turn's strategy and sampling, and
    with the person's edits, once the prompt without them is known to be what it was. A turn before it that asked no
    model, of the run that the session began at, is played as recorded.

    Args:
        agent: the agent of the run, on `replayed`.
    """

    name = "llm"

    def __init__(self, run: RecordedRun, replayed: ReplayedModel, agent: LlmAgent, reparse: bool = False) -> None:
        self._run, self._replayed, self._agent, self._reparse = run, replayed, agent, reparse

    def propose(self, view: View) -> Proposal:
        """What the run proposed then.

        Raises:
            ModelFailure: prompt or tests are others than recorded.
        """
        line = self._replayed.next
        if line is None:
            return Proposal(done=True, stop_reason="end_of_record")
        turn = self._run.turns[view.turn] if view.turn < len(self._run.turns) else None
        if turn and line.turn > view.turn:
            tests = tuple(one.test for one in turn.tests)
            return Proposal(tests=tests, usage=turn.usage, errors=turn.errors, dropped=turn.dropped)
        if turn:
            view = replace(view, budget_left=_left_then(view, self._run, turn))
        proposal = self._by_hand(view, turn.by_hand, line) if turn and turn.by_hand else self._agent.propose(view)
        recorded = tuple(one.test for one in turn.tests) if turn else ()
        if not self._reparse and proposal.tests[: len(recorded)] != recorded:
            raise ModelFailure(
                f"the replay diverges at message {self._replayed.asked - 1}: its reply is read as other tests now; "
                "--reparse goes on with those"
            )
        return proposal

    def _by_hand(self, view: View, by_hand: ByHand, line: ReplyLine) -> Proposal:
        now = messages_of(prompt_of(view, by_hand.model, by_hand.strategy, by_hand.seed))
        self._replayed.check(by_hand.rendered or line.messages, now)
        edited = line.messages if by_hand.rendered else now
        return self._agent.propose_by_hand(view, by_hand, edited)


def _left_then(view: View, run: RecordedRun, turn: TurnRecord) -> dict[str, float]:
    """What was left then of the bounds that held then: they may have been raised since, and calls may have failed."""
    attempts = [one for line in run.failed if line.turn <= view.turn for one in line.reply.attempts]
    lost = {
        "calls": len(attempts),
        "tokens": sum(one.input_tokens + one.output_tokens for one in attempts),
        "usd": sum(one.usd or 0.0 for one in attempts),
    }
    left: dict[str, float] = {}
    for name, amount in view.budget_left.items():
        now, then = getattr(run.header.budget, name), getattr(turn.budget, name)
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

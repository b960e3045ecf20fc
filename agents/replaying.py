"""A recorded run as a model: the same replies to the same prompts, without any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dv_agent.agents.agent import Agent
from dv_agent.agents.model import Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.recorded import RecordedRun
from dv_agent.agents.replay import TOOLS
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
    def is_over(self) -> bool:
        """Whether the record holds no further reply."""
        return self.asked >= len(self._lines)

    @property
    def next_turn(self) -> int | None:
        """The turn of the reply that comes next."""
        return None if self.is_over else self._lines[self.asked].turn

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
        if not self._reparse and line.messages != tuple(messages):
            raise ModelFailure(f"the replay diverges at message {self.asked}: {_difference(line.messages, messages)}")
        if not self._reparse and line.output != (output.digest if output else ""):
            raise ModelFailure(
                f"the replay diverges at message {self.asked}: the schema of the reply that was asked for then is not "
                "the one of today; --reparse goes on nevertheless"
            )
        self.asked += 1
        return line.reply


class ReplayAgent:
    """An agent over a `ReplayedModel`: stops where the record ends, and checks that replies are read as they were.

    Args:
        agent: the agent of the run, on `replayed`.
    """

    def __init__(self, run: RecordedRun, replayed: ReplayedModel, agent: Agent, reparse: bool = False) -> None:
        self._run, self._replayed, self._agent, self._reparse = run, replayed, agent, reparse
        self.name = agent.name

    def propose(self, view: View) -> Proposal:
        """What the run proposed then.

        Raises:
            ModelFailure: prompt or tests are others than recorded.
        """
        if self._replayed.is_over:
            return Proposal(done=True, stop_reason="end_of_record")
        proposal = self._agent.propose(replace(view, budget_left=self._left_then(view)))
        if proposal.done and self._run.header.agent == TOOLS and view.turn + 1 < len(self._run.turns):
            # The model finished and was told later that the run goes on.
            proposal = proposal.model_copy(update={"done": False, "stop_reason": ""})
        if not self._reparse and view.turn < len(self._run.turns):
            recorded = tuple(one.test for one in self._run.turns[view.turn].tests)
            if proposal.tests[: len(recorded)] != recorded:
                raise ModelFailure(
                    f"the replay diverges at message {self._replayed.asked - 1}: its reply is read as other tests now; "
                    "--reparse goes on with those"
                )
        return proposal

    def _left_then(self, view: View) -> dict[str, float]:
        """What was left of the budget then: calls that ended without a reply had been paid for too."""
        attempts = [one for line in self._run.failed if line.turn <= view.turn for one in line.reply.attempts]
        paid = {
            "calls": len(attempts),
            "tokens": sum(one.input_tokens + one.output_tokens for one in attempts),
            "usd": sum(one.usd or 0.0 for one in attempts),
        }
        return {name: max(amount - paid.get(name, 0), 0) for name, amount in view.budget_left.items()}


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

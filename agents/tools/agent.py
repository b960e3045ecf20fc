"""The agent `tools`: a model that calls tools to read the design, inspect results and run tests.

LangChain's agent keeps the dialogue. It is suspended when tests must run: `propose` returns these tests, and the next
`propose` gives it their results. So tests go through the loop like those of any other agent, and a run is resumed by
returning the recorded replies again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dv_agent.agents.llm.agent import usage_of
from dv_agent.agents.llm.call_budget import Price, bound_too_small
from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.llm.silence import why_silent
from dv_agent.agents.models.chat_model import CallUsage, Message, Reply, estimate_tokens
from dv_agent.agents.models.redaction import excerpt
from dv_agent.agents.models.server.slips import REFUSED
from dv_agent.agents.proposal import Proposal, ReplyRecord, Usage, both
from dv_agent.agents.toolbox.arguments import tool_specs
from dv_agent.agents.toolbox.dispatcher import MAX_USES, RUN, UNREADABLE, ToolDispatcher, TurnOutput
from dv_agent.agents.toolbox.text import result_limits
from dv_agent.agents.tools.context_window import fit, tokens_of
from dv_agent.agents.tools.langchain_agent import ToolDialogue, TurnPaused
from dv_agent.agents.tools.prompt import first_text, system_text
from dv_agent.agents.tools.recorded_calls import RecordedCalls
from dv_agent.prompts.benchmark_track import CLOSURE, Track
from dv_agent.prompts.view import View

CALLS_PER_REPLY = 16
REPLIES_PER_TURN = 16
SILENT_REPLIES = 3
SILENT = "Your last reply called no tool, so nothing happened. Go on by calling tools; call finish to end the run."
RESUMED = "The run is resumed, so it need not be over: there is budget again. Go on, or call finish again."


@dataclass(slots=True)
class _Turn:
    """Usage of the current turn."""

    view: View
    began: float = field(default_factory=time.monotonic)
    usage: Usage = field(default_factory=Usage)
    attempts: list[CallUsage] = field(default_factory=list)
    replies: int = 0
    last: Reply = field(default_factory=lambda: Reply(text=""))
    errors: list[str] = field(default_factory=list)
    stop: str = ""
    silence: str = ""

    def left(self) -> dict[str, float]:
        """Return the remaining budget, calls of this turn subtracted."""
        tokens = self.usage.input_tokens + self.usage.output_tokens
        used = {"calls": self.usage.calls, "tokens": tokens, "usd": self.usage.usd}
        return {name: amount - used.get(name, 0) for name, amount in self.view.budget_left.items()}

    def add(self, reply: Reply) -> None:
        """Add a reply; a turn counts as cached if all its replies are cached."""
        one = usage_of(reply.attempts, reply.cached)
        self.usage = both(self.usage, one) if self.replies else one
        self.attempts += reply.attempts
        self.replies, self.last = self.replies + 1, reply


class ToolsAgent:
    """Agent that lets a model work with tools.

    Args:
        model: the model that is called; replies that are in its record are returned first.
        dispatcher: answers the tool calls.
        price: function that returns the price of a call, for a budget in dollars.
        should_stop: called before each model call; True ends the turn.
        track: what the agent is given.
    """

    name = "tools"

    def __init__(
        self,
        model: RecordedCalls,
        dispatcher: ToolDispatcher,
        price: Price | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        track: Track = CLOSURE,
    ) -> None:
        self.model = model
        self._dispatcher, self._price, self._should_stop = dispatcher, price, should_stop
        reply = model.settings.reply_tokens
        limits = result_limits(model.settings)
        system = system_text(reply, CALLS_PER_REPLY, MAX_USES, REPLIES_PER_TURN, limits, track)
        self._graph = ToolDialogue(self._ask, dispatcher.answer, system)
        self._specs = tool_specs(track)
        self._tools = sum(estimate_tokens(one.model_dump_json()) for one in self._specs)
        self._state: Literal["new", "waits", "paused", "silent"] = "new"
        self._finished, self._silent = False, 0
        self._turn: _Turn

    def propose(self, view: View) -> Proposal:
        """Return the tests of the model's next ``run_tests``, with the claims and bug reports before it.

        Done without tests if the model called ``finish``, or if the budget does not allow another call.

        Raises:
            UsageError: the context is too small for this design.
            ModelFailure: no reply after all retries.
        """
        self._dispatcher.begin(view)
        self._turn = _Turn(view)
        try:
            waits = self._go(view)
            self._state = "waits" if waits else "silent"
        except TurnPaused:
            self._state = "paused"
        except BaseException:
            self._state = "paused"
            raise
        if self._state == "silent":
            self._silent = self._silent + 1 if self._turn.replies == 1 else 1
            self._turn.errors.append("the reply called no tool")
            self._turn.silence = why_silent(self._turn.last, self._turn.errors)
        else:
            self._silent = 0
        self._finished = self._dispatcher.finished and self._state == "paused"
        return self._proposal()

    def closing(self, view: View) -> str:
        """Return the results that the model has not been sent, those of the last turn's tests included."""
        unheard = self._graph.unheard()
        if self._state != "waits":
            return unheard
        self._dispatcher.begin(view)
        return "\n\n".join(part for part in (unheard, self._dispatcher.results()) if part)

    def _go(self, view: View) -> bool:
        """Continue the dialogue where it was left; return whether it now waits for tests."""
        if self._state == "waits":
            return self._graph.tell(self._dispatcher.results())
        if self._state == "new":
            return self._graph.say(first_text(view, self._dispatcher.progress(), self.model.settings.reply_tokens))
        if self._finished or self._state == "silent":
            return self._graph.say(RESUMED if self._finished else SILENT)
        return self._graph.go_on()

    def _ask(self, messages: Sequence[Message]) -> Reply:
        """Make one model call within the limits; every model call goes through here."""
        settings, turn = self.model.settings, self._turn
        fitted = fit(messages, settings.context_tokens - settings.reply_tokens - self._tools)
        if self._dispatcher.finished or turn.replies >= REPLIES_PER_TURN:
            raise TurnPaused
        if not self.model.holds(turn.view.turn):
            self._check(tokens_of(fitted) + self._tools)
        reply = self.model.ask(fitted, self._specs)
        turn.add(reply)
        return self._bounded(reply)

    def _check(self, tokens: int) -> None:
        """Raise `TurnPaused` if another call must not be made."""
        turn, left = self._turn, self._turn.left()
        if self.model.is_past(turn.view.turn) or self._should_stop():
            raise TurnPaused
        bound = bound_too_small(left, tokens, self.model.settings.reply_tokens, self._price)
        if "seconds" in left and time.monotonic() - turn.began >= left["seconds"]:
            bound = "seconds"
        if bound:
            turn.stop = f"budget:{bound}"
            raise TurnPaused

    def _bounded(self, reply: Reply) -> Reply:
        """Return the reply with at most `CALLS_PER_REPLY` tool calls."""
        notice, most = "", CALLS_PER_REPLY
        if len(reply.tool_calls) > most:
            notice = f"{len(reply.tool_calls)} calls in one reply: only the first {most} were answered"
            self._turn.errors.append(notice)
        if reply.finish_reason == "length":
            self._turn.errors.append("the reply ran into the limit of output tokens and lost its end")
        self._dispatcher.new_reply(notice)
        # `native` holds all calls; the vendor would refuse calls without an answer, so it is left out.
        return reply.model_copy(update={"tool_calls": reply.tool_calls[:most], "native": ""}) if notice else reply

    def _why(self, turn: _Turn, left: TurnOutput) -> str:
        """Return why a turn has no test although tools were called."""
        refused = next((one.error for one in left.uses if one.name in (RUN, REFUSED, UNREADABLE) and one.error), "")
        if refused:
            return f"no call of {RUN} could be read: {excerpt(refused, 300)}"
        if self._dispatcher.finished:
            return "the model called finish before any test"
        return why_silent(turn.last, turn.errors) if turn.replies and not turn.last.tool_calls else ""

    def _proposal(self) -> Proposal:
        turn, left = self._turn, self._dispatcher.leave()
        stop = turn.stop or ("no_tool_calls" if self._silent >= SILENT_REPLIES else "")
        return Proposal(
            tests=left.tests,
            usage=turn.usage,
            errors=(*left.errors, *turn.errors),
            raw=clean(turn.last.text),
            done=bool(stop) or self._dispatcher.finished,
            stop_reason=stop,
            reply=ReplyRecord(
                model=turn.last.model, finish_reason=turn.last.finish_reason, attempts=tuple(turn.attempts)
            ),
            dropped=left.dropped,
            repaired=left.repaired,
            silence="" if left.tests else turn.silence or self._why(turn, left),
            tool_uses=left.uses,
            claims=left.claims,
            bug_reports=left.reports,
        )

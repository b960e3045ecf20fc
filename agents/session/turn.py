"""One turn of a session: call the model or use a pasted reply, record the reply, parse it and run its tests."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from dv_agent.agents.llm.agent import prompt_record, proposal_of, schema_of
from dv_agent.agents.llm.manual_turn import ManualTurn
from dv_agent.agents.llm.structured_output import StructuredAnswer, ask_structured
from dv_agent.agents.models.chat_model import CallUsage, OutputSchema, Reply
from dv_agent.agents.session.context import SessionContext
from dv_agent.agents.session.drafts.cost import check_budget, spent_of
from dv_agent.agents.session.drafts.preview import Rendered
from dv_agent.agents.session.log import CallLine, DropLine, TurnLine
from dv_agent.agents.session.model_call import ModelCaller, call_until_stopped
from dv_agent.agents.session.nodes import PERSON, Draft, Node
from dv_agent.agents.session.progress import IsCancelled, OnProgress, Progress
from dv_agent.agents.state import advance
from dv_agent.agents.turn import TestRecord
from dv_agent.designs.text.wording import counted
from dv_agent.errors import Cancelled, ModelFailure, UsageError
from dv_agent.prompts.view import View


class TurnRunner:
    """Creates new nodes.

    Args:
        context: the shared state of the session.
        caller: calls models.
    """

    def __init__(self, context: SessionContext, caller: ModelCaller) -> None:
        self._context, self._caller = context, caller

    def send(self, node: Node, draft: Draft, on_progress: OnProgress, is_cancelled: IsCancelled) -> Node:
        """Send `draft` at `node`; see `dv_agent.agents.session.prompt_session.PromptSession.send`."""
        if draft.model.model == PERSON:
            raise UsageError("no model is set: set one, such as model openai:gpt-5, or paste a reply")
        context = self._context
        with context.lock:
            rendered = context.rendered(node.id, draft)
            self._check_open(node)
            call = self._paid(node, draft, rendered)
            if call is None:
                path, session = context.state(node.id).spent, spent_of(context.tree.calls)
                check_budget(context.log.header.budget, path, session, draft, rendered.sent_tokens, self._caller)
        call = call or self._ask(node, draft, rendered, on_progress, is_cancelled)
        return self._finish(call, on_progress, is_cancelled)

    def paste(self, node: Node, draft: Draft, text: str, on_progress: OnProgress, is_cancelled: IsCancelled) -> Node:
        """Use `text` as the reply; see `dv_agent.agents.session.prompt_session.PromptSession.paste`."""
        if not text.strip():
            raise UsageError("the reply is empty")
        context = self._context
        with context.lock:
            rendered = context.rendered(node.id, draft)
            self._check_open(node)
            if bound := context.log.header.budget.exceeded(context.state(node.id).spent):
                raise UsageError(f"the budget of {bound} is used up on the path to node {node.id}")
            reply = Reply(text=text, finish_reason="pasted")
            call = _call(context.tree.reserve(), node, draft, rendered, reply, pasted=True)
            context.take(call)
        return self._finish(call, on_progress, is_cancelled)

    def take_up(self, on_progress: OnProgress, is_cancelled: IsCancelled) -> tuple[Node, ...]:
        """Run the tests of replies whose turn was cut off by a kill."""
        tree = self._context.tree
        waiting = [one for one in tree.unfinished() if one.node not in tree.dropped]
        return tuple(self._finish(call, on_progress, is_cancelled) for call in waiting)

    def _check_open(self, node: Node) -> None:
        if not self._context.view(node.id).holes:
            raise UsageError(f"nothing is open at node {node.id}: all bins are covered")

    def _paid(self, node: Node, draft: Draft, rendered: Rendered) -> CallLine | None:
        """Return a recorded reply to this same call that did not become a node, or None."""
        asked = (node.id, draft.sampled, draft.trial, rendered.messages)
        for line in self._context.tree.unfinished():
            if not line.pasted and (line.parent, line.draft.sampled, line.draft.trial, line.messages) == asked:
                return line
        return None

    def _ask(
        self, node: Node, draft: Draft, rendered: Rendered, on_progress: OnProgress, is_cancelled: IsCancelled
    ) -> CallLine:
        number, given_up = self._context.tree.reserve(), threading.Event()

        def stop() -> bool:
            return given_up.is_set() or is_cancelled()

        def say(words: str) -> None:
            on_progress(Progress("waiting", words))

        def ask(output: OutputSchema | None) -> Reply:
            digest = output.digest if output else ""
            try:
                reply = self._caller.ask(draft.sampled, rendered.messages, output, draft.trial, say, stop)
            except ModelFailure as error:
                attempts = tuple(one for one in error.attempts if isinstance(one, CallUsage))
                failed = Reply(text="", attempts=attempts)
                self._context.take(_call(number, node, draft, rendered, failed, digest, failure=error.message))
                raise
            self._context.take(_call(number, node, draft, rendered, reply, digest))
            return reply

        def work() -> CallLine:
            if rendered.output:
                ask_structured(ask, rendered.output, lambda reply: self._holds(node, draft, rendered))
            else:
                ask(None)
            return self._context.tree.answers(number)[-1]

        on_progress(Progress("asking", f"asking {draft.model.model}"))
        try:
            return call_until_stopped(stop, work)
        except (Cancelled, KeyboardInterrupt, SystemExit):
            given_up.set()
            self._context.take(DropLine(node=number))
            raise

    def _holds(self, node: Node, draft: Draft, rendered: Rendered) -> bool:
        """Return whether the budget allows a second call for the new node, after a structured one without a result."""
        context = self._context
        path, session = context.state(node.id).spent, spent_of(context.tree.calls)
        before = {"calls": path.calls + 1, "tokens": path.tokens + rendered.sent_tokens}
        try:
            bounds, spent = context.log.header.budget, path.model_copy(update=before)
            check_budget(bounds, spent, session, draft, rendered.tokens, self._caller)
        except UsageError:
            return False
        return True

    def _answered(self, call: CallLine, view: View) -> StructuredAnswer:
        """Return the recorded replies of a node in the form that its turn needs; no model is called."""
        replies = [one.reply for one in self._context.tree.answers(call.node)]
        output = None if call.pasted else schema_of(view, call.draft.strategy)
        if output is None:
            wanted = call.draft.strategy.structured and not call.pasted
            return StructuredAnswer(tuple(replies), "off" if wanted else "")
        left = iter(replies)
        return ask_structured(lambda form: next(left), output, lambda reply: len(replies) > 1)

    def _finish(self, call: CallLine, on_progress: OnProgress, is_cancelled: IsCancelled) -> Node:
        """Parse a recorded reply and run its tests."""
        context, draft = self._context, call.draft
        with context.lock:
            began, state, view = time.monotonic(), context.state(call.parent, on_progress), context.view(call.parent)
            by_hand = ManualTurn(
                strategy=draft.strategy, model=draft.sampled, seed=context.log.header.seed + draft.trial,
                rendered=call.rendered, pasted=call.pasted,
            )  # fmt: skip
            record = prompt_record(context.rendered(call.parent, draft).prompt, call.messages, draft.strategy)
            proposal = proposal_of(view, record, self._answered(call, view), draft.strategy, by_hand)
            on_progress(
                Progress("reply", f"{counted(len(proposal.tests), 'test')} in the reply", 0, len(proposal.tests))
            )
            count = _Count(len(proposal.tests), on_progress, is_cancelled)
            after, turn = advance(state, proposal, context.bench, context.log.header.budget, count)
            seconds = state.spent.seconds + time.monotonic() - began
            spent = after.spent.model_copy(update={"seconds": seconds})
            context.take(TurnLine(node=call.node, turn=turn.model_copy(update={"spent": spent})))
            context.states.keep(call.node, replace(after, spent=spent))
            return context.tree.node(call.node)


class _Count:
    """Reports progress after each test, and raises Cancelled between two tests if the user cancels."""

    def __init__(self, total: int, on_progress: OnProgress, is_cancelled: IsCancelled) -> None:
        self._total, self._on_progress, self._is_cancelled, self._done = total, on_progress, is_cancelled, 0

    def __call__(self, record: TestRecord) -> None:
        self._done += 1
        words = f"test {self._done} of {self._total}: {counted(len(record.new_bins), 'new bin')}"
        self._on_progress(Progress("test", words, self._done, self._total, record))
        if self._done < self._total and self._is_cancelled():
            raise Cancelled("the tests were given up; the reply is kept: send again to run them without a new call")


def _call(
    number: int, node: Node, draft: Draft, rendered: Rendered, reply: Reply, output: str = "", failure: str = "",
    pasted: bool = False,
) -> CallLine:  # fmt: skip
    before = rendered.rendered if rendered.messages != rendered.rendered else ()
    return CallLine(
        node=number, parent=node.id, draft=draft, messages=rendered.messages, rendered=before, reply=reply,
        failure=failure, pasted=pasted, output=output,
    )  # fmt: skip

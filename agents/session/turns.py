"""One turn of a session: ask or take a pasted reply, record it, then parse it and run its tests."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from dv_agent.agents.by_hand import ByHand
from dv_agent.agents.llm import prompt_record, proposal_of, schema_of
from dv_agent.agents.model import CallUsage, OutputSchema, Reply
from dv_agent.agents.session.asking import Asker, unless
from dv_agent.agents.session.book import Book
from dv_agent.agents.session.cost import check_budget, spent_of
from dv_agent.agents.session.log import CallLine, DropLine, TurnLine
from dv_agent.agents.session.node import PERSON, Draft, Node
from dv_agent.agents.session.progress import IsCancelled, OnProgress, Progress
from dv_agent.agents.session.rendered import Rendered
from dv_agent.agents.state import advance
from dv_agent.agents.structured import Answered, ask_structured
from dv_agent.agents.turn import TestRecord
from dv_agent.errors import Cancelled, ModelFailure, UsageError
from dv_agent.prompts.view import View


class Turns:
    """Makes new nodes.

    Args:
        book: of the session.
        asker: reaches models.
    """

    def __init__(self, book: Book, asker: Asker) -> None:
        self._book, self._asker = book, asker

    def send(self, node: Node, draft: Draft, on_progress: OnProgress, is_cancelled: IsCancelled) -> Node:
        """Ask for `draft` at `node`; see `dv_agent.agents.session.session.PromptSession.send`."""
        if draft.model.model == PERSON:
            raise UsageError("no model is set: set one, such as model openai:gpt-5, or paste a reply")
        book = self._book
        with book.lock:
            rendered = book.rendered(node.id, draft)
            self._check_open(node)
            call = self._paid(node, draft, rendered)
            if call is None:
                path, session = book.state(node.id).spent, spent_of(book.tree.calls)
                check_budget(book.log.header.budget, path, session, draft, rendered.sent_tokens, self._asker)
        call = call or self._ask(node, draft, rendered, on_progress, is_cancelled)
        return self._finish(call, on_progress, is_cancelled)

    def paste(self, node: Node, draft: Draft, text: str, on_progress: OnProgress, is_cancelled: IsCancelled) -> Node:
        """Take `text` for the reply; see `dv_agent.agents.session.session.PromptSession.paste`."""
        if not text.strip():
            raise UsageError("the reply is empty")
        book = self._book
        with book.lock:
            rendered = book.rendered(node.id, draft)
            self._check_open(node)
            if bound := book.log.header.budget.exceeded(book.state(node.id).spent):
                raise UsageError(f"the budget of {bound} is used up on the path to node {node.id}")
            reply = Reply(text=text, finish_reason="pasted")
            call = _call(book.tree.reserve(), node, draft, rendered, reply, pasted=True)
            book.take(call)
        return self._finish(call, on_progress, is_cancelled)

    def take_up(self, on_progress: OnProgress, is_cancelled: IsCancelled) -> tuple[Node, ...]:
        """Run the tests of replies whose turn a kill cut off."""
        tree = self._book.tree
        waiting = [one for one in tree.unfinished() if one.node not in tree.dropped]
        return tuple(self._finish(call, on_progress, is_cancelled) for call in waiting)

    def _check_open(self, node: Node) -> None:
        if not self._book.view(node.id).holes:
            raise UsageError(f"nothing is open at node {node.id}: all bins are covered")

    def _paid(self, node: Node, draft: Draft, rendered: Rendered) -> CallLine | None:
        """A reply to this very call that never became a node."""
        asked = (node.id, draft.sampled, draft.trial, rendered.messages)
        for line in self._book.tree.unfinished():
            if not line.pasted and (line.parent, line.draft.sampled, line.draft.trial, line.messages) == asked:
                return line
        return None

    def _ask(
        self, node: Node, draft: Draft, rendered: Rendered, on_progress: OnProgress, is_cancelled: IsCancelled
    ) -> CallLine:
        number, given_up = self._book.tree.reserve(), threading.Event()

        def stop() -> bool:
            return given_up.is_set() or is_cancelled()

        def say(words: str) -> None:
            on_progress(Progress("waiting", words))

        def ask(output: OutputSchema | None) -> Reply:
            digest = output.digest if output else ""
            try:
                reply = self._asker.ask(draft.sampled, rendered.messages, output, draft.trial, say, stop)
            except ModelFailure as error:
                attempts = tuple(one for one in error.attempts if isinstance(one, CallUsage))
                failed = Reply(text="", attempts=attempts)
                self._book.take(_call(number, node, draft, rendered, failed, digest, failure=error.message))
                raise
            self._book.take(_call(number, node, draft, rendered, reply, digest))
            return reply

        def work() -> CallLine:
            if rendered.output:
                ask_structured(ask, rendered.output, lambda reply: self._holds(node, draft, rendered))
            else:
                ask(None)
            return self._book.tree.answers(number)[-1]

        on_progress(Progress("asking", f"asking {draft.model.model}"))
        try:
            return unless(stop, work)
        except (Cancelled, KeyboardInterrupt):
            given_up.set()
            self._book.take(DropLine(node=number))
            raise

    def _holds(self, node: Node, draft: Draft, rendered: Rendered) -> bool:
        """Whether the budget holds another call for the node to come, after the one that brought nothing."""
        book = self._book
        path, session = book.state(node.id).spent, spent_of(book.tree.calls)
        before = {"calls": path.calls + 1, "tokens": path.tokens + rendered.sent_tokens}
        try:
            bounds, spent = book.log.header.budget, path.model_copy(update=before)
            check_budget(bounds, spent, session, draft, rendered.tokens, self._asker)
        except UsageError:
            return False
        return True

    def _answered(self, call: CallLine, view: View) -> Answered:
        """The replies of a node as its turn takes them; nobody is asked."""
        replies = [one.reply for one in self._book.tree.answers(call.node)]
        output = None if call.pasted else schema_of(view, call.draft.strategy)
        if output is None:
            wanted = call.draft.strategy.structured and not call.pasted
            return Answered(tuple(replies), "off" if wanted else "")
        left = iter(replies)
        return ask_structured(lambda form: next(left), output, lambda reply: len(replies) > 1)

    def _finish(self, call: CallLine, on_progress: OnProgress, is_cancelled: IsCancelled) -> Node:
        """Parse a recorded reply and run its tests."""
        book, draft = self._book, call.draft
        with book.lock:
            began, state, view = time.monotonic(), book.state(call.parent, on_progress), book.view(call.parent)
            by_hand = ByHand(
                strategy=draft.strategy, model=draft.sampled, seed=book.log.header.seed + draft.trial,
                rendered=call.rendered, pasted=call.pasted,
            )  # fmt: skip
            record = prompt_record(book.rendered(call.parent, draft).prompt, call.messages, draft.strategy)
            proposal = proposal_of(view, record, self._answered(call, view), draft.strategy, by_hand)
            on_progress(Progress("reply", f"{len(proposal.tests)} tests in the reply", 0, len(proposal.tests)))
            count = _Count(len(proposal.tests), on_progress, is_cancelled)
            after, turn = advance(state, proposal, book.bench, book.log.header.budget, count)
            seconds = state.spent.seconds + time.monotonic() - began
            spent = after.spent.model_copy(update={"seconds": seconds})
            book.take(TurnLine(node=call.node, turn=turn.model_copy(update={"spent": spent})))
            book.states.keep(call.node, replace(after, spent=spent))
            return book.tree.node(call.node)


class _Count:
    """Tells of each test, and gives up between two."""

    def __init__(self, total: int, on_progress: OnProgress, is_cancelled: IsCancelled) -> None:
        self._total, self._on_progress, self._is_cancelled, self._done = total, on_progress, is_cancelled, 0

    def __call__(self, record: TestRecord) -> None:
        self._done += 1
        words = f"test {self._done} of {self._total}: {len(record.new_bins)} new bins"
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

"""The agent `llm`: one prompt a turn, one reply, its tests.

It remembers nothing by itself: its prompt, earlier messages included, is a function of the View and of the run's
seed, so a run resumes by rebuilding the View.
"""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.agents.by_hand import ByHand
from dv_agent.agents.llm_budget import Price, short_of
from dv_agent.agents.model import CallUsage, ChatModel, Message, ModelSettings, Reply
from dv_agent.agents.proposal import CutRecord, PartRecord, PromptRecord, Proposal, ReplyRecord, Usage
from dv_agent.agents.replies import parse_reply
from dv_agent.agents.reply_json import clean
from dv_agent.prompts.dialogue import has_converged
from dv_agent.prompts.parts import Prompt
from dv_agent.prompts.renderer import render, templates_hash
from dv_agent.prompts.strategy import Strategy, find_strategy
from dv_agent.prompts.view import View


class LlmAgent:
    """Asks a model for tests.

    Args:
        model: answers; its settings bound prompt and reply.
        strategy: how it is prompted, or the name of such; see `dv_agent.prompts.strategy`.
        price: what a call would cost, for a budget in dollars.
        seed: what samplers of holes and of earlier messages draw from.

    Raises:
        UnknownNameError: no such strategy.
    """

    name = "llm"

    def __init__(
        self, model: ChatModel, strategy: Strategy | str = "default", price: Price | None = None, seed: int = 0
    ) -> None:
        self._strategy = find_strategy(strategy) if isinstance(strategy, str) else strategy
        self._model, self._price, self._seed = model, price, seed

    def propose(self, view: View) -> Proposal:
        """The tests of one reply; done without a call where nothing is open or the budget cannot hold one.

        Raises:
            UsageError: the context is too small for this design.
            ModelFailure: no reply after all retries.
        """
        if not view.holes:
            return Proposal(done=True, stop_reason="no_holes")
        if has_converged(self._strategy.converged, [len(one.new_bins) for one in view.exchanges]):
            return Proposal(done=True, stop_reason="converged")
        settings = self._model.settings
        prompt = prompt_of(view, settings, self._strategy, self._seed)
        bound = short_of(view.budget_left, prompt.tokens, settings.reply_tokens, self._price)
        if bound:
            return Proposal(done=True, stop_reason=f"budget:{bound}")
        messages = messages_of(prompt)
        reply = self._model.ask(messages)
        return proposal_of(view, prompt_record(prompt, messages, self._strategy), reply, self._strategy)

    def propose_by_hand(self, view: View, by_hand: ByHand, messages: tuple[Message, ...]) -> Proposal:
        """The tests of the reply to `messages`: a prompt as a person had it rendered, and perhaps edited it.

        Raises:
            ModelFailure: no reply.
        """
        prompt = prompt_of(view, by_hand.model, by_hand.strategy, by_hand.seed)
        reply = self._model.ask(messages)
        record = prompt_record(prompt, messages, by_hand.strategy)
        return proposal_of(view, record, reply, by_hand.strategy, by_hand)


def prompt_of(view: View, settings: ModelSettings, strategy: Strategy, seed: int) -> Prompt:
    """What a model of these settings is to read.

    Raises:
        UsageError: the context is too small for this design, or a template is broken.
    """
    room = settings.context_tokens - settings.reply_tokens
    return render(view, room, settings.reply_tokens, strategy, seed)


def prompt_record(prompt: Prompt, messages: tuple[Message, ...], strategy: Strategy) -> PromptRecord:
    """What is recorded of a prompt; `messages` are those that are sent, whoever edited them."""
    return PromptRecord(
        messages=messages,
        parts=tuple(PartRecord(name=one.name, priority=one.priority, tokens=one.tokens) for one in prompt.parts),
        cut=tuple(CutRecord(part=one.part, tokens=one.tokens, items=one.items, whole=one.whole) for one in prompt.cut),
        tokens=prompt.tokens,
        strategy=strategy.name,
        templates=templates_hash(strategy),
    )


def proposal_of(
    view: View, prompt: PromptRecord, reply: Reply, strategy: Strategy, by_hand: ByHand | None = None
) -> Proposal:
    """The tests of a reply, with all that a record needs. A reply that a person wrote costs nothing."""
    parsed = parse_reply(reply.text, view.design, view.schema, reply.finish_reason, strategy.values == "literal")
    return Proposal(
        tests=parsed.tests,
        usage=Usage() if by_hand and by_hand.pasted else usage_of(reply.attempts, reply.cached),
        errors=parsed.errors,
        raw=clean(reply.text),
        prompt=prompt,
        reply=ReplyRecord(
            model=reply.model, finish_reason=reply.finish_reason, attempts=reply.attempts, cached=reply.cached
        ),
        dropped=parsed.dropped,
        by_hand=by_hand,
    )


def messages_of(prompt: Prompt) -> tuple[Message, ...]:
    """What is sent: the system message, earlier exchanges, and the new message."""
    earlier = [
        message
        for sent, said in prompt.said
        for message in (Message(role="user", content=sent), Message(role="assistant", content=said))
    ]
    return (Message(role="system", content=prompt.system), *earlier, Message(role="user", content=prompt.user))


def usage_of(attempts: Sequence[CallUsage], cached: bool = False) -> Usage:
    """One call with the tokens and dollars of all its attempts; what has no known price adds none."""
    return Usage(
        cached=cached,
        calls=1,
        input_tokens=sum(one.input_tokens for one in attempts),
        output_tokens=sum(one.output_tokens for one in attempts),
        usd=sum(one.usd or 0.0 for one in attempts),
    )

"""The agent `llm`: one prompt a turn, one reply, its tests.

It remembers nothing by itself: its prompt, earlier messages included, is a function of the View and of the run's
seed, so a run resumes by rebuilding the View.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from dv_agent.agents.llm_budget import Price, short_of
from dv_agent.agents.model import CallUsage, ChatModel, Message, OutputSchema
from dv_agent.agents.proposal import CutRecord, PartRecord, PromptRecord, Proposal, ReplyRecord, Usage, both
from dv_agent.agents.replies import parse_reply
from dv_agent.agents.reply_json import clean
from dv_agent.agents.structured import Answered, ask_structured, wanted_schema
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
        output = wanted_schema(self._strategy, view.design, view.schema, view.exchanges)
        beside = output.tokens if output else 0
        room = settings.context_tokens - settings.reply_tokens - beside
        prompt = render(view, room, settings.reply_tokens, self._strategy, self._seed)
        if bound := self._short_of(view, prompt.tokens + beside):
            return Proposal(done=True, stop_reason=f"budget:{bound}")
        messages = messages_of(prompt)
        answered = self._ask(view, messages, output, prompt.tokens)
        return self._proposal(view, self._prompt_record(prompt, messages), answered)

    def _ask(self, view: View, messages: tuple[Message, ...], output: OutputSchema | None, tokens: int) -> Answered:
        if output is None:
            return Answered((self._model.ask(messages),), "off" if self._strategy.structured else "")
        return ask_structured(
            lambda form: self._model.ask(messages, output=form),
            output,
            lambda reply: not self._short_of(view, tokens, usage_of(reply.attempts, reply.cached)),
        )

    def _short_of(self, view: View, tokens: int, used: Usage | None = None) -> str | None:
        """The first bound that a call could break which sends so many tokens, after `used` in this turn."""
        left = dict(view.budget_left)
        spent = used or Usage()
        for name, amount in {"calls": spent.calls, "tokens": spent.input_tokens + spent.output_tokens,
                             "usd": spent.usd}.items():  # fmt: skip
            if name in left:
                left[name] -= amount
        return short_of(left, tokens, self._model.settings.reply_tokens, self._price)

    def _proposal(self, view: View, prompt: PromptRecord, answered: Answered) -> Proposal:
        reply, literal = answered.replies[-1], self._strategy.values == "literal"
        parsed = parse_reply(reply.text, view.design, view.schema, reply.finish_reason, literal)
        attempts = tuple(attempt for one in answered.replies for attempt in one.attempts)
        return Proposal(
            tests=parsed.tests,
            usage=reduce(both, (usage_of(one.attempts, one.cached) for one in answered.replies)),
            errors=parsed.errors,
            raw=clean(reply.text),
            prompt=prompt,
            reply=ReplyRecord(
                model=reply.model, finish_reason=reply.finish_reason, attempts=attempts, cached=reply.cached
            ),
            structured=answered.structured,
            dropped=parsed.dropped,
        )

    def _prompt_record(self, prompt: Prompt, messages: tuple[Message, ...]) -> PromptRecord:
        return PromptRecord(
            messages=messages,
            parts=tuple(PartRecord(name=one.name, priority=one.priority, tokens=one.tokens) for one in prompt.parts),
            cut=tuple(
                CutRecord(part=one.part, tokens=one.tokens, items=one.items, whole=one.whole) for one in prompt.cut
            ),
            tokens=prompt.tokens,
            strategy=self._strategy.name,
            templates=templates_hash(self._strategy),
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

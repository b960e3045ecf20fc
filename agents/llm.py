"""The agent `llm`: one prompt a turn, one reply, its tests.

It remembers nothing between turns: its prompt is a function of the View, so a run resumes by rebuilding the View.
"""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.agents.llm_budget import Price, short_of
from dv_agent.agents.model import CallUsage, ChatModel, Message, Reply
from dv_agent.agents.proposal import CutRecord, PartRecord, PromptRecord, Proposal, ReplyRecord, Usage
from dv_agent.agents.replies import parse_reply
from dv_agent.agents.reply_json import clean
from dv_agent.prompts.parts import Prompt
from dv_agent.prompts.renderer import render, templates_hash
from dv_agent.prompts.strategy import find_strategy
from dv_agent.prompts.view import View


class LlmAgent:
    """Asks a model for tests.

    Args:
        model: answers; its settings bound prompt and reply.
        strategy: a name of `dv_agent.prompts.strategy.STRATEGIES`.
        price: what a call would cost, for a budget in dollars.

    Raises:
        UnknownNameError: no such strategy.
    """

    name = "llm"

    def __init__(self, model: ChatModel, strategy: str = "default", price: Price | None = None) -> None:
        self._model, self._strategy, self._price = model, find_strategy(strategy).name, price

    def propose(self, view: View) -> Proposal:
        """The tests of one reply; done without a call where nothing is open or the budget cannot hold one.

        Raises:
            UsageError: the context is too small for this design.
            ModelFailure: no reply after all retries.
        """
        if not view.holes:
            return Proposal(done=True, stop_reason="no_holes")
        settings = self._model.settings
        room = settings.context_tokens - settings.reply_tokens
        prompt = render(view, room, settings.reply_tokens, self._strategy)
        bound = short_of(view.budget_left, prompt.tokens, settings.reply_tokens, self._price)
        if bound:
            return Proposal(done=True, stop_reason=f"budget:{bound}")
        messages = (Message(role="system", content=prompt.system), Message(role="user", content=prompt.user))
        reply = self._model.ask(messages)
        return self._proposal(view, self._prompt_record(prompt, messages), reply)

    def _proposal(self, view: View, prompt: PromptRecord, reply: Reply) -> Proposal:
        parsed = parse_reply(reply.text, view.design, view.schema, reply.finish_reason)
        return Proposal(
            tests=parsed.tests,
            usage=usage_of(reply.attempts),
            errors=parsed.errors,
            raw=clean(reply.text),
            prompt=prompt,
            reply=ReplyRecord(model=reply.model, finish_reason=reply.finish_reason, attempts=reply.attempts),
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
            strategy=self._strategy,
            templates=templates_hash(),
        )


def usage_of(attempts: Sequence[CallUsage]) -> Usage:
    """One call with the tokens and dollars of all its attempts; what has no known price adds none."""
    return Usage(
        calls=1,
        input_tokens=sum(one.input_tokens for one in attempts),
        output_tokens=sum(one.output_tokens for one in attempts),
        usd=sum(one.usd or 0.0 for one in attempts),
    )

"""The agent `llm`: in each turn it sends one prompt to a model and proposes the tests of the reply.

It keeps no state: its prompt, earlier messages included, depends only on the View and on the run's seed, so a run
is resumed by building the View again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from dv_agent.agents.llm.call_budget import Price, bound_too_small
from dv_agent.agents.llm.edited_test import earlier_tests
from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.llm.manual_turn import ManualTurn
from dv_agent.agents.llm.plain_numbers.number_reply import parse_numbers
from dv_agent.agents.llm.reply_parser import ParsedReply, parse_reply
from dv_agent.agents.llm.silence import why_silent
from dv_agent.agents.llm.structured_output import StructuredAnswer, ask_structured, wanted_schema
from dv_agent.agents.models.chat_model import CallUsage, ChatModel, Message, ModelSettings, OutputSchema, Reply
from dv_agent.agents.proposal import CutRecord, PartRecord, PromptRecord, Proposal, ReplyRecord, Usage, both
from dv_agent.agents.tools.claims_and_reports import UNREACHABLE, Claim
from dv_agent.prompts.dialogue import has_converged
from dv_agent.prompts.parts import Prompt
from dv_agent.prompts.renderer import render, templates_hash
from dv_agent.prompts.strategy import Strategy, find_strategy
from dv_agent.prompts.view import View


class LlmAgent:
    """Agent that asks a model for tests.

    Args:
        model: the model that is called; its settings limit the size of prompt and reply.
        strategy: the prompting strategy or its name; see `dv_agent.prompts.strategy`.
        price: function that returns the price of a call, for a budget in dollars.
        seed: seed of the random samplers of holes and of earlier messages.

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
        """Return the tests of one reply; done without a call if no bin is open or the budget does not allow a call.

        Raises:
            UsageError: the context is too small for this design.
            ModelFailure: no reply after all retries.
        """
        if view.track.plan and not view.holes:
            return Proposal(done=True, stop_reason="no_holes")
        if has_converged(self._strategy.converged, [len(one.new_bins) for one in view.exchanges]):
            return Proposal(done=True, stop_reason="converged")
        output = schema_of(view, self._strategy)
        prompt = prompt_of(view, self._model.settings, self._strategy, self._seed, output)
        if bound := self._short_of(view, prompt.tokens + (output.tokens if output else 0)):
            return Proposal(done=True, stop_reason=f"budget:{bound}")
        messages = messages_of(prompt)
        answered = self._ask(view, messages, output, prompt.tokens, self._strategy)
        return proposal_of(view, prompt_record(prompt, messages, self._strategy), answered, self._strategy)

    def _ask(
        self, view: View, messages: tuple[Message, ...], output: OutputSchema | None, tokens: int, strategy: Strategy
    ) -> StructuredAnswer:
        if output is None:
            return StructuredAnswer((self._model.ask(messages),), "off" if strategy.structured else "")
        return ask_structured(
            lambda form: self._model.ask(messages, output=form),
            output,
            lambda reply: not self._short_of(view, tokens, usage_of(reply.attempts, reply.cached)),
        )

    def _short_of(self, view: View, tokens: int, used: Usage | None = None) -> str | None:
        """Return the first bound that a call with so many prompt tokens could exceed, after `used` in this turn."""
        return bound_too_small(
            left_after(view.budget_left, used), tokens, self._model.settings.reply_tokens, self._price
        )

    def propose_by_hand(self, view: View, by_hand: ManualTurn, messages: tuple[Message, ...]) -> Proposal:
        """Return the tests of the reply to `messages`: a prompt that was rendered for a person, who may have edited it.

        Raises:
            ModelFailure: no reply.
        """
        strategy, output = by_hand.strategy, schema_of(view, by_hand.strategy)
        prompt = prompt_of(view, by_hand.model, strategy, by_hand.seed, output)
        if by_hand.pasted:
            answered = StructuredAnswer((self._model.ask(messages),), "")
        else:
            answered = self._ask(view, messages, output, prompt.tokens, strategy)
        return proposal_of(view, prompt_record(prompt, messages, strategy), answered, strategy, by_hand)


def schema_of(view: View, strategy: Strategy) -> OutputSchema | None:
    """Return the schema to request for replies; None if the strategy wants none or earlier turns showed no effect."""
    return wanted_schema(strategy, view.design, view.schema, view.exchanges)


def left_after(left: Mapping[str, float], used: Usage | None) -> dict[str, float]:
    """Return what remains of `left`, the rest of a budget, after `used`."""
    spent = used or Usage()
    amounts = {"calls": spent.calls, "tokens": spent.input_tokens + spent.output_tokens, "usd": spent.usd}
    return {name: amount - amounts.get(name, 0) for name, amount in left.items()}


def prompt_of(
    view: View, settings: ModelSettings, strategy: Strategy, seed: int, output: OutputSchema | None
) -> Prompt:
    """Return the prompt for a model with these settings, to be sent together with the schema `output`.

    Raises:
        UsageError: the context is too small for this design, or a template is broken.
    """
    room = settings.context_tokens - settings.reply_tokens - (output.tokens if output else 0)
    return render(view, room, settings.reply_tokens, strategy, seed)


def prompt_record(prompt: Prompt, messages: tuple[Message, ...], strategy: Strategy) -> PromptRecord:
    """Return the record of a prompt; `messages` are those that are sent, after any edit by a person."""
    return PromptRecord(
        messages=messages,
        parts=tuple(PartRecord(name=one.name, priority=one.priority, tokens=one.tokens) for one in prompt.parts),
        cut=tuple(CutRecord(part=one.part, tokens=one.tokens, items=one.items, whole=one.whole) for one in prompt.cut),
        tokens=prompt.tokens,
        strategy=strategy.name,
        templates=templates_hash(strategy),
    )


def proposal_of(
    view: View, prompt: PromptRecord, answered: StructuredAnswer, strategy: Strategy, by_hand: ManualTurn | None = None
) -> Proposal:
    """Return the tests of the last reply, with all that a record needs. A reply that a person wrote has no cost."""
    reply = answered.replies[-1]
    parsed = _parsed(view, reply, strategy)
    claims, strange = _about_holes(view, parsed.claims)
    errors = (*([f"the server refused your reply: {reply.broken}"] if reply.broken else []), *parsed.errors, *strange)
    usages = (usage_of(one.attempts, one.cached) for one in answered.replies)
    attempts = tuple(attempt for one in answered.replies for attempt in one.attempts)
    return Proposal(
        tests=parsed.tests,
        look=parsed.look,
        usage=Usage() if by_hand and by_hand.pasted else reduce(both, usages),
        errors=errors,
        raw=clean(reply.text),
        prompt=prompt,
        reply=ReplyRecord(model=reply.model, finish_reason=reply.finish_reason, attempts=attempts, cached=reply.cached),
        structured=answered.structured,
        dropped=parsed.dropped,
        repaired=parsed.repaired,
        silence="" if parsed.tests else why_silent(reply, errors),
        by_hand=by_hand,
        claims=claims,
    )


def _parsed(view: View, reply: Reply, strategy: Strategy) -> ParsedReply:
    if strategy.values == "numbers":
        return parse_numbers(reply.text, view.design, view.schema, reply.finish_reason)
    literal = strategy.values == "literal"
    return parse_reply(
        reply.text, view.design, view.schema, reply.finish_reason, literal, earlier_tests(view), view.track.plan
    )


def _about_holes(view: View, claims: Sequence[Claim]) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """Return the claims about open bins, and a line on the others."""
    holes = {one.bin for one in view.holes}
    others = [one.bin for one in claims if one.bin not in holes]
    named = ", ".join(clean(one)[:80] for one in others[:4])
    line = f'"{UNREACHABLE}": no open bin has the name {named}{" and others" if len(others) > 4 else ""}'
    return tuple(one for one in claims if one.bin in holes), (line,) if others else ()


def messages_of(prompt: Prompt) -> tuple[Message, ...]:
    """Return the messages to send: the system message, earlier exchanges, and the new message."""
    earlier = [
        message
        for sent, said in prompt.said
        for message in (Message(role="user", content=sent), Message(role="assistant", content=said))
    ]
    return (Message(role="system", content=prompt.system), *earlier, Message(role="user", content=prompt.user))


def usage_of(attempts: Sequence[CallUsage], cached: bool = False) -> Usage:
    """Return the usage of one call: tokens and US dollars of all its attempts; an unknown price adds no dollars."""
    return Usage(
        cached=cached,
        calls=1,
        input_tokens=sum(one.input_tokens for one in attempts),
        output_tokens=sum(one.output_tokens for one in attempts),
        usd=sum(one.usd or 0.0 for one in attempts),
        unpriced=sum(one.usd is None for one in attempts),
    )

"""`Proposal`: the tests that an agent proposes for one turn, with their prompt, reply and cost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dv_agent.agents.llm.manual_turn import ManualTurn
from dv_agent.agents.models.chat_model import CallUsage, Message
from dv_agent.agents.models.costs.known_dollars import Priced
from dv_agent.agents.tools.claims_and_reports import BugReport, Claim, ToolUse
from dv_agent.designs.bounds import Count
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.stimulus import Test


class Usage(Priced):
    """Cost of one proposal; all zero for agents without a model. If `cached`, the cost that it would have had."""

    cached: bool = False
    calls: Count = 0
    input_tokens: Count = 0
    output_tokens: Count = 0


Structured = Literal["", "given", "refused", "empty", "off"]
"""The result of a request for structured output.

======= ======================================================================================
given   the vendor was asked for it, and the reply was not empty
refused the vendor refused it, so the same prompt was answered in plain text within the same call
empty   the reply was empty, so the same prompt was sent once more for a reply in plain text
off     earlier turns showed that it is not available, so plain text was requested at once
======= ======================================================================================
"""


def both(one: Usage, other: Usage) -> Usage:
    """Return the cost of two calls together; it counts as paid unless both came from a cache."""
    return Usage(
        cached=one.cached and other.cached,
        calls=one.calls + other.calls,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        usd=one.usd + other.usd,
        unpriced=one.unpriced + other.unpriced,
    )


class PartRecord(Frozen):
    """Named part of a prompt; `tokens` is an estimate."""

    name: str
    priority: int
    tokens: Count


class CutRecord(Frozen):
    """Text left out of a part so that the prompt fits; `whole` is True if the whole part was left out."""

    part: str
    tokens: Count
    items: Count = 0
    whole: bool = False


class PromptRecord(Frozen):
    """Prompt that was sent to a model.

    Attributes:
        messages: complete, as sent.
        tokens: estimate for all messages; the server's own count is in the reply's attempts.
        templates: SHA-256 of the templates.
    """

    messages: tuple[Message, ...]
    parts: tuple[PartRecord, ...]
    cut: tuple[CutRecord, ...]
    tokens: int
    strategy: str
    templates: str


class ReplyRecord(Frozen):
    """Origin of a reply: model, finish reason and all attempts, failed ones included; its text is `Proposal.raw`."""

    model: str = ""
    finish_reason: str = ""
    attempts: tuple[CallUsage, ...] = ()
    cached: bool = False


class Proposal(Frozen):
    """Tests to run, and where they come from.

    Attributes:
        tests: in the order in which they run; an empty tuple alone does not end the run.
        limits: for recorded tests, in the same order: the cycles after which the budget cut each test, or None.
        look: ids of bins whose nearest sample the model wants to look at.
        errors: what was dropped from the reply and why, one line each.
        raw: the unchanged text of the reply, empty for agents without a model.
        done: the agent has nothing more to propose.
        stop_reason: why it is done, such as ``budget:calls``; empty if it had nothing more to propose.
        prompt: the prompt that was sent to the model, None if no model was called.
        reply: where the reply comes from.
        structured: the result of a request for structured output; empty if it was not requested.
        dropped: how much of the reply was dropped, by class, see `dv_agent.agents.llm.reply_parser.Drop`.
        repaired: how many places were read although they are not valid JSON, by kind, see
            `dv_agent.agents.llm.reply_parser.ParsedReply`.
        silence: why there is no test, as text for people; empty if there is a test, or if the agent gave no reason.
        tool_uses, claims, bug_reports: tool calls, claims and bug reports of an agent with tools before these tests.
        by_hand: the settings that a person chose for this turn in an interactive session, else None.
    """

    tests: tuple[Test, ...] = ()
    limits: tuple[int | None, ...] = ()
    look: tuple[str, ...] = ()
    usage: Usage = Usage()
    errors: tuple[str, ...] = ()
    raw: str = ""
    done: bool = Field(default=False)
    stop_reason: str = ""
    prompt: PromptRecord | None = None
    reply: ReplyRecord | None = None
    structured: Structured = ""
    dropped: dict[str, int] = Field(default_factory=dict)
    repaired: dict[str, int] = Field(default_factory=dict)
    silence: str = ""
    tool_uses: tuple[ToolUse, ...] = ()
    claims: tuple[Claim, ...] = ()
    bug_reports: tuple[BugReport, ...] = ()
    by_hand: ManualTurn | None = None

    @property
    def merely_ends(self) -> bool:
        """Whether the proposal only says that there is nothing more to propose; it then makes no turn."""
        said = self.tests or self.usage.calls or self.errors or self.raw or self.prompt
        return self.done and not (said or self.tool_uses or self.claims or self.bug_reports or self.silence)

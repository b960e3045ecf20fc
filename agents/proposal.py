"""The noun Proposal: what an agent offers for one turn."""

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
    """What one proposal cost; all zero for agents without a model. If `cached`, what it would have cost."""

    cached: bool = False
    calls: Count = 0
    input_tokens: Count = 0
    output_tokens: Count = 0


Structured = Literal["", "given", "refused", "empty", "off"]
"""What came of a wish for structured output.

======= ======================================================================================
given   the vendor was asked for it, and something came
refused the vendor would not, so the same prompt was answered in plain text within the same call
empty   nothing came, so the same prompt was sent once more, in plain text
off     earlier turns had shown that it is not to be had, so plain text was asked for at once
======= ======================================================================================
"""


def both(one: Usage, other: Usage) -> Usage:
    """What two calls cost together; as good as paid unless both came from a cache."""
    return Usage(
        cached=one.cached and other.cached,
        calls=one.calls + other.calls,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        usd=one.usd + other.usd,
        unpriced=one.unpriced + other.unpriced,
    )


class PartRecord(Frozen):
    """A named part of a prompt; `tokens` is an estimate."""

    name: str
    priority: int
    tokens: Count


class CutRecord(Frozen):
    """What was left out of a part so that the prompt fits; `whole` where nothing of it was left."""

    part: str
    tokens: Count
    items: Count = 0
    whole: bool = False


class PromptRecord(Frozen):
    """What a model was sent.

    Attributes:
        messages: in full.
        tokens: estimate for all messages; what the server counted stands in the reply's attempts.
        templates: SHA-256 over the templates.
    """

    messages: tuple[Message, ...]
    parts: tuple[PartRecord, ...]
    cut: tuple[CutRecord, ...]
    tokens: int
    strategy: str
    templates: str


class ReplyRecord(Frozen):
    """How an answer came about, failed attempts included; its text is `Proposal.raw`."""

    model: str = ""
    finish_reason: str = ""
    attempts: tuple[CallUsage, ...] = ()
    cached: bool = False


class Proposal(Frozen):
    """Tests to run, and how they came about.

    Attributes:
        tests: in the order they are to run; an empty tuple ends nothing by itself.
        limits: of recorded tests, in the same order, the cycles after which the budget cut each, or None.
        errors: what was dropped from the reply and why, one line each.
        raw: the reply as it came, empty for agents without a model.
        done: the agent has nothing more to propose.
        stop_reason: why not, such as ``budget:calls``; empty if it simply had nothing more.
        prompt: what a model was sent, None where none was asked.
        reply: how its answer came about.
        structured: what came of a wish for structured output; empty without the wish.
        dropped: how much of the reply was dropped, by class, see `dv_agent.agents.llm.reply_parser.Drop`.
        repaired: what of it was read though it is no JSON, see `dv_agent.agents.llm.reply_parser.ParsedReply`.
        silence: why there is no test, for people; empty where there is one, or where the agent had nothing to say.
        tool_uses, claims, bug_reports: of an agent with tools, what it did on the way to these tests.
        by_hand: what a person chose for this turn, where one did.
    """

    tests: tuple[Test, ...] = ()
    limits: tuple[int | None, ...] = ()
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
        """Whether it says that there is nothing more, and that alone: such a proposal is no turn."""
        said = self.tests or self.usage.calls or self.errors or self.raw or self.prompt
        return self.done and not (said or self.tool_uses or self.claims or self.bug_reports or self.silence)

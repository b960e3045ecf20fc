"""The cause for which a server refused a request, found by the words in its error message.

Error codes differ between servers and HTTP statuses are unreliable, so the words of the message are used. If several
causes match, the order in `cause_of` decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.server.error_text import Said

Cause = Literal[
    "", "slip", "overflow", "quota", "tools", "role", "limit", "schema", "model", "setting", "vague", "path"
]
"""
======== ==============================================================================
slip     the model wrote text that the server cannot parse: the model is told so; the request was correct
overflow prompt and reply do not fit into the context
quota    the account has no money
tools    this model cannot call tools
role     the server does not know this role of a message
limit    this server uses another name for the limit of output tokens
schema   the server does not support a schema for the reply
model    the model does not exist
setting  the server does not accept a setting that was sent
vague    refused without a reason, in a request with a schema for the reply
path     the server has no such address
======== ==============================================================================
"""

# Names of a setting in requests, as the servers that refuse it write them.
WIRE_NAMES = {
    "temperature": ("temperature",),
    "max_tokens": ("max_completion_tokens", "max_output_tokens", "maxOutputTokens", "max_tokens"),
    "reasoning_effort": ("reasoning_effort", "reasoning", "thinking", "thinking_level", "effort"),
    "llm_seed": ("seed",),
}
_REFUSED = frozenset({400, 404, 405, 409, 413, 415, 422, 424, 429, 500, 501})


@dataclass(frozen=True, slots=True)
class Sent:
    """Content of a request besides its messages: whether it had tools, and a schema of the reply."""

    tools: bool = False
    schema: bool = False


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


_SLIP = _words(
    r"tool_use_failed", r"json_validate_failed", r"output_parse_failed", r"\binvalid_?tool_?call",
    r"failed to (?:parse|call|read|decode|validate|generate)[^.]{0,20}\b(?:tools?|functions?|json)\b",
    r"(?:error|failure) (?:parsing|decoding|reading) (?:the )?(?:tool|function)[ _]?call",
    r"(?:could not|cannot|unable to) (?:parse|decode|read) (?:the )?(?:tool|function|model)",
    r"\b(?:malformed|invalid|unparsable|unparseable)[ _](?:tool|function)[ _]?calls?",
    r"tool call validation failed", r"model (?:output|response|reply|generation)[^.]{0,40}\bvalid json",
    r"model (?:produced|generated|returned|wrote|output)[^.]{0,20}\b(?:invalid|malformed|unparsable)",
    r"(?:invalid|malformed|broken) json\b[^.]{0,40}\b(?:tool|function)", r"generated json (?:does not|is not|did not)",
    r"failed to parse input at pos", r"attempted to call (?:a )?(?:tool|function)", r"generated text did not match",
)  # fmt: skip
_OVERFLOW = _words(
    r"context_length_exceeded", r"exceed_context_size", r"context_window_exceeded", r"prompt_tokens_exceeded",
    r"string_above_max_length", r"maximum context", r"max(?:imum)?[ _]?(?:context|model|sequence)[ _]?len",
    r"context (?:length|window|size|limit)[^.]{0,60}(?:exceed|overflow|too|reached|full|smaller|of \d)",
    r"(?:exceed|overflow|larger than|longer than|beyond|fit)\w*[^.]{0,60}\bcontext\b",
    r"(?:prompt|input|request|messages?|conversation|payload|content|body|entity)[^.]{0,30}"
    r"\b(?:is |are |was )?(?:too (?:long|large|big)|exceeds? the (?:maximum|limit))",
    r"too many (?:input |prompt |total )?tokens", r"reduce (?:the )?(?:length|size|your (?:message|prompt|input))",
    r"tokens?[^.]{0,40}exceeds? (?:the )?(?:model'?s? )?(?:max|limit|available|allowed|context)", r"\bnum_ctx\b",
    r"(?:larger|more|longer) than the (?:maximum|allowed|available)[^.]{0,40}tokens",
    r"(?:max|maximum|limit)[^.]{0,30}(?:of|is|:) [\d,]+ (?:input |prompt )tokens",
    r"tokens? \+ `?max_new_tokens", r"max(?:imum)? (?:prompt|input|sequence) (?:length|size|tokens?)",
    r"(?:tokens?|prompt|input|length)[^.]{0,60}"
    r"(?:longer|more|larger|greater) than (?:the )?(?:max|allowed|limit|available)",
    r"input (?:length|tokens?)[^.]{0,60}(?:exceed|maximum|limit|too)", r"request entity too large",
)  # fmt: skip
_TOO_LARGE = _words(
    r"(?:request|prompt|input|message)s? (?:is |are )?too (?:large|long|big)", r"context (?:length|window|size|limit)"
)
_QUOTA = _words(
    r"insufficient[_ ](?:quota|balance|credits?|funds)", r"(?:exceeded|out of) your (?:current )?(?:quota|credits?)",
    r"payment required", r"billing_hard_limit", r"credit balance is too low", r"no credits? (?:left|remaining)",
)  # fmt: skip
_TOOLS = _words(
    r"\b(?:tools?|functions?|function calling|tool[ _](?:use|calls?|calling|choice))\b[^.]{0,60}"
    r"(?:not (?:be )?(?:support|available|implement|enabled|allow)|unsupported|requires?|must be set)",
    r"(?:n[o']t support|unsupported|no endpoints|without support)[^.]{0,60}\b(?:tools?|functions?|tool[ _]use)\b",
    r"\bbody\.tools\b", r"--jinja", r"enable-auto-tool-choice",
    r"(?:extra|unknown|unexpected|unrecogni[sz]ed)[^.]{0,60}\btools?\b",
    r"\btools?\b[^.]{0,20}(?:extra (?:fields?|inputs?)|not permitted)",
)  # fmt: skip
_ROLE = _words(
    r"messages?[\[.\s]*\d+\]?\.?role", r"\broles?\b", r"\b(?:system|developer)[ _](?:message|prompt|instruction)s?\b",
    r"developer instruction", r"unknown variant [`'\"](?:system|developer)",
)  # fmt: skip
_ROLE_REFUSED = _words(
    r"\bsystem\b", r"\bdeveloper\b", r"alternat", r"(?:only|one of|input should be)[^.]{0,40}\buser\b"
)
_LIMIT = _words(r"\bmax_(?:completion_)?tokens\b")
_UNKNOWN = _words(
    r"unsupported", r"not (?:be )?(?:support|permit|allow|recogni[sz]ed|a valid)", r"unrecogni[sz]ed", r"unknown",
    r"unexpected", r"extra (?:fields?|inputs?|param)", r"instead", r"no such", r"does ?n[o']t (?:accept|take|know)",
    r"deprecated", r"invalid (?:param|argument|field)",
)  # fmt: skip
# Names of the parameter that sets a schema for the reply: OpenAI, llama.cpp and vLLM; Google; Anthropic.
_SCHEMA = _words(
    r"response_format", r"json_schema", r"text\.format", r"guided_json", r"structured[ _]outputs?", r"grammar",
    r"response_?schema", r"response_?mime", r"response_json_schema", r"output_format", r"output_config",
)  # fmt: skip
_MODEL = _words(
    r"\bmodel\b[^.]{0,120}(?:not found|does ?n[o']t exist|not exist|unknown|not available|no longer|not be found|"
    r"not loaded|not a valid model|decommissioned)", r"(?:no such|unknown|invalid|no) model\b", r"model_not_found",
    r"not a valid model",
)  # fmt: skip


def cause_of(status: int | None, said: Said, settings: ModelSettings, sent: Sent) -> Cause:
    """Return why a request was refused; empty if no cause is recognised, or if no request was refused."""
    if status is None or status < 400:
        return ""
    everything = said.everything
    if status == 402 or (status == 429 and _QUOTA.search(everything)):
        return "quota"
    if status == 413 or (status == 429 and _TOO_LARGE.search(everything)):
        return "overflow"
    if status not in _REFUSED or status == 429:
        return ""
    if said.generated or (_SLIP.search(everything) and (sent.tools or sent.schema)):
        return "slip"
    return _of_words(status, everything, settings, sent)


def _of_words(status: int, said: str, settings: ModelSettings, sent: Sent) -> Cause:
    named, limit = names_setting(said), _LIMIT.search(said) and settings.max_tokens is not None
    of_limit = named == "max_tokens" and "context" not in said.lower()
    checks: tuple[tuple[Cause, object], ...] = (
        ("overflow", _OVERFLOW.search(said) and not of_limit),
        ("schema", sent.schema and _SCHEMA.search(said)),
        ("tools", sent.tools and _TOOLS.search(said)),
        ("limit", limit and _UNKNOWN.search(said)),
        ("model", _MODEL.search(said)),
        ("role", _ROLE.search(said) and _ROLE_REFUSED.search(said)),
        ("setting", named),
        ("vague", sent.schema and status in (400, 404, 422, 500)),
        ("path", status in (404, 405)),
    )
    return next((cause for cause, holds in checks if holds), "")


def names_setting(text: str) -> str:
    """Return the first setting whose name in requests occurs in `text`, empty if none."""
    return next((name for name, words in WIRE_NAMES.items() if any(re.search(rf"\b{w}\b", text) for w in words)), "")

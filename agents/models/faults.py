"""What went wrong in one attempt: the same words for every vendor, and whether to try again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.providers import Endpoint
from dv_agent.agents.models.redaction import excerpt
from dv_agent.agents.models.retries import retry_after
from dv_agent.designs.design import Frozen

_RETRYABLE = frozenset({408, 409, 425, 429})
# What clients raise on a reply that is no chat completion: bad JSON, bad bytes, missing or odd members.
_UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError)
# How servers say that prompt and reply do not fit: OpenAI and vLLM, llama.cpp, and vLLM in words alone.
_OVERFLOWS = ("context_length_exceeded", "exceed_context_size_error", "maximum context length")
# What a setting is called on the wire, by those who refuse it.
_WIRE_NAMES = {
    "temperature": ("temperature",),
    "max_tokens": ("max_completion_tokens", "max_output_tokens", "maxOutputTokens", "max_tokens"),
    "reasoning_effort": ("reasoning_effort", "reasoning", "thinking", "thinking_level", "effort"),
    "llm_seed": ("seed",),
}


# How servers call what holds a reply to a schema: OpenAI, llama.cpp and vLLM; Google; Anthropic.
_SCHEMA_WORDS = re.compile(
    r"response_format|json_schema|text\.format|guided_json|structured[ _]outputs?|grammar|response_?schema"
    r"|response_?mime|response_json_schema|output_format|output_config",
    re.IGNORECASE,
)


class ModelFault(Frozen):
    """One failed attempt.

    Attributes:
        kind: class of the error, in the vendor-neutral words of langchain-core where it has one.
        status: HTTP status, if the server answered.
        detail: what the server or the client said, scrubbed and shortened.
        hint: what to do about it, may be empty.
        retryable: whether the same request may succeed later.
        unreadable: an answer came, but it was no chat completion.
        sent: whether the server may have worked on it, and charged for it.
        retry_after: seconds that the server asked to wait.
        refuses_schema: whether the server refused the request for the schema that the reply was to have.
    """

    kind: str
    status: int | None = None
    detail: str = ""
    hint: str = ""
    retryable: bool = False
    unreadable: bool = False
    sent: bool = False
    retry_after: float | None = None
    refuses_schema: bool = False

    def __str__(self) -> str:
        head = f"HTTP {self.status} ({self.kind})" if self.status else self.kind
        return f"{head}: {self.detail}" if self.detail else head


def fault_of(error: Exception, endpoint: Endpoint, settings: ModelSettings) -> ModelFault:
    """What `error` says about the attempt that it ended."""
    status, failed = _status(error), _kind(error)
    refused = status is not None and status >= 400
    unreadable = failed is None and not refused and isinstance(error, _UNREADABLE)
    kind = "UnreadableReply" if unreadable else failed or type(error).__name__
    connected = not any("Connect" in type(one).__name__ for one in _causes(error) if _is_transport(one))
    return ModelFault(
        kind=kind,
        status=status,
        detail=excerpt(_detail(error)),
        hint=_hint(kind, status, error, endpoint, settings, connected),
        retryable=unreadable or _retryable(error, kind, status),
        unreadable=unreadable,
        sent=not refused and connected,
        retry_after=retry_after(_headers(error)),
        refuses_schema=kind != "ContextOverflowError" and status in (400, 422) and _is_about_the_schema(error),
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, nearest first."""
    seen: BaseException | None = error
    for _ in range(20):  # chains can be circular
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _kind(error: Exception) -> str | None:
    """The neutral class, None if the error has none."""
    said = f"{_body(error).get('code')} {_body(error).get('type')} {_detail(error)}"
    if _status(error) == 400 and any(words in said for words in _OVERFLOWS):
        return "ContextOverflowError"  # LangChain looks for the code in the message, where newer clients do not put it
    for one in type(error).__mro__:
        if one.__module__ == "langchain_core.exceptions" and one.__name__ not in {"ModelError", "LangChainException"}:
            return one.__name__
    if isinstance(error, TimeoutError):
        return "ModelTimeoutError"
    return "ModelConnectionError" if isinstance(error, OSError) or _is_transport(error) else None


def _is_transport(error: BaseException) -> bool:
    return any(one.__name__ == "TransportError" for one in type(error).__mro__)


def _status(error: Exception) -> int | None:
    for one in _causes(error):
        for value in (getattr(one, "status_code", None), getattr(getattr(one, "response", None), "status_code", None)):
            if isinstance(value, int):
                return value
        code = getattr(one, "code", None)  # google-genai calls it so; others keep words there
        if isinstance(code, int) and 400 <= code < 600:
            return code
    return None


def _headers(error: Exception) -> dict[str, str]:
    for one in _causes(error):
        headers = getattr(getattr(one, "response", None), "headers", None)
        if headers is not None:
            return {str(name).lower(): str(value) for name, value in dict(headers).items()}
    return {}


def _body(error: Exception) -> dict[str, Any]:
    body = getattr(error, "body", None)
    body = body.get("error", body) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else {}


def _detail(error: Exception) -> str:
    message = _body(error).get("message")
    if message:
        return str(message)
    # Clients wrap what the network said into a mere "Connection error."
    said = [str(one).strip() for one in _causes(error) if one is error or _is_transport(one)]
    return ": ".join(dict.fromkeys(filter(None, (said[0].rstrip("."), said[-1]))))


def _retryable(error: Exception, kind: str, status: int | None) -> bool:
    if status == 429 and "insufficient_quota" in (_body(error).get("code"), _body(error).get("type")):
        return False  # an empty account is no rate limit
    verdict = getattr(error, "is_retryable", None)  # langchain_core.exceptions.ModelError
    if isinstance(verdict, bool):
        return verdict
    if status is not None:  # statuses that clients leave without a neutral class
        return status in _RETRYABLE or status >= 500
    return kind in {"ModelTimeoutError", "ModelConnectionError"}


def _hint(
    kind: str, status: int | None, error: Exception, endpoint: Endpoint, settings: ModelSettings, connected: bool
) -> str:
    """What a person can do about it, empty if there is nothing to say."""
    if status in (400, 422) and kind != "ContextOverflowError":
        return _hint_about_settings(error, settings)
    if status == 429 and not _retryable(error, kind, status):
        return "the account has no quota left"
    if kind == "ModelConnectionError":
        return "" if connected else f"does a server listen at {endpoint.address}?"
    if kind in {"ModelAuthenticationError", "ModelPermissionDeniedError"}:
        name = endpoint.key_variable()
        return f"check the key in {name}" if name else f"it wants a key: set {endpoint.key_variables[0]}"
    hints = {
        "ContextOverflowError": "prompt and reply do not fit into this model: lower --context-tokens or --max-tokens",
        "ModelTimeoutError": f"one attempt may take {settings.timeout:g} s: raise --timeout",
    }
    if endpoint.compatible:
        where = "the address of a server that speaks OpenAI's chat completions usually ends in /v1"
        hints |= {"ModelNotFoundError": where, "UnreadableReply": where}
    return hints.get(kind, "")


def _is_about_the_schema(error: Exception) -> bool:
    said = f"{getattr(error, 'param', '')} {_body(error).get('param')} {_body(error).get('detail')} {_detail(error)}"
    return bool(_SCHEMA_WORDS.search(said))


def _hint_about_settings(error: Exception, settings: ModelSettings) -> str:
    """Which flags the server complains about, of those that were given."""
    said = f"{getattr(error, 'param', '')} {_detail(error)}"
    flags = [
        f"--{name.replace('_', '-')}"
        for name, words in _WIRE_NAMES.items()
        if getattr(settings, name) is not None and any(re.search(rf"\b{word}\b", said) for word in words)
    ]
    return f"the server does not take this value of {', '.join(flags)} for this model: leave it out" if flags else ""

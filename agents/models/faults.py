"""The fault of one attempt, in the same terms for every vendor, and whether to try again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.providers import Endpoint
from dv_agent.agents.models.redaction import excerpt
from dv_agent.agents.models.server.causes import Cause, Sent, cause_of
from dv_agent.agents.models.server.error_text import Said, said_in
from dv_agent.agents.models.server.hints import Happened, hint
from dv_agent.agents.models.server.retry_after import retry_after
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import DvAgentError

_RETRYABLE = frozenset({408, 409, 425, 429})
_NOT_MENDED_BY_WAITING = frozenset({"slip", "overflow", "quota", "tools", "role", "limit", "model"})
# What clients raise on a reply that is not a chat completion: bad JSON, bad bytes, missing or wrong members.
_UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)


class ModelFault(Frozen):
    """Fault that ended one attempt.

    Attributes:
        kind: class of the error, the vendor-neutral class of langchain-core if there is one.
        status: HTTP status, if the server answered; for an error that came with status 200, the one in its body.
        detail: message of the server or the client, with secrets removed, and shortened.
        hint: what to do about it; may be empty.
        cause: why the request was refused, if that is recognised.
        retryable: whether the same request may succeed later.
        unreadable: an answer came, but it was not a chat completion.
        sent: whether the server may have processed the request and charged for it.
        retry_after: seconds that the server asked to wait.
        generated: text of the model, if the server refused it and quotes it.
    """

    kind: str
    status: int | None = None
    detail: str = ""
    hint: str = ""
    cause: Cause = ""
    retryable: bool = False
    unreadable: bool = False
    sent: bool = False
    retry_after: float | None = None
    generated: str = ""

    @property
    def refuses_schema(self) -> bool:
        """Whether the server refused the request because of the schema for the reply, as far as this is known."""
        return self.cause in ("schema", "vague")

    def __str__(self) -> str:
        head = f"HTTP {self.status} ({self.kind})" if self.status else self.kind
        return f"{head}: {self.detail}" if self.detail else head


def fault_of(error: Exception, endpoint: Endpoint, settings: ModelSettings, sent: Sent = Sent()) -> ModelFault:  # noqa: B008
    """Return the fault that `error` reports about the attempt that it ended.

    Args:
        sent: content of the request.
    """
    status, said = _status(error), _said(error)
    cause = cause_of(status, said, settings, sent)
    named = "ContextOverflowError" if cause == "overflow" else _kind(error)
    refused = status is not None and status >= 300
    unreadable = named is None and not refused and isinstance(error, _UNREADABLE)
    kind = "UnreadableReply" if unreadable else named or type(error).__name__
    connected = not any("Connect" in type(one).__name__ or "Proxy" in type(one).__name__ for one in _transport(error))
    happened = Happened(
        kind=kind, status=status, cause=cause, text=f"{said.everything} {_chain(error)}", connected=connected,
        location=_headers(error).get("location", ""), proxy=_proxy(endpoint),
    )  # fmt: skip
    return ModelFault(
        kind=kind,
        status=status,
        detail=excerpt(said.text or _chain(error)),
        hint=excerpt(hint(happened, endpoint, settings)),
        cause=cause,
        retryable=cause not in _NOT_MENDED_BY_WAITING and (unreadable or _retryable(error, kind, status)),
        unreadable=unreadable,
        sent=(not refused and connected) or cause == "slip",
        retry_after=retry_after(_headers(error)),
        generated=said.generated,
    )


def _proxy(endpoint: Endpoint) -> str:
    from dv_agent.agents.models.server.network import proxy_of  # noqa: PLC0415  # httpx is already loaded here

    try:
        proxy = proxy_of(endpoint.address)
    except DvAgentError:
        return ""
    return f"{proxy.shown}, as {proxy.variable} says" if proxy else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and the errors that caused it, nearest first."""
    seen: BaseException | None = error
    for _ in range(20):  # chains can be circular
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _transport(error: BaseException) -> Iterator[BaseException]:
    return (one for one in _causes(error) if any(kind.__name__ == "TransportError" for kind in type(one).__mro__))


def _kind(error: Exception) -> str | None:
    """Return the vendor-neutral class of an error, None if it has none."""
    for one in type(error).__mro__:
        if one.__module__ == "langchain_core.exceptions" and one.__name__ not in {"ModelError", "LangChainException"}:
            return one.__name__
    if isinstance(error, TimeoutError):
        return "ModelTimeoutError"
    if isinstance(error, OSError) or any(one is error for one in _transport(error)):
        return "ModelConnectionError"
    return None


def _status(error: Exception) -> int | None:
    for one in _causes(error):
        for value in (getattr(one, "status_code", None), getattr(getattr(one, "response", None), "status_code", None)):
            if isinstance(value, int):
                return value
        code = getattr(one, "code", None)  # google-genai uses this name; others keep a string there
        if isinstance(code, int) and 400 <= code < 600:
            return code
    return None


def _headers(error: Exception) -> dict[str, str]:
    for one in _causes(error):
        headers = getattr(getattr(one, "response", None), "headers", None)
        if headers is not None:
            return {str(name).lower(): str(value) for name, value in dict(headers).items()}
    return {}


def _said(error: Exception) -> Said:
    """Return the message of the server, from wherever the client stored it."""
    for one in _causes(error):
        text = _text_of(getattr(one, "response", None))
        body = text or getattr(one, "body", None) or getattr(one, "details", None)
        if isinstance(body, str | bytes | dict | list) and body:
            return said_in(body)
    given = error.args[0] if isinstance(error, ValueError) and error.args else None
    return said_in(given) if isinstance(given, dict) else Said()


def _text_of(response: Any) -> str:
    """Return the body of an answer that was read; with status 200 it is not an error, whatever it contains."""
    try:
        return str(response.text) if response.status_code >= 300 else ""
    except Exception:  # no response, or its body was not read
        return ""


def _chain(error: Exception) -> str:
    """Return the outermost and the innermost message; clients replace the network's message by "Connection error."."""
    said = [str(one).strip() for one in (error, *_transport(error))]
    return ": ".join(dict.fromkeys(filter(None, (said[0].rstrip("."), said[-1]))))


def _retryable(error: Exception, kind: str, status: int | None) -> bool:
    verdict = getattr(error, "is_retryable", None)  # langchain_core.exceptions.ModelError
    if isinstance(verdict, bool):
        return verdict
    if status is not None:  # statuses for which clients have no neutral class
        return status in _RETRYABLE or status >= 500
    return kind in {"ModelTimeoutError", "ModelConnectionError"}

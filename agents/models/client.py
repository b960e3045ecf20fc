"""One request through LangChain: building of the client, and one call without retries."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from dv_agent.agents.models.chat_model import Message, ModelSettings, ToolSpec
from dv_agent.agents.models.deadline import call_with_deadline
from dv_agent.agents.models.output_schema import raw_answer
from dv_agent.agents.models.providers import PROVIDERS, Endpoint
from dv_agent.agents.models.redaction import excerpt
from dv_agent.agents.models.server.request_style import OLD_LIMIT, Wire, first_wire
from dv_agent.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable

MOST_NAME = 200
_GRACE = 0.25  # seconds: the client's own timeout is earlier and closes its connection
_FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}


def build_client(endpoint: Endpoint, settings: ModelSettings, wire: Wire | None = None) -> BaseChatModel:
    """Return LangChain's client; it does not retry, stream or cache.

    Args:
        wire: style of the request, with the name of the limit of output tokens; the usual name if not given.

    Raises:
        PrerequisiteError: a package is missing, or the versions of its parts are incompatible.
        UsageError: the client does not accept a setting.
    """
    endpoint.require(settings)
    from langchain.chat_models import init_chat_model  # noqa: PLC0415  # 1 s
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        client: BaseChatModel = init_chat_model(
            endpoint.name,
            model_provider=endpoint.provider,
            **_arguments(endpoint, settings, wire or first_wire(settings, endpoint)),
        )
    except ImportError as error:
        raise PrerequisiteError(excerpt(str(error)), PROVIDERS[endpoint.provider].install) from None
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)]
        raise UsageError(f"{endpoint.provider} refuses its settings: {excerpt('; '.join(faults))}") from None
    return client


def _arguments(endpoint: Endpoint, settings: ModelSettings, wire: Wire) -> dict[str, Any]:
    """Return the arguments of the client; only sampling settings that were set, because some models refuse others."""
    provider = PROVIDERS[endpoint.provider]
    sampling = {
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "reasoning_effort": settings.reasoning_effort,
        "seed": settings.llm_seed,
    }
    arguments: dict[str, Any] = {name: value for name, value in sampling.items() if value is not None}
    if endpoint.compatible:
        arguments["use_responses_api"] = False
    if "max_tokens" in arguments and endpoint.provider == "openai" and wire.limit == OLD_LIMIT:
        # The client would send max_completion_tokens, which Ollama and others silently ignore.
        arguments["extra_body"] = {OLD_LIMIT: arguments.pop("max_tokens")}
    address = endpoint.base_url or provider.home
    if address:
        arguments["base_url"] = address
    if endpoint.provider == "openai":
        from dv_agent.agents.models.server.network import open_client  # noqa: PLC0415

        arguments["http_client"] = open_client(endpoint.address)
    return arguments | {
        "api_key": endpoint.key(),
        "timeout": settings.timeout,
        "max_retries": provider.one_try,
        "disable_streaming": True,
        "cache": False,
    }


def ask_once(
    asked: Runnable[Any, Any], messages: Sequence[Message], seconds: float, quiet: bool = False, roles: str = "system"
) -> AIMessage | Exception:
    """Send one request; return the answer, or the exception that was raised.

    Args:
        asked: the client, with tools or a schema bound to it if there are any.
        quiet: whether warnings of the client are suppressed; it writes some about schemas to stderr.
        roles: name of the role of system messages.
    """
    from langsmith import tracing_context  # noqa: PLC0415

    from dv_agent.agents.models.langchain_messages import to_langchain  # noqa: PLC0415

    dialogue = [to_langchain(one.model_copy(update={"content": clean(one.content)}), roles) for one in messages]

    def invoke() -> AIMessage:
        # Prompts hold RTL, which may be confidential: tracing is off, also if an environment variable enables it.
        with tracing_context(enabled=False), _quietly() if quiet else nullcontext():
            return raw_answer(asked.invoke(dialogue))

    return call_with_deadline(seconds + _GRACE, invoke)


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def with_tools(client: BaseChatModel, tools: Sequence[ToolSpec]) -> Runnable[Any, Any]:
    """Return `client` with these tools bound to it."""
    from dv_agent.agents.models.langchain_messages import to_function  # noqa: PLC0415

    return client.bind_tools([to_function(one) for one in tools]) if tools else client


def text_of(answer: AIMessage) -> str:
    """Return the text of an answer; if there is none, the text of its refusal."""
    return clean(str(answer.text) or str(answer.additional_kwargs.get("refusal") or ""))


def is_refusal(answer: AIMessage) -> bool:
    """Return whether the only text is a refusal."""
    return bool(not str(answer.text) and answer.additional_kwargs.get("refusal")) or finish_of(answer) == "refusal"


def finish_of(answer: AIMessage) -> str:
    """Return why the reply ended, in OpenAI's terms: ``stop``, ``length``, ``content_filter``, ..."""
    said = answer.response_metadata
    reason = str(said.get("finish_reason") or said.get("stop_reason") or "").lower()
    return _FINISH.get(reason, reason)


def model_of(answer: AIMessage) -> str:
    """Return the model id that the server returned, at most `MOST_NAME` characters of it."""
    return str(answer.response_metadata.get("model_name") or answer.response_metadata.get("model") or "")[:MOST_NAME]


def clean(text: str) -> str:
    """Return `text` with U+FFFD for what cannot be encoded as UTF-8, such as half a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

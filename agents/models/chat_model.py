"""The protocol `ChatModel` and its data: messages in; text, tool calls and cost out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, field_validator, model_serializer

from dv_agent.designs.bounds import MOST, Amount, Count, Seed, Stops
from dv_agent.designs.frozen import Frozen
from dv_agent.prompts.text.tokens import estimate_tokens as prompt_tokens

Role = Literal["system", "user", "assistant", "tool"]


class ToolSpec(Frozen):
    """Tool that a model may call; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(Frozen):
    """Tool call, as the model wrote it.

    Attributes:
        id: unique in its message.
        arguments: JSON text, or the unchanged text if it is not valid JSON.
    """

    id: str
    name: str
    arguments: str


class OutputSchema(Frozen):
    """Schema of a reply, for vendors that can force a model to follow it.

    Attributes:
        name: name of the schema that is sent to the vendor.
        body: JSON schema of an object.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """The schema as compact JSON."""
        return json.dumps(self.body, separators=(",", ":"))

    @property
    def tokens(self) -> int:
        """Estimated number of tokens; servers that only force a model to follow the schema count none for it."""
        return prompt_tokens(self.text)

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that identify the schema."""
        return hashlib.sha256(f"{self.name}\0{self.text}".encode()).hexdigest()[:16]


class Message(Frozen):
    """Message of a dialogue.

    Attributes:
        tool_calls: in a message of role ``assistant``.
        tool_call_id: in a message of role ``tool``: the call that its content answers.
        native: in a message of role ``assistant``: JSON text that must be sent back to the vendor unchanged.
    """

    role: Role
    content: str
    tool_calls: Annotated[tuple[ToolCall, ...], Stops] = ()
    tool_call_id: str = ""
    native: str = ""

    @model_serializer(mode="wrap")
    def _without_what_is_empty(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        return {key: value for key, value in data.items() if value or key in ("role", "content")}

    @property
    def tokens(self) -> int:
        """Estimated number of tokens, tool calls included."""
        calls = "".join(one.name + one.arguments for one in self.tool_calls)
        return estimate_tokens(self.content) + estimate_tokens(calls) + estimate_tokens(self.native)


class ModelSettings(Frozen):
    """Settings of access to a model and of its sampling; flag, environment variable and YAML key have the same name.

    A setting that is None is not sent to the server, which then uses its own default.

    Attributes:
        model: ``provider:name``, such as ``openai:gpt-5``; ``provider/name`` is accepted too.
        base_url: address of an OpenAI-compatible server, without any secret in it.
        temperature: sampling temperature, 0 to 2; lower is more repeatable.
        max_tokens: most output tokens of one reply, those of hidden reasoning included.
        reasoning_effort: how long a reasoning model may think.
        llm_seed: seed of the model's sampling, where the server takes one.
        context_tokens: most tokens of prompt and reply together.
        role_style: role of the system message; ``auto`` is ``system`` until the server refuses that; ``user`` puts it
            before the first message of the user.
        requests_per_minute: calls are spaced to stay below it.
        timeout: seconds after which one attempt is given up.
        retry_seconds: no new attempt of a call starts after so many seconds; 0 never tries again.
    """

    # A refused value may hold a secret, and pydantic would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    model: str = Field(min_length=1, max_length=300)
    base_url: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=16, lt=MOST)
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = None
    llm_seed: Seed | None = None
    context_tokens: int = Field(default=32_000, ge=1_000, lt=MOST)
    role_style: Literal["auto", "system", "developer", "user"] = "auto"
    requests_per_minute: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=120.0, gt=0)
    retry_seconds: float = Field(default=300.0, ge=0)

    @model_serializer(mode="wrap")
    def _without_the_usual_roles(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the default role: names of trials and keys of caches are made from this, and must not change."""
        data: dict[str, Any] = handler(self)
        return {key: value for key, value in data.items() if key != "role_style" or value != "auto"}

    @field_validator("base_url")
    @classmethod
    def _is_an_address_and_nothing_else(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("an address such as http://localhost:8000/v1 is expected")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("a secret in it would be recorded: keys belong into DV_AGENT_API_KEY, and a path ends it")
        return url.strip().rstrip("/")

    @property
    def reply_tokens(self) -> int:
        """Tokens of the context reserved for the reply: `max_tokens`, else at most a quarter of the context."""
        return min(self.max_tokens or 4_000, max(self.context_tokens // 4, 1))


class CallUsage(Frozen):
    """Usage and cost of one attempt to call a model, as counted by the server.

    Attributes:
        cached_tokens: part of `input_tokens` that the server read from its cache.
        cache_write_tokens: part of `input_tokens` that the server wrote into its cache.
        reasoning_tokens: part of `output_tokens`.
        counted_by: ``server``; or ``estimate``, one token per 4 characters, if an answer came without
            counts, or was lost after the prompt had been sent (then its output is not counted); or ``nobody``,
            if the server refused the request or was not reached.
        usd: price of these tokens in US dollars; None if the price of the model is not known.
        seconds: wall time of the attempt, without the wait before it.
        error: class of the error that ended the attempt, empty if there was an answer.
        status: HTTP status of an error, if there was one.
    """

    input_tokens: Count = 0
    output_tokens: Count = 0
    cached_tokens: Count = 0
    cache_write_tokens: Count = 0
    reasoning_tokens: Count = 0
    counted_by: Literal["server", "estimate", "nobody"] = "server"
    usd: Amount | None = None
    seconds: Amount = 0.0
    error: str = ""
    status: Count | None = None


class Reply(Frozen):
    """Reply of a model.

    Attributes:
        text: unchanged; may be empty. Characters that cannot be encoded as UTF-8 are replaced by U+FFFD.
        model: the model id that the server returned; OpenAI's client repeats the requested one if there is none.
        finish_reason: such as ``stop`` or ``length``.
        attempts: every attempt, failed ones included, in order.
        cached: whether it came from a cache, so that no request was sent and nothing was paid.
        tool_calls: in the order in which the model wrote them.
        native: see `Message`.
        form: ``text``; ``schema`` if a schema for the reply was requested; ``refused`` if the vendor refused the
            schema and answered the same prompt in plain text.
        asked_as: changes to the request, because the server refused the original form: ``role:user``,
            ``max_completion_tokens``, ...
        refused: whether `text` is the model's refusal to answer.
        broken: why the server did not return the output of the model; `text` is then the part that it quotes.
    """

    text: str
    model: str = ""
    finish_reason: str = ""
    attempts: Annotated[tuple[CallUsage, ...], Stops] = ()
    cached: bool = False
    tool_calls: Annotated[tuple[ToolCall, ...], Stops] = ()
    native: str = ""
    form: Literal["text", "schema", "refused"] = "text"
    asked_as: tuple[str, ...] = ()
    refused: bool = False
    broken: str = ""


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens `text` has: one per 4 characters, rounded up. No tokenizer is used."""
    return (len(text) + 3) // 4


class ChatModel(Protocol):
    """Language model that answers messages."""

    @property
    def settings(self) -> ModelSettings:
        """The settings of access and sampling."""
        ...

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """Return one reply, after retries.

        Args:
            tools: tools that the model may call; without tools it can only write text.
            output: schema of the reply, if the vendor supports it; see `Reply.form`.

        Raises:
            ModelFailure: no reply after all retries, or an error that a retry cannot solve. Its `attempts`
                say what was tried and what it cost.
            PrerequisiteError: a package or key is missing.
        """
        ...


class ScriptedModel:
    """Model that returns given replies in order, then repeats the last one; for tests and demonstrations."""

    def __init__(
        self, replies: Sequence[str | Reply | Callable[[Sequence[Message]], str]], context_tokens: int = 32_000
    ) -> None:
        self._replies = list(replies)
        self.settings = ModelSettings(model="scripted:replies", context_tokens=context_tokens)
        self.asked: list[tuple[Message, ...]] = []

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """Return the next reply; its tokens are estimated, and it has no price."""
        self.asked.append(tuple(messages))
        said = self._replies[min(len(self.asked), len(self._replies)) - 1]
        reply = said if isinstance(said, Reply) else Reply(text=said if isinstance(said, str) else said(messages))
        usage = CallUsage(
            input_tokens=sum(one.tokens for one in messages),
            output_tokens=Message(role="assistant", content=reply.text, tool_calls=reply.tool_calls).tokens,
            counted_by="estimate",
        )
        form = "schema" if output else "text"
        update = {"model": "scripted", "finish_reason": "stop", "attempts": (usage,), "form": form}
        return reply.model_copy(update=update)

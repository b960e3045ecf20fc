"""The seam ChatModel: text in, text out, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator

from dv_agent.designs.design import Frozen

Role = Literal["system", "user", "assistant"]


class Message(Frozen):
    """One message of a dialogue."""

    role: Role
    content: str


class ModelSettings(Frozen):
    """How a model is reached and sampled; one name for flag, environment variable and YAML key.

    What is None is not mentioned to the server, which then uses its own default.

    Attributes:
        model: ``provider:name``, such as ``openai:gpt-5``; ``provider/name`` is accepted too.
        base_url: address of an OpenAI-compatible server, without any secret in it.
        max_tokens: most output tokens of one reply, those of hidden reasoning included.
        context_tokens: most tokens of prompt and reply together.
        requests_per_minute: calls are spaced to stay below it.
        timeout: seconds after which one attempt is given up.
        retry_seconds: no new attempt of a call starts after so many seconds; 0 never tries again.
    """

    # A refused value may hold a secret, and pydantic would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    model: str = Field(min_length=1, max_length=300)
    base_url: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=16)
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = None
    llm_seed: int | None = None
    context_tokens: int = Field(default=32_000, ge=1_000)
    requests_per_minute: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=120.0, gt=0)
    retry_seconds: float = Field(default=300.0, ge=0)

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
        """Tokens of the context to keep free for the reply: `max_tokens`, or else at most a quarter of it."""
        return min(self.max_tokens or 4_000, max(self.context_tokens // 4, 1))


class CallUsage(Frozen):
    """What one attempt to call a model cost, as the server counted it.

    Attributes:
        cached_tokens: part of `input_tokens` that the server took from its cache.
        cache_write_tokens: part of `input_tokens` that the server put into its cache.
        reasoning_tokens: part of `output_tokens`.
        counted_by: ``server``; or ``estimate``, a token for every 4 characters, where an answer came without
            counts, or was lost after the prompt had been sent (then its output is not in it); or ``nobody``,
            where the server refused the request or was not reached.
        usd: price of these tokens, US dollars; None where the price of the model is not known.
        seconds: wall time of the attempt, without the wait before it.
        error: class of the error that ended the attempt, empty if it was answered.
        status: HTTP status of an error, if there was one.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    counted_by: Literal["server", "estimate", "nobody"] = "server"
    usd: float | None = None
    seconds: float = 0.0
    error: str = ""
    status: int | None = None


class Reply(Frozen):
    """An answer.

    Attributes:
        text: as it came; may be empty. What is no UTF-8 became U+FFFD.
        model: the id that the server returned; OpenAI's client repeats the requested one if it did not say.
        finish_reason: such as ``stop`` or ``length``.
        attempts: every attempt, failed ones included, in order.
    """

    text: str
    model: str = ""
    finish_reason: str = ""
    attempts: tuple[CallUsage, ...] = ()


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` has: one for every 4 characters, rounded up. No tokenizer is asked."""
    return (len(text) + 3) // 4


class ChatModel(Protocol):
    """Something that answers."""

    @property
    def settings(self) -> ModelSettings:
        """How it is reached and sampled."""
        ...

    def ask(self, messages: Sequence[Message]) -> Reply:
        """One reply, after retries.

        Raises:
            ModelFailure: no reply after all retries, or an error that retrying cannot mend. Its `attempts`
                say what was tried and what it cost.
            PrerequisiteError: a package or key is missing.
        """
        ...


class ScriptedModel:
    """Answers what it was given, in order, then the last one again: for tests and demonstrations."""

    def __init__(
        self, replies: Sequence[str | Callable[[Sequence[Message]], str]], context_tokens: int = 32_000
    ) -> None:
        self._replies = list(replies)
        self.settings = ModelSettings(model="scripted:replies", context_tokens=context_tokens)
        self.asked: list[tuple[Message, ...]] = []

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The next reply; its tokens are estimated, and it has no price."""
        self.asked.append(tuple(messages))
        reply = self._replies[min(len(self.asked), len(self._replies)) - 1]
        text = reply if isinstance(reply, str) else reply(messages)
        usage = CallUsage(
            input_tokens=sum(estimate_tokens(one.content) for one in messages),
            output_tokens=estimate_tokens(text),
            counted_by="estimate",
        )
        return Reply(text=text, model="scripted", finish_reason="stop", attempts=(usage,))

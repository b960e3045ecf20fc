"""The seam ChatModel: text in, text out, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from pydantic import Field

from dv_agent.designs.design import Frozen

Role = Literal["system", "user", "assistant"]


class Message(Frozen):
    """One message of a dialogue."""

    role: Role
    content: str


class ModelSettings(Frozen):
    """How a model is reached and sampled; one name for flag, environment variable and YAML key.

    Attributes:
        model: ``provider:name``, such as ``openai:gpt-5``; ``provider/name`` is accepted too.
        base_url: address of an OpenAI-compatible server.
        max_tokens: most output tokens of one reply.
        context_tokens: most tokens of prompt and reply together.
        requests_per_minute: calls are spaced to stay below it.
        timeout: seconds after which one attempt is given up.
        retry_seconds: no new attempt of a call starts after so many seconds.
    """

    model: str
    base_url: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int = Field(default=4_000, ge=16)
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = None
    llm_seed: int | None = None
    context_tokens: int = Field(default=32_000, ge=1_000)
    requests_per_minute: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=120.0, gt=0)
    retry_seconds: float = Field(default=120.0, ge=0)


class CallUsage(Frozen):
    """What one attempt to call a model cost, as the server counted it.

    Attributes:
        cached_tokens: part of `input_tokens` that the server took from its cache.
        reasoning_tokens: part of `output_tokens`.
        error: class of the error that ended the attempt, empty if it was answered.
        status: HTTP status of an error, if there was one.
        usd: None where the price of the model is not known.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    usd: float | None = None
    seconds: float = 0.0
    error: str = ""
    status: int | None = None


class Reply(Frozen):
    """An answer.

    Attributes:
        text: as it came; may be empty.
        model: the id that the server returned, empty if it did not say.
        finish_reason: such as ``stop`` or ``length``.
        attempts: every attempt, failed ones included, in order.
    """

    text: str
    model: str = ""
    finish_reason: str = ""
    attempts: tuple[CallUsage, ...] = ()


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
        """The next reply; every 4 characters count as a token."""
        self.asked.append(tuple(messages))
        reply = self._replies[min(len(self.asked), len(self._replies)) - 1]
        text = reply if isinstance(reply, str) else reply(messages)
        usage = CallUsage(input_tokens=sum(len(one.content) for one in messages) // 4, output_tokens=len(text) // 4)
        return Reply(text=text, model="scripted", finish_reason="stop", attempts=(usage,))

"""The `ChatModel` for vendors and OpenAI-compatible servers, through LangChain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dv_agent.agents.models.chat_model import CallUsage, Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.models.faults import ModelFault, fault_of
from dv_agent.agents.models.pace import RequestPace, wait_out
from dv_agent.agents.models.providers import endpoint_of
from dv_agent.agents.models.redaction import without_secrets
from dv_agent.agents.models.retries import AttemptFailed, OnWait, RetryPolicy, with_retries
from dv_agent.agents.models.server.causes import Sent
from dv_agent.agents.models.server.request_style import Wire, first_wire
from dv_agent.agents.models.server.slips import MAX_SLIPS, slipped
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ModelFailure

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable


@dataclass(frozen=True, slots=True)
class _Request:
    """Content of a request, the same for every attempt.

    Attributes:
        asked: the client, with tools or a schema bound to it.
        beside: what is sent besides `messages`, so that its tokens can be counted.
        sent: whether the model may call tools, and whether a schema for the reply is set.
    """

    asked: Runnable[Any, Any]
    messages: Sequence[Message]
    beside: tuple[Message, ...]
    sent: Sent


def _silent(message: str, seconds: float) -> None:
    """Ignore waits."""


class LangChainModel:
    """Model reached through LangChain; threads may share it, and then also share the spacing of requests.

    Args:
        settings: the model, and how it is sampled.
        on_wait: called before every wait, with the reason and the seconds.
        clock: monotonic clock, in seconds.
        sleep: function that waits the given seconds.
        first_wait: seconds of the first wait after a failed attempt.

    Raises:
        UsageError: the provider does not exist, or does not support a setting.
        PrerequisiteError: its package is not installed, or its key is not set.
    """

    def __init__(
        self,
        settings: ModelSettings,
        on_wait: OnWait = _silent,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = wait_out,
        first_wait: float = 1.0,
    ) -> None:
        self.settings = settings
        self.endpoint = endpoint_of(settings)
        self.endpoint.require(settings)
        self._pace = RequestPace(settings.requests_per_minute, clock, sleep)
        self._on_wait, self._clock = on_wait, clock
        self._wire, self._slips = first_wire(settings, self.endpoint), 0
        self._clients: dict[str, BaseChatModel] = {}
        self._lock = threading.Lock()
        self._policy = RetryPolicy(
            within=settings.retry_seconds,
            first=first_wait,
            not_before=self._pace.delay,
            on_wait=on_wait,
            sleep=sleep,
        )

    def __repr__(self) -> str:
        return f"LangChainModel({self.settings.model!r} at {self.endpoint.address})"

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """Return one reply, after retries; its `attempts` hold every request that was made.

        If a server refuses a part of the request, it is changed, each part once: without `output`; with other roles of
        messages, or with the other name of the limit of output tokens, both then used for all further calls.

        Raises:
            ModelFailure: no reply after all retries, or an error that a retry cannot solve.
            PrerequisiteError: a package or key is missing.
        """
        attempts: list[CallUsage] = []
        held = output
        while True:
            form, request = self._request(messages, tools, held)
            came = self._tried(request, attempts)
            if isinstance(came, ModelFault) and came.cause == "slip" and self._slips < MAX_SLIPS:
                self._slips += 1
                came = slipped(came, bool(tools))
            elif isinstance(came, Reply):
                self._slips = 0
            if isinstance(came, Reply):
                form = "refused" if output and form == "text" else form
                update = {"attempts": tuple(attempts), "form": form, "asked_as": self._wire.words}
                return without_secrets(came).model_copy(update=update)
            other = self._wire.after(came, self.settings)
            if other is not None:
                self._wire = other
            elif request.sent.schema and (came.refuses_schema or came.unreadable):
                held = None
            else:
                break
        # Raised here, so that no client error is chained to it: client errors hold requests, and requests hold keys.
        raise ModelFailure(self._story(came, attempts), tuple(attempts))

    def _request(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], output: OutputSchema | None
    ) -> tuple[str, _Request]:
        """Return the form of the reply that is requested, and the content of the request."""
        from dv_agent.agents.models.client import with_tools  # noqa: PLC0415
        from dv_agent.agents.models.langchain_messages import wire_extra  # noqa: PLC0415
        from dv_agent.agents.models.output_schema import structured  # noqa: PLC0415

        client, dialogue = self._client(self._wire), self._wire.dialogue(messages)
        held = structured(client, output) if output else None
        if output and held is not None:
            return "schema", _Request(held, dialogue, (Message(role="user", content=output.text),), Sent(schema=True))
        plain = _Request(with_tools(client, tools), dialogue, wire_extra(messages, tools), Sent(tools=bool(tools)))
        return "text", plain

    def _client(self, wire: Wire) -> BaseChatModel:
        """Return the client, built at the first call: LangChain takes one second to load."""
        from dv_agent.agents.models.client import build_client  # noqa: PLC0415

        with self._lock:
            if wire.limit not in self._clients:
                self._clients[wire.limit] = build_client(self.endpoint, self.settings, wire)
            return self._clients[wire.limit]

    def _tried(self, request: _Request, attempts: list[CallUsage]) -> Reply | ModelFault:
        try:
            return with_retries(lambda: self._attempt(request, attempts), self._policy)
        except AttemptFailed as failed:
            return failed.fault

    def price(self, usage: CallUsage) -> float | None:
        """Return the price of so many tokens of this model in US dollars; None if it is not known."""
        from dv_agent.agents.models.costs.prices import price  # noqa: PLC0415

        return price(usage, self.endpoint)

    def _attempt(self, request: _Request, attempts: list[CallUsage]) -> Reply:
        """Make one request; its usage is added to `attempts`, also if it fails."""
        from dv_agent.agents.models.client import ask_once, finish_of, is_refusal, model_of, text_of  # noqa: PLC0415
        from dv_agent.agents.models.costs.usage import usage_of_failure, usage_of_reply  # noqa: PLC0415
        from dv_agent.agents.models.langchain_messages import calls_of, mended, native_of  # noqa: PLC0415
        from dv_agent.agents.models.output_schema import mended as whole  # noqa: PLC0415
        from dv_agent.agents.models.output_schema import whole_text  # noqa: PLC0415

        self._pace.wait(self._on_wait)
        begun = self._clock()
        sent, roles = request.sent, self._wire.roles
        answer = whole(ask_once(request.asked, request.messages, self.settings.timeout, sent.schema, roles))
        answer = mended(answer) if sent.tools else answer
        seconds = self._clock() - begun
        counted = (*request.messages, *request.beside)
        if isinstance(answer, Exception):
            fault = fault_of(answer, self.endpoint, self.settings, sent)
            attempts.append(usage_of_failure(fault, counted, self.endpoint, seconds))
            raise AttemptFailed(fault)
        calls = calls_of(answer) if sent.tools else ()
        text = text_of(answer) if sent.tools else whole_text(answer, text_of(answer))
        written = text + "".join(one.name + one.arguments for one in calls)
        attempts.append(usage_of_reply(answer, written, counted, self.endpoint, seconds))
        return Reply(
            text=text,
            model=model_of(answer),
            finish_reason=finish_of(answer),
            tool_calls=calls,
            refused=is_refusal(answer),
            native=native_of(answer) if sent.tools else "",
        )

    def _story(self, fault: ModelFault, attempts: Sequence[CallUsage]) -> str:
        """Return what happened and what to do, as text for people."""
        tries = counted(len(attempts), "attempt")
        lines = [f"{self.settings.model} at {self.endpoint.address} gave no reply after {tries}: {fault}"]
        if fault.cause == "slip":
            lines.append(
                f"the server refused what the model wrote, {counted(self._slips, 'time')} in a row before this"
            )
        asked, bound = fault.retry_after or 0.0, self.settings.retry_seconds
        if fault.retryable and asked >= bound > 0:
            lines.append(f"the server asks to wait {asked:.0f} s, and --retry-seconds is {bound:g}")
        elif fault.retryable and not fault.unreadable:
            lines.append(f"no new attempt starts later than --retry-seconds {bound:g}")
        if fault.hint:
            lines.append(fault.hint)
        return "\n  ".join(lines)

"""Every fault of a server, over the wire, through the real SDK: what is retried, and what people are told."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from loopback import (
    Behaviour,
    Body,
    Handler,
    cut,
    drip,
    endless,
    malformed_json,
    not_utf8,
    ok,
    packed,
    raw,
    reset,
    silence,
    status,
    web_page,
)
from model_asking import DIALOGUE, Serve

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.pace import wait_out
from dv_agent.errors import ExitCode, ModelFailure

FINAL = {
    "unauthorized": (status(401), "ModelAuthenticationError", 401, "set DV_AGENT_API_KEY"),
    "forbidden": (status(403), "ModelPermissionDeniedError", 403, "set DV_AGENT_API_KEY"),
    "no such model": (status(404, "no model any-model"), "ModelNotFoundError", 404, "no model any-model"),
    "bad request": (status(400, "messages: too odd"), "ModelInvalidRequestError", 400, "messages: too odd"),
    "unprocessable": (status(422, "extra field"), "UnprocessableEntityError", 422, "extra field"),
    "prompt too long": (
        status(400, "too long", code="context_length_exceeded"),
        "ContextOverflowError",
        400,
        "--context-tokens",
    ),
    "prompt too long for llama.cpp": (
        status(400, "too long", type="exceed_context_size_error"),
        "ContextOverflowError",
        400,
        "--context-tokens",
    ),
    "prompt too long for vLLM": (
        status(
            400, "This model's maximum context length is 9 tokens, however you requested 10", type="BadRequestError"
        ),
        "ContextOverflowError",
        400,
        "--context-tokens",
    ),
    "no money": (status(429, "broke", code="insufficient_quota"), "ModelRateLimitError", 429, "no quota left"),
    "asked to wait too long": (
        status(429, headers={"Retry-After": "3600"}),
        "ModelRateLimitError",
        429,
        "asks to wait 3600 s, and --retry-seconds is 5",
    ),
}
PASSING = {
    "rate limit": (status(429), "ModelRateLimitError", 429),
    "server error": (status(500), "ModelAPIError", 500),
    "bad gateway": (status(502), "ModelAPIError", 502),
    "overloaded": (status(529), "ModelAPIError", 529),
    "request timeout": (status(408), "APIStatusError", 408),
    "connection reset": (reset(), "ModelConnectionError", None),
    "body cut": (cut(), "ModelConnectionError", None),
    "body cut before its first byte": (cut(0), "ModelConnectionError", None),
    "malformed JSON": (malformed_json(), "UnreadableReply", 200),
    "JSON without end of its depth": (raw(b"[" * 100_000), "UnreadableReply", 200),
    "no UTF-8": (not_utf8(), "UnreadableReply", 200),
    "a web page": (web_page(), "UnreadableReply", None),
    "an error with status 200": (raw(b'{"error": {"message": "boom"}}'), "UnreadableReply", None),
    "no choices": (raw(b'{"choices": []}'), "UnreadableReply", None),
    "null choices": (raw(b'{"choices": null}'), "UnreadableReply", None),
    "no completion": (raw(b"[1, 2]"), "UnreadableReply", None),
}


@pytest.mark.parametrize("name", FINAL)
def test_what_waiting_cannot_mend_fails_at_once(serve: Serve, name: str) -> None:
    behaviour, kind, code, said = FINAL[name]
    asking = serve([behaviour])
    failure = asking.fail()
    assert failure.exit_code is ExitCode.MODEL
    assert [(one.error, one.status) for one in failure.attempts] == [(kind, code)]
    assert len(asking.server.requests) == 1
    assert asking.waits == []
    assert said in str(failure)
    assert "after 1 attempt:" in str(failure)


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again(serve: Serve, name: str) -> None:
    behaviour, kind, code = PASSING[name]
    asking = serve([behaviour, ok("recovered")])
    reply = asking.ask()
    assert reply.text == "recovered"
    assert [(one.error, one.status) for one in reply.attempts] == [(kind, code), ("", None)]
    (message, seconds) = asking.waits[0]
    assert message.startswith("attempt 1 failed, ")
    assert kind in message
    assert 0.01 <= seconds <= 0.02


@pytest.mark.parametrize("behaviour", [malformed_json(), web_page()])
def test_unreadable_replies_are_given_up_after_three(serve: Serve, behaviour: Behaviour) -> None:
    failure = serve([behaviour]).fail()
    assert [one.error for one in failure.attempts] == ["UnreadableReply"] * 3
    assert "usually ends in /v1" in str(failure)


def test_a_storm_that_passes_and_one_that_does_not(serve: Serve) -> None:
    assert len(serve([*[status(500)] * 4, ok()]).ask().attempts) == 5
    begun = time.monotonic()
    failure = serve([status(503, "the model is loading")], retry_seconds=0.4).fail()
    assert time.monotonic() - begun < 15  # far sooner than the server would end it
    assert len(failure.attempts) >= 3
    assert {one.error for one in failure.attempts} == {"ModelAPIError"}
    assert "the model is loading" in str(failure)
    assert "--retry-seconds 0.4" in str(failure)


def test_no_retries_at_all(serve: Serve) -> None:
    assert len(serve([status(500)], retry_seconds=0).fail().attempts) == 1


@pytest.mark.parametrize("behaviour", [silence(30), drip(30)])
def test_an_attempt_ends_in_time_even_if_the_server_keeps_dripping(serve: Serve, behaviour: Behaviour) -> None:
    asking = serve([behaviour, ok()], timeout=0.3)
    begun = time.monotonic()
    first, second = asking.ask().attempts
    assert time.monotonic() - begun < 15  # far sooner than the server would end it
    assert first.error == "ModelTimeoutError"
    assert 0.25 < first.seconds < 10
    assert second.error == ""


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        model = LangChainModel(ModelSettings(model="any", base_url=address, retry_seconds=0))
        with pytest.raises(ModelFailure, match="does a server listen at") as caught:
            model.ask(DIALOGUE)
    (attempt,) = caught.value.attempts
    assert (attempt.error, attempt.counted_by, attempt.input_tokens) == ("ModelConnectionError", "nobody", 0)
    assert "refused" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "param", "message", "flag"),
    [
        ({"temperature": 0.5}, "temperature", "Unsupported value: 0.5 does not work with this model", "--temperature"),
        ({"llm_seed": 7}, None, "Unrecognized request argument supplied: seed", "--llm-seed"),
        ({"reasoning_effort": "low"}, None, "reasoning_effort is not supported", "--reasoning-effort"),
        ({"max_tokens": 99}, None, "'max_tokens' is not supported with this model", "--max-tokens"),
    ],
)
def test_a_refused_parameter_names_the_flag_to_drop(
    serve: Serve, settings: dict[str, object], param: str | None, message: str, flag: str
) -> None:
    failure = serve([status(400, message, param=param, code="unsupported_parameter")], **settings).fail()
    assert f"does not take this value of {flag} for this model: leave it out" in str(failure)
    unset = serve([status(400, message, param=param)]).fail()
    assert flag not in str(unset), "what was not given cannot be left out"


@pytest.fixture
def heard_signal() -> Iterator[None]:
    """Ctrl-C is heard, even if a shell started the tests in its background, which has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupts(behaviour: Behaviour) -> Behaviour:
    """As `behaviour`, and Ctrl-C comes when the request has."""

    def answer(handler: Handler, body: Body) -> None:
        press_ctrl_c()
        behaviour(handler, body)

    return answer


@pytest.mark.usefixtures("heard_signal")
def test_ctrl_c_passes_at_once_while_the_server_thinks(serve: Serve) -> None:
    asking = serve([interrupts(silence(60))], timeout=60)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        asking.ask()
    assert time.monotonic() - begun < 30  # far sooner than the server would end it
    assert len(asking.server.requests) == 1


@pytest.mark.usefixtures("heard_signal")
def test_ctrl_c_passes_at_once_while_we_wait(serve: Serve) -> None:
    asking = serve([status(503, headers={"Retry-After": "60", "Connection": "close"})], retry_seconds=90)

    def press() -> None:
        while not asking.waits:
            time.sleep(0.01)
        press_ctrl_c()

    threading.Thread(target=press, daemon=True).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        asking.ask()
    assert time.monotonic() - begun < 30  # far sooner than the wait that the server asks for
    assert len(asking.server.requests) == 1


def test_no_wait_is_one_long_sleep_which_a_ctrl_c_just_before_it_would_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    sleep = time.sleep

    def told(seconds: float) -> None:
        slept.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", told)
    begun = time.monotonic()
    wait_out(0.35)
    assert time.monotonic() - begun >= 0.35
    assert all(seconds <= 0.1 for seconds in slept)


@pytest.mark.parametrize(("http", "said"), [(200, "more than 40 million bytes"), (400, "xxx")])
def test_a_body_without_an_end_is_bounded_and_its_connection_closed(serve: Serve, http: int, said: str) -> None:
    asking = serve([endless(http)], timeout=20, retry_seconds=0)
    assert said in str(asking.fail())
    assert asking.server.hung_up.wait(5), "the memory would fill further"


def test_a_body_that_unpacks_to_more_than_the_bound_is_not_unpacked_to_its_end(serve: Serve) -> None:
    failure = serve([packed(200, 50)], timeout=20, retry_seconds=0).fail()
    assert "more than 40 million bytes" in str(failure)
    assert failure.attempts[0].error == "UnreadableReply"

"""Structured output over the wire: asked for in the vendor's words, honoured, refused, or answered with nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage
from loopback import LoopbackServer, denies, holds, ok, raw, status
from loopback_schema import schema_of
from model_asking import DIALOGUE, Asking, Serve

from dv_agent.agents.models.chat_model import Message, ModelSettings, OutputSchema, Reply, estimate_tokens
from dv_agent.agents.models.client import build_client
from dv_agent.agents.models.output_schema import structured, whole_text
from dv_agent.agents.models.providers import Endpoint
from dv_agent.errors import ModelFailure

NUMBERS = {"type": "array", "items": {"$ref": "#/$defs/number"}, "minItems": 1}
BODY: dict[str, Any] = {
    "type": "object", "properties": {"tests": NUMBERS}, "required": ["tests"], "additionalProperties": False,
    "$defs": {"number": {"type": "integer", "minimum": 0}},
}  # fmt: skip
OUTPUT = OutputSchema(name="tests", body=BODY)
GOOD = '{"tests": [1, 2]}'
REFUSAL = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."


def ask(asking: Asking) -> Reply:
    return asking.model.ask(DIALOGUE, output=OUTPUT)


def formats(server: LoopbackServer) -> list[bool]:
    return ["response_format" in request.body for request in server.requests]


def test_the_schema_goes_over_the_wire_whole_and_is_honoured(serve: Serve) -> None:
    asking = serve([holds(GOOD)])
    reply = ask(asking)
    assert (reply.text, reply.form, reply.finish_reason) == (GOOD, "schema", "stop")
    (request,) = asking.server.requests
    sent = request.body["response_format"]
    assert (sent["type"], sent["json_schema"]["name"]) == ("json_schema", "tests")
    sent_schema = schema_of(request.body)
    assert {key: sent_schema[key] for key in BODY} == BODY
    assert [one.input_tokens for one in reply.attempts] == [100]
    assert [one["content"] for one in request.body["messages"]] == [one.content for one in DIALOGUE]


def test_without_a_schema_nothing_of_it_is_mentioned(serve: Serve) -> None:
    asking = serve([ok("hello")])
    assert asking.ask().form == "text"
    assert formats(asking.server) == [False]


@pytest.mark.parametrize(
    "refusal",
    [
        status(400, REFUSAL, param="response_format"),
        status(422, "unexpected field", param="response_format"),
        status(400, "Failed to parse grammar"),
        raw(json.dumps({"detail": "json_schema is not supported"}).encode(), code=422),
    ],
)
def test_a_refused_schema_is_left_out_at_once_and_costs_nothing(serve: Serve, refusal: Any) -> None:
    asking = serve([denies(refusal, ok(GOOD))])
    reply = ask(asking)
    assert (reply.text, reply.form) == (GOOD, "refused")
    assert formats(asking.server) == [True, False]
    assert [(one.counted_by, one.input_tokens) for one in reply.attempts] == [("nobody", 0), ("server", 100)]
    assert asking.waits == []


def test_an_answer_that_is_no_completion_is_tried_again_and_then_without_the_schema(serve: Serve) -> None:
    nothing = raw(b'{"id": "x", "object": "chat.completion", "model": "any", "choices": []}')
    asking = serve([denies(nothing, ok(GOOD))])
    reply = ask(asking)
    assert (reply.text, reply.form) == (GOOD, "refused")
    assert formats(asking.server) == [True, True, True, False]
    lost = estimate_tokens(OUTPUT.text) + sum(estimate_tokens(one.content) for one in DIALOGUE)
    assert [one.input_tokens for one in reply.attempts] == [lost, lost, lost, 100]


@pytest.mark.parametrize(
    "error", [status(400, "temperature must be 1"), status(401), status(404, "no model any-model")]
)
def test_other_errors_are_not_taken_for_a_refused_schema(serve: Serve, error: Any) -> None:
    asking = serve([error])
    with pytest.raises(ModelFailure):
        ask(asking)
    assert formats(asking.server) == [True]


def test_a_busy_server_is_asked_again_with_the_schema(serve: Serve) -> None:
    asking = serve([status(429), status(503), holds(GOOD)])
    reply = ask(asking)
    assert (reply.form, len(reply.attempts)) == ("schema", 3)
    assert formats(asking.server) == [True, True, True]


@pytest.mark.parametrize(("text", "reason"), [("", "stop"), (None, "stop"), ('{"tests": [1', "length"), ("", "length")])
def test_empty_and_cut_replies_come_as_they_are(serve: Serve, text: str | None, reason: str) -> None:
    reply = ask(serve([ok(text, finish_reason=reason)]))
    assert (reply.text, reply.finish_reason, reply.form) == (text or "", reason, "schema")
    assert [(one.input_tokens, one.output_tokens) for one in reply.attempts] == [(100, 10)]


def test_what_a_filter_kept_back_is_a_reply_too(serve: Serve) -> None:
    reply = ask(serve([ok("half a", finish_reason="content_filter")]))
    assert (reply.text, reply.finish_reason) == ("half a", "content_filter")


def test_a_server_that_ignores_the_schema_is_believed_nothing(serve: Serve) -> None:
    reply = ask(serve([ok("Sure! Here are your tests.")]))
    assert (reply.text, reply.form) == ("Sure! Here are your tests.", "schema")


def test_the_server_of_these_tests_checks_what_it_is_sent_and_what_it_says(serve: Serve) -> None:
    with pytest.raises(ModelFailure, match="breaks the schema"):
        ask(serve([holds('{"tests": [-1]}')], retry_seconds=0.0))
    broken = OutputSchema(name="tests", body={**BODY, "required": 7})
    asking = serve([denies(ok("never"), ok(GOOD))])
    assert asking.model.ask(DIALOGUE, output=broken).form == "refused"
    with pytest.raises(ModelFailure, match="not expected"):
        serve([holds(GOOD)], retry_seconds=0.0).ask()


def test_clients_without_structured_output_are_asked_in_plain_text() -> None:
    assert structured(FakeListChatModel(responses=["x"]), OUTPUT) is None


def test_an_object_that_came_as_a_call_is_taken_as_text() -> None:
    call = {"name": "tests", "args": {"tests": [1]}, "id": "c", "type": "tool_call"}
    assert whole_text(AIMessage(content="", tool_calls=[call]), "") == '{"tests": [1]}'
    assert whole_text(AIMessage(content="hello"), "hello") == "hello"


def test_openai_itself_is_asked_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")
    client: Any = build_client(Endpoint("openai", "gpt-5"), ModelSettings(model="openai:gpt-5"))
    bound: Any = structured(client, OUTPUT)
    kwargs = bound.first.steps__["raw"].kwargs
    assert kwargs["response_format"]["json_schema"]["schema"]["required"] == ["tests"]
    assert "$defs" in kwargs["response_format"]["json_schema"]["schema"]


def test_two_schemas_have_two_digests() -> None:
    other = OutputSchema(name="tests", body={**BODY, "required": []})
    assert len({OUTPUT.digest, other.digest, OutputSchema(name="test", body=BODY).digest}) == 3
    assert Message(role="user", content=OUTPUT.text).tokens > 20

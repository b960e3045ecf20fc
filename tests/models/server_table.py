"""Servers as they are: what each answers, and what must come of it, one row each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from loopback import Behaviour, Body, Handler, completion, cut, denies, malformed_json, ok, raw, redirect, status

GOOD = '{"tests": [1, 2]}'
LIMIT_OLD = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."


@dataclass(frozen=True)
class Row:
    """A server, and what must come of asking it once.

    Attributes:
        replies: its behaviours, in order; the last one goes on.
        requests: how many requests it must get.
        text: of the reply; None where there must be a failure.
        said: words of the failure, all of them.
        unsaid: words that must not stand in it.
        attempts: error class and status of each attempt.
        tools, schema: what the request holds.
        settings: beside those of all tests.
        reply: what further must hold of the reply, as a function of it.
    """

    replies: list[Behaviour]
    requests: int = 1
    text: str | None = None
    said: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    attempts: tuple[tuple[str, int | None], ...] = ()
    tools: bool = False
    schema: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    reply: Callable[[Any], object] = lambda reply: True


def body(data: Any, code: int = 200) -> Behaviour:
    """This JSON."""
    return raw(json.dumps(data).encode(), code=code)


def says(*calls: Any, text: str | None = None, reason: str = "tool_calls", **message: Any) -> Behaviour:
    """A reply with these calls, as they are."""
    return ok(text, finish_reason=reason, tool_calls=list(calls), **message)


def refuses(word: str, message: str, code: int = 400, **error: Any) -> Behaviour:
    """Refuses requests that hold `word`, answers others."""

    def answer(handler: Handler, asked: Body) -> None:
        (status(code, message, **error) if word in json.dumps(asked) else ok("hello"))(handler, asked)

    return answer


def choice(**parts: Any) -> Behaviour:
    """A completion whose only choice is this."""
    whole = completion("", "any")
    return body({**whole, "choices": [{"index": 0, **parts}]})


OVERFLOW = "lower --context-tokens or --max-tokens"
PATH = "usually ends in /v1"
CALL = {"id": "a", "type": "function", "function": {"name": "list_holes", "arguments": "{}"}}


def calls(reply: Any) -> list[tuple[str, str, str]]:
    return [(one.id, one.name, one.arguments) for one in reply.tool_calls]


def called(**function: Any) -> dict[str, Any]:
    return {**CALL, "function": {"name": "list_holes", **function}}


def _overflow(code: int, data: Any) -> Row:
    return Row([body(data, code)], said=(OVERFLOW,), attempts=(("ContextOverflowError", code),))


def _thinks(text: str | None, **message: Any) -> Row:
    return Row([ok(text, **message)], text="ANSWER", reply=lambda reply: "secret" in reply.text)


TABLE: dict[str, Row] = {
    # Texts of errors, wherever they stand -------------------------------------------------------------------
    "error is a text": Row([body({"error": "bad things"}, 400)], said=("HTTP 400", "bad things")),
    "error is a text that is JSON": Row(
        [body({"error": '{"error": {"message": "inner words"}}'}, 400)], said=("inner words",)
    ),
    "only message": Row([body({"message": "bad things"}, 400)], said=("bad things",)),
    "detail is a text": Row([body({"detail": "bad things"}, 422)], said=("bad things",)),
    "detail is a list": Row(
        [body({"detail": [{"loc": ["body", "n"], "msg": "field required", "type": "missing"}]}, 422)],
        said=("field required",),
    ),
    "an array of errors": Row([body([{"error": {"message": "bad things", "code": 400}}], 400)], said=("bad things",)),
    "plain text": Row([raw(b"bad things happened", "text/plain", 400)], said=("bad things happened",)),
    "a page": Row(
        [raw(b"<html><head><title>502 Bad Gateway</title></head><body>x</body></html>", "text/html", 403)],
        said=("a web page: 502 Bad Gateway",), unsaid=("<title>",),
    ),
    "nested as gateways do": Row(
        [body({"error": {"message": "Provider returned error", "code": 400,
                         "metadata": {"raw": '{"error":{"message":"prompt is too long: 9 tokens"}}'}}}, 400)],
        said=("Provider returned error", "prompt is too long", OVERFLOW),
    ),
    "nothing at all": Row([raw(b"", code=400)], said=("HTTP 400",)),
    # Too long, in whatever words ----------------------------------------------------------------------------
    "too long, a text": _overflow(400, {"error": "This model's maximum context length is 9 tokens"}),
    "too long, a page": Row([raw(b"<h1>413 Request Entity Too Large</h1>", "text/html", 413)], said=(OVERFLOW,)),
    "too long, as 413": _overflow(413, {"message": "no"}),
    "too long, as 429": _overflow(429, {"error": {"message": "Request too large for gpt on tokens per min (TPM): "
                                                  "Limit 6000, Requested 8000"}}),
    "too long, Anthropic's words": _overflow(400, {"error": {"message": "prompt is too long: 210000 tokens > 200000"}}),
    "too long, llama.cpp's words": _overflow(
        400, {"error": {"message": "the request exceeds the available context size, try increasing it"}}),
    "too long, as 422": _overflow(
        422, {"detail": "Input validation error: inputs tokens + max_new_tokens must be <= 9: too many tokens"}),
    "too long, as 500": _overflow(500, {"error": "input length exceeds the context window of 4096 tokens"}),
    "too long, Google's words": _overflow(400, {"error": {
        "message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."}}),
    "too long, to be reduced": _overflow(400, {"message": "Please reduce the length of the messages or completion."}),
    "busy, which is no overflow": Row(
        [status(429, "Rate limit reached on tokens per min (TPM): Limit 9, Used 8, Requested 2"), ok("hello")],
        requests=2, text="hello", attempts=(("ModelRateLimitError", 429), ("", None)),
    ),
    # Errors that come with status 200 -----------------------------------------------------------------------
    "200 with code 429": Row(
        [body({"error": {"code": 429, "message": "slow down"}}), ok("hello")], requests=2, text="hello",
        attempts=(("ModelRateLimitError", 429), ("", None)),
    ),
    "200 with code 401": Row([body({"error": {"code": 401, "message": "no"}})], said=("HTTP 401", "DV_AGENT_API_KEY")),
    "200 with a word for a code": Row(
        [body({"error": {"code": "rate_limit_exceeded", "message": "slow"}}), ok("hello")], requests=2, text="hello"
    ),
    "200 with an overflow": Row(
        [body({"error": {"code": 400, "message": "maximum context length is 9"}})], said=(OVERFLOW,)
    ),
    "200 with object error": Row(
        [body({"object": "error", "message": "down", "code": 503}), ok("hello")], requests=2, text="hello",
        attempts=(("ModelAPIError", 503), ("", None)),
    ),
    "an error in a choice": Row(
        [choice(finish_reason="error", message={"content": ""}, error={"code": 502, "message": "upstream"}),
         ok("hello")], requests=2, text="hello", attempts=(("ModelAPIError", 502), ("", None)),
    ),
    "an error in a choice without a code": Row(
        [choice(finish_reason="error", message={"content": ""})], requests=3, said=("ended the reply with an error",)
    ),
    "an error behind half a text": Row(
        [choice(finish_reason="error", message={"content": "half"})], text="half",
        reply=lambda reply: reply.finish_reason == "error",
    ),
    # Slips of the model -------------------------------------------------------------------------------------
    "Groq's tool_use_failed": Row(
        [status(400, "Failed to call a function.", code="tool_use_failed", failed_generation="<function=run>{")],
        text="", tools=True,
        reply=lambda reply: reply.broken and "<function=run>{" in calls(reply)[0][2]
        and calls(reply)[0][1] == "refused_call",
    ),
    "Ollama's, as 500": Row(
        [body({"error": "error parsing tool call: raw='{\"a\":', err=unexpected end of JSON input"}, 500)],
        text="", tools=True, reply=lambda reply: reply.broken,
    ),
    "a call that cannot be parsed": Row(
        [status(400, "Failed to parse tool call arguments as JSON")], text="", tools=True,
        reply=lambda reply: reply.broken,
    ),
    "json_validate_failed": Row(
        [status(400, "Failed to generate JSON.", code="json_validate_failed", failed_generation=GOOD)], text=GOOD,
        schema=True, reply=lambda reply: reply.finish_reason == "refused_reply",
    ),
    "the output is no JSON": Row(
        [body({"message": "model output must be valid JSON"}, 422)], text="", schema=True,
        reply=lambda reply: reply.broken == "model output must be valid JSON",
    ),
    # Calls of tools as they come ----------------------------------------------------------------------------
    "arguments are an object": Row([says(called(arguments={"tier": "hard"}))], text="", tools=True,
                                   reply=lambda r: calls(r) == [("a", "list_holes", '{"tier": "hard"}')]),
    "arguments are packed twice": Row([says(called(arguments='"{\\"tier\\": \\"hard\\"}"'))], text="", tools=True,
                                      reply=lambda r: calls(r) == [("a", "list_holes", '{"tier": "hard"}')]),
    "arguments are null": Row([says(called(arguments=None))], text="", tools=True,
                              reply=lambda r: calls(r) == [("a", "list_holes", "{}")]),
    "arguments are a list": Row([says(called(arguments=[1]), CALL)], text="", tools=True,
                                reply=lambda r: len(r.tool_calls) == 2),
    "an id that is a number": Row([says({**CALL, "id": 7})], text="", tools=True,
                                  reply=lambda r: calls(r) == [("7", "list_holes", "{}")]),
    "no id": Row([says({"function": CALL["function"]})], text="", tools=True,
                 reply=lambda r: calls(r) == [("call_0", "list_holes", "{}")]),
    "function is null": Row([says({**CALL, "function": None})], text="", tools=True,
                            reply=lambda r: calls(r) == [("a", "", "{}")]),
    "no name": Row([says({**CALL, "function": {"arguments": "{}"}})], text="", tools=True,
                   reply=lambda r: calls(r) == [("a", "", "{}")]),
    "a call that is a number": Row([says(5)], text="", tools=True, reply=lambda r: len(r.tool_calls) == 1),
    "one call without a list": Row([ok(None, finish_reason="tool_calls", tool_calls=CALL)], text="", tools=True,
                                   reply=lambda r: calls(r) == [("a", "list_holes", "{}")]),
    "the old function_call": Row([ok(None, function_call=CALL["function"])], text="", tools=True,
                                 reply=lambda r: calls(r) == [("call_0", "list_holes", "{}")]),
    # Shapes of a reply --------------------------------------------------------------------------------------
    "a text in parts": Row([choice(finish_reason="stop", message={"content": [{"type": "text", "text": "hel"},
                                                                            {"type": "text", "text": "lo"}]})],
                           text="hello"),
    "a text in parts of parts": Row(
        [choice(finish_reason="stop", message={"content": [["hel"], {"text": {"value": "lo"}}]})], text="hello"
    ),
    "a content that is an object": Row([choice(finish_reason="stop", message={"content": {"tests": []}})],
                                       text='{"tests": []}'),
    "an old text choice": Row([choice(finish_reason="stop", text="hello")], text="hello"),
    "message is null": Row([choice(finish_reason="stop", message=None)], text=""),
    "usage is a text": Row([ok("hello", usage="none")], text="hello",  # type: ignore[arg-type]
                           reply=lambda r: r.attempts[0].counted_by == "estimate"),
    "counts that are null": Row([ok("hello", usage={"prompt_tokens": None, "completion_tokens": "3"})], text="hello"),
    "JSON as plain text": Row([raw(json.dumps(completion("hello", "any")).encode(), "text/plain")], text="hello"),
    "finish_reason length": Row([ok("", finish_reason="length")], text="", reply=lambda r: r.finish_reason == "length"),
    "a refusal": Row([ok(None, refusal="I will not.")], text="I will not.", reply=lambda r: r.refused),
    # Thinking: the text below is what is left of it -----------------------------------------------------------
    "think": _thinks("<think>secret</think>ANSWER"),
    "think, not opened": _thinks("secret</think>\nANSWER"),
    "think, in capitals": _thinks("<Thinking>\nsecret\n</Thinking>\nANSWER"),
    "reasoning": _thinks("<reasoning>secret</reasoning>ANSWER"),
    "Mistral's marks": _thinks("[THINK]secret[/THINK]ANSWER"),
    "Seed's marks": _thinks("<seed:think>secret</seed:think>ANSWER"),
    "Kimi's marks": _thinks("◁think▷secret◁/think▷ANSWER"),
    "channels": _thinks(
        "<|channel|>analysis<|message|>secret<|end|><|start|>assistant<|channel|>final<|message|>ANSWER<|return|>"),
    "channels without marks": _thinks("analysisThe secret is outassistantfinalANSWER"),
    "reasoning_content": _thinks("ANSWER", reasoning_content="secret"),
    "reasoning, a field": _thinks("ANSWER", reasoning="secret"),
    "thoughts in parts": Row([choice(finish_reason="stop", message={"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "secret"}]}, {"type": "text", "text": "ANSWER"}]})],
        text="ANSWER", reply=lambda reply: "secret" in reply.text),
    "think, not closed": Row([ok('<think>secret {"tests": []}')], text="", reply=lambda r: "secret" in r.text),
    "only a field": Row([ok(None, reasoning_content="secret")], text="", reply=lambda r: "secret" in r.text),
    # What is no completion ------------------------------------------------------------------------------------
    "no choices": Row([body({"choices": []})], requests=3, said=("without any choice", PATH), unsaid=("index",)),
    "null choices": Row([body({"choices": None})], requests=3, said=("without any choice", "null")),
    "an empty body": Row([raw(b"")], requests=3, said=("an empty body",)),
    "a web page": Row([raw(b"<!doctype html><title>It works!</title>", "text/html")], requests=3,
                      said=("a web page: It works!", PATH)),
    "a stream": Row([raw(b'data: {"choices": []}\n\ndata: [DONE]\n', "text/event-stream")], requests=3,
                    said=("a stream of events",)),
    "other JSON": Row([body({"hello": "world"})], requests=3, said=("JSON without `choices`", "hello")),
    "half of the JSON": Row([malformed_json()], requests=3, said=(PATH,)),
    "half of the body": Row([cut(), ok("hello")], requests=2, text="hello"),
    # Wrong addresses ------------------------------------------------------------------------------------------
    "elsewhere": Row([redirect(301, "https://elsewhere.invalid/v1/chat/completions")],
                     said=("--base-url https://elsewhere.invalid/v1", "for the sake of the key")),
    "elsewhere, for a while": Row([redirect(307, "http://127.0.0.1:1/v2/chat/completions?x=1")],
                                  said=("--base-url http://127.0.0.1:1/v2",)),
    "elsewhere on the same host": Row([redirect(308, "/v3/chat/completions")],
                                      said=("--base-url http://127.0.0.1:", "/v3")),
    "elsewhere, which is no address of a server": Row([redirect(302, "ftp://elsewhere.invalid/")],
                                                      said=("does not say where",)),
    "http to a TLS port": Row([raw(b"The plain HTTP request was sent to HTTPS port", "text/html", 400)],
                              said=("the server speaks https",)),
    "no such path": Row([body({"detail": "Not Found"}, 404)], said=("Not Found", PATH)),
    "no such method": Row([body({"detail": "Method Not Allowed"}, 405)], said=(PATH,)),
    "no such model": Row([body({"error": "model 'any-model' not found"}, 404)], said=("the name behind --model",)),
    "no money": Row([body({"error": {"message": "Insufficient Balance"}}, 402)], said=("no quota left",)),
    # What a server cannot do ----------------------------------------------------------------------------------
    "no tools, Ollama": Row([body({"error": "registry/gemma:2b does not support tools"}, 400)], tools=True,
                            said=("--agent llm",)),
    "no tools, vLLM": Row(
        [status(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set')],
        tools=True, said=("--agent llm",)),
    "no tools, OpenRouter": Row([status(404, "No endpoints found that support tool use.")], tools=True,
                                said=("--agent llm",)),
    "no tools, llama.cpp": Row([status(500, "tools param requires --jinja flag")], tools=True, said=("--agent llm",)),
    "no role system, Gemma": Row([refuses('"system"', "System role not supported")], requests=2, text="hello",
                                 reply=lambda r: r.asked_as == ("role:user",)),
    "no role system, o1": Row(
        [refuses('"system"', "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                 param="messages[0].role")], requests=2, text="hello", reply=lambda r: r.asked_as == ("role:user",)),
    "developer instead": Row([refuses('"system"', "role 'system' is not supported, use 'developer'")], requests=2,
                             text="hello", reply=lambda r: r.asked_as == ("role:developer",)),
    "no role developer": Row(
        [refuses('"developer"', "unknown variant `developer`, expected one of `system`, `user`, `assistant`", 422)],
        said=("--role-style user",), settings={"role_style": "developer"}),
    "max_completion_tokens": Row([refuses('"max_tokens"', LIMIT_OLD, param="max_tokens")], requests=2, text="hello",
                                 settings={"max_tokens": 99}, reply=lambda r: r.asked_as == ("max_completion_tokens",)),
    "max_completion_tokens, another's words": Row(
        [refuses('"max_tokens"', "Unrecognized request argument: max_tokens")], requests=2, text="hello",
        settings={"max_tokens": 99}),
    "no schema, said so": Row([denies(body({"error": "response_format is not supported"}, 400), ok(GOOD))], requests=2,
                              text=GOOD, schema=True, reply=lambda r: r.form == "refused"),
    "no schema, vaguely, 400": Row([denies(status(400, "Bad Request"), ok(GOOD))], requests=2, text=GOOD, schema=True,
                                   reply=lambda r: r.form == "refused"),
    "no schema, vaguely, 404": Row([denies(body({"error": "nope"}, 404), ok(GOOD))], requests=2, text=GOOD, schema=True,
                                   reply=lambda r: r.form == "refused"),
    "no schema, vaguely, 422": Row([denies(body({"detail": "Unprocessable"}, 422), ok(GOOD))], requests=2, text=GOOD,
                                   schema=True, reply=lambda r: r.form == "refused"),
    "no schema, vaguely, 500": Row([denies(raw(b"Internal Server Error", "text/plain", 500), ok(GOOD))], requests=3,
                                   text=GOOD, schema=True, reply=lambda r: r.form == "refused"),
    "no schema, as 501": Row([denies(status(501, "json_schema is not implemented"), ok(GOOD))], requests=3, text=GOOD,
                             schema=True, reply=lambda r: r.form == "refused"),
}  # fmt: skip

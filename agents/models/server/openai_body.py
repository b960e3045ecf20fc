"""Conversion of a server's chat completion into the format that OpenAI documents, before the client parses it.

Only the format is changed, never the content. The model's thinking is put before its answer inside the usual markers,
so that a record keeps it and `dv_agent.agents.llm.thinking` removes it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from dv_agent.agents.models.server.error_text import is_page, page_text, said_in

Json = dict[str, Any]
NO_OBJECT = "no JSON object: "
"""Prefix of arguments that are JSON, but not an object: clients then return them as an invalid call."""
TWICE = "a key is given twice: "
"""Prefix of arguments in which an object has a key twice: clients would drop the first value without a word."""

_STATUS_OF = {
    "rate_limit_exceeded": 429, "rate_limit_error": 429, "rate_limit": 429, "insufficient_quota": 429,
    "invalid_api_key": 401, "authentication_error": 401, "permission_error": 403, "model_not_found": 404,
    "not_found_error": 404, "invalid_request_error": 400, "context_length_exceeded": 400, "server_error": 500,
    "internal_server_error": 500, "api_error": 500, "overloaded_error": 529, "timeout": 504,
}  # fmt: skip
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thoughts")
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


@dataclass(frozen=True, slots=True)
class Body:
    """Answer that is given to the client: an HTTP status and a JSON body."""

    status: int
    data: Json


def mended_body(raw: bytes, content_type: str) -> Body | None:
    """Return the corrected body of an answer with status 200; None if it needs no change."""
    text = raw.decode("utf-8", "replace").strip()
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return _no_json(text, content_type)
    if not isinstance(data, dict):
        return _no_completion(f"JSON that is no chat completion: {text[:120]}")
    if data.get("error") or "choices" not in data:
        return _error(data)
    choices = data["choices"]
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return _no_completion(f"a reply without any choice in it (`choices` is {json.dumps(choices)[:40]})")
    return _completion(data, choices[0])


def _no_json(text: str, content_type: str) -> Body | None:
    if not text:
        return _no_completion("an empty body")
    if is_page(text):
        return _no_completion(page_text(text))
    if text.startswith(("data:", "event:")):
        return _no_completion("a stream of events, though none was asked for")
    return None if "json" in content_type else _no_completion(f"no JSON: {text[:200]}")


def oversized_body(most: int) -> Body:
    """Return the error body for an answer of more than `most` bytes."""
    return _no_completion(f"an answer of more than {most // 1_000_000} million bytes, which was not read to its end")


def _no_completion(words: str) -> Body:
    """Return a body with an ``error`` member, for an answer with status 200; LangChain raises it as an error."""
    return Body(200, {"error": {"message": words}})


def _error(data: Json) -> Body:
    """Return an error that came with status 200, with the status that its body names."""
    said = said_in(data)
    if "error" not in data and not (said.texts and (said.status or said.codes)):
        return _no_completion(f"JSON without `choices`: {json.dumps(data, ensure_ascii=False)[:120]}")
    status = said.status or next((_STATUS_OF[one] for one in said.codes if one in _STATUS_OF), 200)
    return Body(status, data if data.get("error") else {"error": data})


def _completion(data: Json, choice: Json) -> Body | None:
    ended, message = choice.get("finish_reason"), _message(choice)
    if choice.get("error") or ended == "error":
        said = said_in(choice.get("error") or data.get("detail") or {})
        status = said.status or next((_STATUS_OF[one] for one in said.codes if one in _STATUS_OF), None)
        if status:
            return Body(status, {"error": choice["error"]})
        if not (message.get("content") or message.get("tool_calls")):
            return _no_completion(f"the server ended the reply with an error{': ' if said.text else ''}{said.text}")
    changed = {**data, "choices": [{**choice, "message": message}]}
    if "usage" in data:
        changed["usage"] = _usage(data["usage"])
    if not isinstance(data.get("model"), str):
        changed.pop("model", None)
    return Body(200, changed)


def _message(choice: Json) -> Json:
    given = choice.get("message")
    if not isinstance(given, dict):
        given = choice["delta"] if isinstance(choice.get("delta"), dict) else {"content": choice.get("text")}
    message = {**given, "role": "assistant", "content": _content(given)}
    calls = given.get("tool_calls")
    if calls is None and isinstance(given.get("function_call"), dict):
        calls = [{"function": given["function_call"]}]
    calls = [calls] if isinstance(calls, dict) else calls
    message.pop("function_call", None)
    message["tool_calls"] = [_call(one, place) for place, one in enumerate(calls)] if isinstance(calls, list) else None
    return message


def _content(message: Json) -> str | None:
    """Return the text of a message, with the thinking before it inside markers."""
    thought, text = _flat(next((message[name] for name in _THOUGHTS if message.get(name)), None), all_of_it=True), ""
    content = message.get("content")
    if isinstance(content, list):
        parts = [one for one in content if isinstance(one, dict | str | list)]
        thought = thought or "".join(_flat(one, all_of_it=True) for one in parts if _is_thought(one))
        text = "".join(_flat(one) for one in parts if not _is_thought(one))
    elif content is not None:
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    if thought and thought.strip() not in text:
        return f"<think>\n{thought}\n</think>\n{text}"
    return text if text or content is not None else None


def _is_thought(part: Any) -> bool:
    return isinstance(part, dict) and str(part.get("type")) in {"thinking", "reasoning", "reasoning_text"}


def _flat(part: Any, all_of_it: bool = False) -> str:
    """Return the text of one part of a message's content."""
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return "".join(_flat(one, all_of_it) for one in part[:1_000])
    if isinstance(part, dict):
        names = ("text", "content", "value", *(("thinking", "reasoning", "summary") if all_of_it else ()))
        return next((_flat(part[name], all_of_it) for name in names if part.get(name)), "")
    return ""


def _call(given: Any, place: int) -> Json:
    """Return one tool call; missing members are empty, so that the model is told about them."""
    whole = given if isinstance(given, dict) else {}
    inner = whole.get("function")
    function = inner if isinstance(inner, dict) else whole
    name, arguments = function.get("name"), function.get("arguments", function.get("parameters"))
    called = whole.get("id")
    return {
        "id": str(called) if isinstance(called, str | int) and str(called) else f"call_{place}",
        "type": "function",
        "function": {"name": name if isinstance(name, str) else "", "arguments": _arguments(arguments)},
    }


def _arguments(given: Any) -> str:
    """Return the JSON text of an object, unpacked from strings up to three levels deep; else text that is not JSON."""
    if given is None or given == "":
        return "{}"
    if isinstance(given, dict):
        return json.dumps(given, ensure_ascii=False)
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    inner: Any = text
    for _ in range(3):
        try:
            inner = json.loads(inner)
        except (ValueError, RecursionError):
            return text if inner is text else f"{NO_OBJECT}{text}"
        if isinstance(inner, dict):
            whole = given is text and text.startswith("{")
            said = text if whole else json.dumps(inner, ensure_ascii=False)
            return f"{TWICE}{said}" if whole and _has_a_key_twice(text) else said
        if not isinstance(inner, str):
            return "{}" if inner is None else f"{NO_OBJECT}{text}"
    return f"{NO_OBJECT}{text}"


def _has_a_key_twice(text: str) -> bool:
    """Return whether an object in valid JSON has a key twice."""
    found: list[bool] = []

    def members(pairs: list[tuple[str, Any]]) -> None:
        found.append(len({name for name, _ in pairs}) < len(pairs))

    json.loads(text, object_pairs_hook=members)
    return any(found)


def _usage(given: Any) -> Json | None:
    """Return the token counts that are integers; None if there are none."""
    if not isinstance(given, dict):
        return None
    counts = {name: value for name in _COUNTS if type(value := given.get(name)) is int}
    details = {name: value for name, value in given.items() if name.endswith("_details") and isinstance(value, dict)}
    return {**counts, **details} if counts else None

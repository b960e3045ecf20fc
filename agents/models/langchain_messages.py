"""Conversion of messages and tool calls between our types and LangChain's types."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, InvalidToolCall, SystemMessage, ToolMessage
from pydantic import ValidationError

from dv_agent.agents.models.chat_model import Message, ToolCall, ToolSpec

MAX_CALLS = 400
MAX_ARGUMENTS = 400_000
MAX_NATIVE = 400_000
UNREADABLE = "unreadable_call"
"""Name of a call whose arguments were not a JSON object: LangChain then discards the whole reply."""

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")


def to_langchain(message: Message, roles: str = "system") -> BaseMessage:
    """Return `message` as LangChain's type; names and arguments that vendors would refuse are replaced by valid ones.

    Args:
        roles: role of the system message; some servers call it ``developer``.
    """
    if message.role == "system":
        extra = {"__openai_role__": roles} if roles == "developer" else {}
        return SystemMessage(message.content, additional_kwargs=extra)
    if message.role == "user":
        return HumanMessage(message.content)
    if message.role == "tool":
        return ToolMessage(message.content, tool_call_id=message.tool_call_id)
    native = _object(message.native)
    return AIMessage(
        content=native.get("content", message.content),
        additional_kwargs=native.get("additional_kwargs", {}),
        tool_calls=[
            {"name": wire_name(one.name), "args": _object(one.arguments), "id": one.id, "type": "tool_call"}
            for one in message.tool_calls
        ],
    )


def wire_name(name: str) -> str:
    """Return a tool name that every vendor accepts, also if the model invented an invalid one."""
    return _NO_NAME.sub("_", name)[:64] or "unknown"


def to_function(tool: ToolSpec) -> dict[str, Any]:
    """Return the tool in OpenAI's format, which LangChain converts for every vendor."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def calls_of(answer: AIMessage) -> tuple[ToolCall, ...]:
    """Return the tool calls of an answer, also those without valid JSON; ids are made unique."""
    found: list[tuple[Any, Any, str]] = [(one["id"], one["name"], _text(one["args"])) for one in answer.tool_calls]
    found += [(one.get("id"), one.get("name"), str(one.get("args") or "")) for one in answer.invalid_tool_calls]
    calls, taken = list[ToolCall](), set[str]()
    for place, (given, name, arguments) in enumerate(found[:MAX_CALLS]):
        known = str(given or "")[:100]
        one = known if known and known not in taken else f"call_{place}"
        taken.add(one)
        calls.append(ToolCall(id=_clean(one), name=_clean(str(name or ""))[:200], arguments=_clean(arguments)))
    return tuple(calls)


def mended(answer: AIMessage | Exception) -> AIMessage | Exception:
    """Return an answer with unreadable calls if LangChain refused it because arguments are JSON, but not an object."""
    if not isinstance(answer, ValidationError) or answer.title != AIMessage.__name__:
        return answer
    found = [one for one in answer.errors() if one["loc"][:1] == ("tool_calls",) and one["loc"][-1] == "args"]
    if not found:
        return answer
    calls = [
        InvalidToolCall(type="invalid_tool_call", name=UNREADABLE, args=_text(one["input"]), id=None, error=None)
        for one in found
    ]
    return AIMessage(content="", invalid_tool_calls=calls, response_metadata={"finish_reason": "tool_calls"})


def native_of(answer: AIMessage) -> str:
    """Return what must be sent back unchanged, such as signed thinking; empty if text and tool calls are enough."""
    extra = {key: value for key, value in answer.additional_kwargs.items() if key not in ("tool_calls", "refusal")}
    data: dict[str, Any] = {}
    if isinstance(answer.content, list) and answer.content:
        data["content"] = answer.content
    if extra:
        data["additional_kwargs"] = extra
    try:
        text = json.dumps(data) if data else ""
    except (TypeError, ValueError, RecursionError):
        return ""
    return text if len(text) <= MAX_NATIVE else ""


def wire_extra(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> tuple[Message, ...]:
    """Return what is sent besides the contents of `messages`, as messages whose tokens can be counted."""
    calls = "".join(one.name + one.arguments for message in messages for one in message.tool_calls)
    specs = "".join(one.model_dump_json() for one in tools)
    return (Message(role="user", content=calls + specs),) if calls or specs else ()


def _text(arguments: Any) -> str:
    try:
        return json.dumps(arguments, ensure_ascii=False)[:MAX_ARGUMENTS]
    except (TypeError, ValueError, RecursionError):
        return "not JSON"


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _clean(text: str) -> str:
    """Return `text` with U+FFFD for each character that cannot be encoded as UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

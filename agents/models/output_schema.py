"""Structured output through LangChain, for every vendor that supports it, and reading of the replies of its clients."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dv_agent.agents.models.chat_model import OutputSchema

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable


def structured(client: BaseChatModel, output: OutputSchema) -> Runnable[Any, Any] | None:
    """Return `client` with this schema bound to it; None if the client does not support structured output."""
    schema = {"title": output.name, "description": "Tests to run.", **output.body}
    try:
        return client.with_structured_output(schema, method="json_schema", include_raw=True)
    except (NotImplementedError, TypeError, ValueError):
        return None


def raw_answer(result: Any) -> AIMessage:
    """Return the unparsed message; the client's own parsing is not used: our parser also says what is wrong, where."""
    answer: AIMessage = result["raw"] if isinstance(result, dict) else result
    return answer


def whole_text(answer: AIMessage, text: str) -> str:
    """Return `text`, or the arguments of the tool call that some clients use to get an object from a model."""
    if text or not answer.tool_calls:
        return text
    return json.dumps(answer.tool_calls[0]["args"], ensure_ascii=False)


def mended(answer: AIMessage | Exception) -> AIMessage | Exception:
    """Return, as a normal message, a reply for which OpenAI's client raised an error because it was cut or filtered."""
    completion = getattr(answer, "completion", None)
    if not isinstance(answer, Exception) or type(answer).__name__ not in _CUT_SHORT or completion is None:
        return answer
    from langchain_core.messages import AIMessage  # noqa: PLC0415  # LangChain is already loaded here

    choice, usage = completion.choices[0], completion.usage
    counts: Any = {
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    } if usage else None  # fmt: skip
    said = {"finish_reason": choice.finish_reason, "model_name": completion.model}
    return AIMessage(content=choice.message.content or "", response_metadata=said, usage_metadata=counts)


_CUT_SHORT = {"LengthFinishReasonError", "ContentFilterFinishReasonError"}

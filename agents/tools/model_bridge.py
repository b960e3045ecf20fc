"""Adapter of our model to LangChain's agent: every model call goes through the function `ask`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from dv_agent.agents.llm.thinking import spoken
from dv_agent.agents.models.chat_model import Message, Reply, ToolCall

TEXT = "json"
"""Name of the only argument of a tool call inside LangChain's agent: the model's arguments as text.

So arguments that a model invents (very long numbers, deep nesting) never reach LangGraph, which would fail on them.
"""

Ask = Callable[[Sequence[Message]], Reply]


class BridgeModel(BaseChatModel):
    """LangChain model that calls `ask`, where the tools are already known."""

    ask: Ask

    @property
    def _llm_type(self) -> str:
        return "dv-agent"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Runnable[Any, AIMessage]:
        """Return the model itself."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> ChatResult:
        answer = to_answer(self.ask([from_langchain(one) for one in messages]))
        return ChatResult(generations=[ChatGeneration(message=answer)])


def to_answer(reply: Reply) -> AIMessage:
    """Convert a reply to the message type of LangChain's agent."""
    calls: list[Any] = [
        {"name": one.name, "args": {TEXT: one.arguments}, "id": one.id, "type": "tool_call"} for one in reply.tool_calls
    ]
    return AIMessage(content=spoken(reply.text), tool_calls=calls, additional_kwargs={"native": reply.native})


def from_langchain(message: BaseMessage) -> Message:
    """Convert a message of LangChain's agent to our `Message`."""
    content = str(message.content)
    if isinstance(message, SystemMessage):
        return Message(role="system", content=content)
    if isinstance(message, HumanMessage):
        return Message(role="user", content=content)
    if isinstance(message, ToolMessage):
        return Message(role="tool", content=content, tool_call_id=message.tool_call_id)
    if not isinstance(message, AIMessage):
        raise TypeError(type(message).__name__)
    calls = [ToolCall(id=one["id"] or "", name=one["name"], arguments=one["args"][TEXT]) for one in message.tool_calls]
    native = message.additional_kwargs.get("native", "")
    return Message(role="assistant", content=content, tool_calls=tuple(calls), native=native)

"""LangChain's agent with our model and our tool dispatcher: it runs until tests must run or a limit is reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from langsmith import tracing_context

from dv_agent.agents.toolbox.arguments import TOOLS, tool_specs
from dv_agent.agents.tools.model_bridge import TEXT, Ask, BridgeModel

Answer = Callable[[str, str, str], str | None]
_STEPS = 10_000


class TurnPaused(Exception):
    """Raised before a model call that must not be made now: the turn ends, and the call may be made later."""


class ToolDialogue:
    """Dialogue of a model with tools, which can be paused and continued.

    Args:
        ask: function that returns the model's reply to the whole dialogue so far; may raise `TurnPaused`.
        answer: function that returns the result of a tool call (id, name, arguments), or None if it comes later.
        system: the system message.
    """

    def __init__(self, ask: Ask, answer: Answer, system: str) -> None:
        tools = [
            StructuredTool(name=one.name, description=one.description, args_schema=TOOLS[one.name], func=_never)
            for one in tool_specs()
        ]
        self._graph: Any = create_agent(
            BridgeModel(ask=ask, disable_streaming=True, cache=False),
            tools,
            system_prompt=system,
            middleware=[_ToolMiddleware(answer)],
            checkpointer=InMemorySaver(),
        )
        # One tool call at a time, so that the record has the order in which the model wrote them.
        self._config = RunnableConfig(configurable={"thread_id": "run"}, max_concurrency=1, recursion_limit=_STEPS)

    def say(self, text: str) -> bool:
        """Send a message to the model; return True if it then waits for tests, False if it called no tool.

        Raises:
            TurnPaused: `ask` stopped the turn before a model call.
            ModelFailure: no reply; `go_on` calls the model again.
        """
        return self._run({"messages": [HumanMessage(text)]})

    def tell(self, result: str) -> bool:
        """Send the result of the tests for which the model waits; returns and raises as `say`."""
        return self._run(Command(resume=result))

    def go_on(self) -> bool:
        """Make the model call that `TurnPaused` stopped; returns and raises as `say`."""
        return self._run(None)

    def unheard(self) -> str:
        """Return the results of tools that the model has not been sent."""
        messages = self._graph.get_state(self._config).values.get("messages", [])
        new = next((place for place, one in enumerate(reversed(messages)) if not isinstance(one, ToolMessage)), 0)
        return "\n\n".join(str(one.content) for one in messages[len(messages) - new :])

    def _run(self, given: Any) -> bool:
        # Results hold RTL, which may be confidential: tracing is off, also if an environment variable enables it.
        with tracing_context(enabled=False):
            state = self._graph.invoke(given, self._config, durability="exit")
        return bool(state.get("__interrupt__"))


class _ToolMiddleware(AgentMiddleware[Any, Any]):
    """Middleware that passes every tool call, whatever its name, to the dispatcher."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[..., Any]) -> ToolMessage:
        """Return the dispatcher's answer; for tests, suspend the agent until they have run."""
        call = request.tool_call
        text = self._answer(call["id"] or "", call["name"], call["args"][TEXT])
        if text is None:
            text = str(interrupt(call["id"]))
        return ToolMessage(content=text, tool_call_id=call["id"] or "", name=call["name"])


def _never(**_: Any) -> str:
    raise NotImplementedError("calls are answered by the desk")

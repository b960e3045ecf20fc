"""LangChain's agent over our model and our desk: it runs until tests are to run, or until the gate says stop."""

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
    """Raised by the gate: the turn ends before the next call of the model, which may be made later."""


class ToolDialogue:
    """One dialogue of a model with tools, which can be left and taken up again.

    Args:
        ask: answers the whole dialogue so far; may raise `TurnPaused`.
        answer: the result of a call (id, name, arguments), or None where it comes later.
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
        # One call at a time: the order of the record is the order in which the model wrote.
        self._config = RunnableConfig(configurable={"thread_id": "run"}, max_concurrency=1, recursion_limit=_STEPS)

    def say(self, text: str) -> bool:
        """A message to the model; True if it then waits for tests, False if it called no tool.

        Raises:
            Pause: the gate stopped it.
            ModelFailure: no reply; `go_on` asks again.
        """
        return self._run({"messages": [HumanMessage(text)]})

    def tell(self, result: str) -> bool:
        """The result of the tests that it waits for; returns and raises as `say`."""
        return self._run(Command(resume=result))

    def go_on(self) -> bool:
        """Make the call that the gate stopped; returns and raises as `say`."""
        return self._run(None)

    def _run(self, given: Any) -> bool:
        # Results hold RTL, which may be confidential: no variable of the environment sends them to a third party.
        with tracing_context(enabled=False):
            state = self._graph.invoke(given, self._config, durability="exit")
        return bool(state.get("__interrupt__"))


class _ToolMiddleware(AgentMiddleware[Any, Any]):
    """Every call, of whatever name, goes to the desk."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[..., Any]) -> ToolMessage:
        """The desk's answer; tests suspend the agent until they have run."""
        call = request.tool_call
        text = self._answer(call["id"] or "", call["name"], call["args"][TEXT])
        if text is None:
            text = str(interrupt(call["id"]))
        return ToolMessage(content=text, tool_call_id=call["id"] or "", name=call["name"])


def _never(**_: Any) -> str:
    raise NotImplementedError("calls are answered by the desk")

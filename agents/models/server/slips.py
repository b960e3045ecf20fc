"""Model output that a server cannot parse and reports as a request error: it is returned as the model's reply."""

from __future__ import annotations

from dv_agent.agents.models.chat_model import Reply, ToolCall
from dv_agent.agents.models.faults import ModelFault

MAX_SLIPS = 5  # in a row; each one costs a call, and some models always fail
QUOTED = 2_000
REFUSED = "refused_call"
"""Name of a call that replaces the output which the server did not return; its arguments say why."""


def slipped(fault: ModelFault, tools: bool) -> Reply:
    """Return the reply that such a fault represents: the text that the server quotes, and why it was refused.

    Args:
        tools: whether the model could call tools; the reply then holds a tool call with the reason.
    """
    quoted = f"\nit wrote: {fault.generated[:QUOTED]}" if fault.generated else ""
    calls = (ToolCall(id="call_0", name=REFUSED, arguments=f"{fault.detail}{quoted}"),) if tools else ()
    text = "" if tools else fault.generated
    return Reply(text=text, finish_reason="refused_reply", tool_calls=calls, broken=fault.detail or "no reason given")

"""A slip of the model that a server reports as an error of ours: it goes back to the model as its reply."""

from __future__ import annotations

from dv_agent.agents.models.chat_model import Reply, ToolCall
from dv_agent.agents.models.faults import ModelFault

MAX_SLIPS = 5  # in a row; a model that cannot do otherwise costs a call each time
QUOTED = 2_000
REFUSED = "refused_call"
"""The name of a call that stands for what the server would not hand out; its arguments say why."""


def slipped(fault: ModelFault, tools: bool) -> Reply:
    """The reply that such a fault stands for: what the server quotes of it, and why it was refused.

    Args:
        tools: whether the model could call tools; it is then answered like a call.
    """
    quoted = f"\nit wrote: {fault.generated[:QUOTED]}" if fault.generated else ""
    calls = (ToolCall(id="call_0", name=REFUSED, arguments=f"{fault.detail}{quoted}"),) if tools else ()
    text = "" if tools else fault.generated
    return Reply(text=text, finish_reason="refused_reply", tool_calls=calls, broken=fault.detail or "no reason given")

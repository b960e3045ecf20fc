"""Elaborating RTL with pyslang: in a child process, within a time limit, because files from elsewhere may hang it."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from dv_agent.designs.elaboration.interface import Interface, Refusal
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.files.limited_child import run_limited
from dv_agent.errors import BuildError

ELABORATE_SECONDS = 60.0
_ANSWER: TypeAdapter[Interface | Refusal] = TypeAdapter(Interface | Refusal)


def elaborate(request: Request, seconds: float = ELABORATE_SECONDS) -> Interface:
    """Return the interface of the top of `request`.

    Args:
        seconds: time limit of the child process, in seconds.

    Raises:
        BuildError: the RTL cannot be elaborated, with file and line; or it took too long, or too much memory.
        SimulatorLost: the child was killed from outside, each time.
    """
    data = request.model_dump_json().encode()
    said = run_limited("dv_agent.designs.elaboration.child", data, seconds, "elaborating the RTL")
    try:
        answer = _ANSWER.validate_json(said)
    except ValidationError:
        raise BuildError("the RTL cannot be elaborated: no answer") from None
    if isinstance(answer, Refusal):
        raise BuildError(answer.message)
    return answer

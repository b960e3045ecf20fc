"""Elaborating RTL with pyslang: in a child process, within a time limit, because files from elsewhere may hang it."""

from __future__ import annotations

import subprocess
import sys

from pydantic import TypeAdapter, ValidationError

from dv_agent.designs.elaboration.interface import Interface, Refusal
from dv_agent.designs.elaboration.request import Request
from dv_agent.errors import BuildError, SimulatorLost

ELABORATE_SECONDS = 60.0
_TRIES = 4
_MOST_MEGABYTES = 4096
_ANSWER: TypeAdapter[Interface | Refusal] = TypeAdapter(Interface | Refusal)
_LIMITED = """\
import resource, runpy
soft = {bytes}
resource.setrlimit(resource.RLIMIT_AS, (soft, soft))
runpy.run_module("dv_agent.designs.elaboration.child", run_name="__main__")
"""


def elaborate(request: Request, seconds: float = ELABORATE_SECONDS) -> Interface:
    """Return the interface of the top of `request`.

    Args:
        seconds: time limit of the child process, in seconds.

    Raises:
        BuildError: the RTL cannot be elaborated, with file and line; or it took too long, or too much memory.
        SimulatorLost: the child was killed from outside, each time.
    """
    code = _LIMITED.format(bytes=_MOST_MEGABYTES << 20)
    for _ in range(_TRIES):
        try:
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", code], input=request.model_dump_json().encode(),
                capture_output=True, timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise BuildError(f"elaborating the RTL took longer than {seconds:g} s; is a loop in it endless?") from None
        if done.returncode >= 0:
            break
    else:
        raise SimulatorLost(f"elaborating the RTL was ended by signal {-done.returncode}, each time")
    try:
        answer = _ANSWER.validate_json(done.stdout)
    except ValidationError:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BuildError(f"the RTL cannot be elaborated: {words[-1][:300] if words else 'no answer'}") from None
    if isinstance(answer, Refusal):
        raise BuildError(answer.message)
    return answer

"""A Python module run in a child process, with limits of time and memory: RTL from elsewhere may hang a parser."""

from __future__ import annotations

import subprocess
import sys

from dv_agent.errors import BuildError, SimulatorLost

_TRIES = 4
_MOST_MEGABYTES = 4096
_LIMITED = """\
import resource, runpy
soft = {bytes}
resource.setrlimit(resource.RLIMIT_AS, (soft, soft))
runpy.run_module("{module}", run_name="__main__")
"""


def run_limited(module: str, data: bytes, seconds: float, doing: str) -> bytes:
    """Run `module` with `data` on its standard input; return its standard output.

    Args:
        seconds: time limit, in seconds.
        doing: what it does, for messages.

    Raises:
        BuildError: it took too long, or wrote nothing.
        SimulatorLost: it was killed from outside, each time.
    """
    code = _LIMITED.format(bytes=_MOST_MEGABYTES << 20, module=module)
    for _ in range(_TRIES):
        try:
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", code], input=data, capture_output=True, timeout=seconds,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise BuildError(f"{doing} took longer than {seconds:g} s; is a loop in it endless?") from None
        if done.returncode >= 0:
            break
    else:
        raise SimulatorLost(f"{doing} was ended by signal {-done.returncode}, each time")
    if not done.stdout:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BuildError(f"{doing} failed: {words[-1][:300] if words else 'no answer'}")
    return done.stdout

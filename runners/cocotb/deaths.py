"""How a simulator process can end before it answered, and whose doing that is."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import Enum
from typing import Any

# What a bug of the simulator raises in itself, set off by the design; or somebody else from outside.
_FAULTS = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS}
)
_NO_MEMORY = ("bad_alloc", "MemoryError", "out of memory", "Cannot allocate memory")


class Cause(Enum):
    """Whose doing a death is.

    Attributes:
        DESIGN: the RTL ended the simulation, or does not come to the end of a cycle: a result.
        DOUBTFUL: the RTL may have set off a bug of the simulator, or somebody interfered; what repeats in a fresh
            process is a result.
        OUTSIDE: the machine, or somebody on it: never a result.
    """

    DESIGN = "design"
    DOUBTFUL = "doubtful"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a simulator process that gave no answer.

    Attributes:
        signal: that killed it; 0 where it ended by itself.
        stalled: it used no CPU time for so long that it was given up.
        lost: the process that watches over the simulation is gone, or says what cannot be understood.
        no_memory: it said that it got no memory.
    """

    signal: int = 0
    stalled: bool = False
    lost: bool = False
    no_memory: bool = False

    @property
    def hung(self) -> bool:
        """Whether a cycle did not end: our timer of CPU time fires with SIGPROF."""
        return self.stalled or self.signal == signal.SIGPROF

    @property
    def cause(self) -> Cause:
        """Whose doing it is, as far as one death tells."""
        if self.lost or self.no_memory:
            return Cause.OUTSIDE
        if self.stalled or self.signal in _FAULTS:
            return Cause.DOUBTFUL
        return Cause.DESIGN if self.signal in (0, signal.SIGPROF) else Cause.OUTSIDE

    def __str__(self) -> str:
        if self.no_memory:
            return "got no memory"
        if self.stalled:
            return "stood still"
        if self.signal:
            return f"was killed by {_name(self.signal)}"
        return "was lost" if self.lost else "ended"


def death_of(reply: dict[str, Any], words: str) -> Death | None:
    """The death that a reply of `SimulatorProcess.play` tells of, if it does.

    Args:
        words: what the simulator printed last.
    """
    error = str(reply.get("error", ""))
    if "MemoryError" in error:
        return Death(no_memory=True)
    if not reply.get("died"):
        return None
    number = int(reply.get("signal", 0))
    broke = number == signal.SIGABRT and any(one in words for one in _NO_MEMORY)
    return Death(number, bool(reply.get("stalled")), bool(reply.get("lost")), broke)


def _name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    hints = {
        "SIGKILL": " (by somebody, or by the kernel because memory ran out)", "SIGXCPU": " (the limit of `ulimit -t`)",
    }  # fmt: skip
    return name + hints.get(name, "")

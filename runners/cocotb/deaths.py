"""How a simulator process can end before it replied, and what caused it: design, simulator bug, or machine."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import Enum
from typing import Any

# Signals that a simulator bug, triggered by the design, raises in the process itself; or that come from outside.
_FAULTS = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS}
)
_NO_MEMORY = ("bad_alloc", "MemoryError", "out of memory", "Cannot allocate memory")


class Cause(Enum):
    """The cause of the end of a simulator process.

    Attributes:
        DESIGN: the RTL ended the simulation, or never reaches the end of a cycle: a result.
        DOUBTFUL: the RTL may have triggered a simulator bug, or the process was killed from outside; a result only
            if it repeats in a fresh process.
        OUTSIDE: the machine, or another process or user on it: never a result.
    """

    DESIGN = "design"
    DOUBTFUL = "doubtful"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a simulator process that sent no reply.

    Attributes:
        signal: the signal that killed it; 0 if it ended by itself.
        stalled: whether it was killed because it used no CPU time for too long.
        lost: whether the process that supervises the simulation has ended, or sent an invalid message.
        no_memory: whether it reported that it got no memory.
    """

    signal: int = 0
    stalled: bool = False
    lost: bool = False
    no_memory: bool = False

    @property
    def hung(self) -> bool:
        """Whether a cycle did not end: the CPU time limit fires SIGPROF."""
        return self.stalled or self.signal == signal.SIGPROF

    @property
    def cause(self) -> Cause:
        """The cause, as far as it is known from one death."""
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
    """Return the death that a reply of `SimulatorProcess.play` reports, or None.

    Args:
        words: the last output of the simulator.
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

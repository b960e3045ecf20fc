"""Trace: the values that the monitors sampled, cycle by cycle, just before each rising edge.

A trace holds only values sampled on the pins of the design, nothing that a driver *intended*.
Arrays are columnar, one entry for each cycle or transfer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

IntColumn = NDArray[np.int64]
BoolColumn = NDArray[np.bool_]
Signals = Mapping[str, IntColumn]
"""Columns as in `Trace.signals`."""


def sign_extended(values: IntColumn, width: int) -> IntColumn:
    """Return unsigned numbers of at most 64 bits as signed numbers of `width` bits."""
    spare = np.int64(64 - width)
    return (values << spare) >> spare


class End(StrEnum):
    """Why a simulation stopped."""

    DRAINED = "drained"  # every track ended, and there were no more transfers
    DEADLOCK = "deadlock"  # the design did not accept a transfer for `quiet_cycles` cycles, with all sinks ready
    LIMIT = "cycle_limit"  # the test reached the `max_cycles` of the design: its stimulus is longer, or never ends
    BUDGET = "budget"  # the run had fewer cycles left than `max_cycles`, and the test was cut when they were used up
    HUNG = "hung"  # the simulator sent no reply in time and was killed
    CRASHED = "crashed"  # the simulator process died, or the RTL called $finish


@dataclass(frozen=True, slots=True)
class Transfers:
    """The accepted transfers of one port (or its strobes), in cycle order.

    Attributes:
        cycle: int64[n], the cycle of each transfer.
        epoch: int64[n], number of reset pulses applied before, without the initial one.
        columns: field name -> int64[n], or int64[n, lanes] for a field with lanes;
            also ``last`` (0 or 1) if the port has packets.
        unknown: bool[n], whether any bit of the payload was X or Z.
    """

    cycle: IntColumn
    epoch: IntColumn
    columns: dict[str, IntColumn]
    unknown: BoolColumn

    def __len__(self) -> int:
        return len(self.cycle)


@dataclass(frozen=True, slots=True)
class RtlMessage:
    """An error that the RTL itself reported: ``$error``, ``$fatal``, an assertion, a ``unique case`` out of range.

    Attributes:
        fatal: whether it ended the simulation.
        file, line: where it stands; `file` as design.yaml names it.
        scope: the instance, such as ``dut.fifo``.
        text: what it said, on one line.
        cycles: the cycles in which it was reported, ascending, the first ones of many; negative in the initial reset.
        count: how often it was reported.
    """

    fatal: bool
    file: str
    line: int
    scope: str
    text: str
    cycles: tuple[int, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace of one test.

    Attributes:
        cycles: number of cycles recorded, without the initial reset; cycle 0 is the first one after it.
        end: why the simulation stopped.
        signals: signal name -> int64[cycles] (unsigned value) for signals of up to 63 bits, else
            int64[cycles, k] in words of 32 bits, least significant first; X and Z read as 0.
        unknown: signal name -> bool[cycles], only for signals with a bit that was X or Z in some cycle.
        in_reset: bool[cycles].
        epoch: int64[cycles], number of reset pulses begun so far (a cycle in reset belongs to the new epoch).
        accepted: port name -> transfers. A responder has two: ``<port>.request`` and ``<port>.response``;
            a strobe port holds one entry for each cycle with its enable high. Nothing is accepted in reset.
        message: the last output of the simulator if it hung or crashed.
        edges: clock name -> bool[cycles], whether it rises, if there are several clocks: a cycle is then a step in
            which at least one of them does, and a stream moves only in steps in which its own does.
        reported: errors that the RTL reported, in the order of their first report.
    """

    cycles: int
    end: End
    signals: Signals
    unknown: dict[str, BoolColumn]
    in_reset: BoolColumn
    epoch: IntColumn
    accepted: dict[str, Transfers]
    message: str = field(default="")
    edges: dict[str, BoolColumn] = field(default_factory=dict)
    reported: tuple[RtlMessage, ...] = ()

    def ticks(self, clock: str) -> BoolColumn:
        """Return bool[cycles], whether the clock of this name rises; all true if there is only one clock."""
        return self.edges[clock] if clock in self.edges else np.ones(self.cycles, np.bool_)

"""Traces for reference models: only accepted transfers and strobes, in chosen cycles and reset epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dv_agent.designs.trace import End, Trace, Transfers

Event = tuple[int, int, Mapping[str, int | Sequence[int]]]
"""(cycle, epoch, fields)"""


def transfers(events: Sequence[Event], fields: Mapping[str, int]) -> Transfers:
    """The transfers of one port.

    Args:
        fields: name -> lanes (1 for a scalar), so that a port without events has its columns too.
    """
    n = len(events)
    columns = {}
    for name, lanes in fields.items():
        values = np.array([values[name] for _, _, values in events], dtype=np.int64)
        columns[name] = values.reshape(n, lanes) if lanes > 1 else values.reshape(n)
    cycle = np.array([event[0] for event in events], dtype=np.int64)
    epoch = np.array([event[1] for event in events], dtype=np.int64)
    return Transfers(cycle, epoch, columns, np.zeros(n, dtype=np.bool_))


def trace(cycles: int, epochs: Sequence[int], **ports: Transfers) -> Trace:
    """A trace without signals; `epochs` gives the epoch of each cycle."""
    epoch = np.array(epochs, dtype=np.int64)
    return Trace(cycles, End.DRAINED, {}, {}, np.zeros(cycles, dtype=np.bool_), epoch, dict(ports))

"""The noun Observation: what the reference model makes of a trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dv_agent.designs.trace import IntColumn, Trace


@dataclass(frozen=True, slots=True)
class Table:
    """Facts in columns of equal length, one row an event, in cycle order.

    Attributes:
        columns: name -> int64[n]. A table with a ``cycle`` column is joined with the
            cycle facts (``dbg_*``, stalls, gaps) of that cycle by the framework.
    """

    columns: dict[str, IntColumn]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0


@dataclass(frozen=True, slots=True)
class Expected:
    """Transfers that one output port owes, in order.

    Attributes:
        epoch: int64[n], the reset epoch of each; an epoch that a reset ended may deliver only a prefix.
        columns: field name -> int64[n] or int64[n, lanes], as in `Transfers`, ``last`` included.
        cause_cycle: int64[n], the cycle in which the input that completes this output was accepted;
            the output may not be seen before it.
    """

    epoch: IntColumn
    columns: dict[str, IntColumn]
    cause_cycle: IntColumn

    def __len__(self) -> int:
        return len(self.epoch)


@dataclass(frozen=True, slots=True)
class Observation:
    """Expected outputs by port, and event tables by name.

    Attributes:
        may_wait: source ports whose offer the design may leave unaccepted for ever after this trace, because
            the specification lets it wait for another port first. Elsewhere that is a deadlock.
    """

    expected: dict[str, Expected]
    tables: dict[str, Table]
    may_wait: frozenset[str] = frozenset()


class ReferenceModel(Protocol):
    """What ``model.py`` of a design offers: a bit-exact fold over all accepted inputs, strobes and resets."""

    def observe(self, trace: Trace) -> Observation:
        """Fold one trace in cycle order; must not depend on latency or on outputs."""
        ...

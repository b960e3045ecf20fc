"""Observation: the result of the reference model for a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from dv_agent.designs.trace import IntColumn, Trace


class LazyColumns(Mapping[str, IntColumn]):
    """Columns of which some are made when they are read for the first time: a plan reads few of those that exist.

    Args:
        known: the columns that exist; one of a name in `made` is never read.
        made: name -> how to make the column.

    Attributes:
        names: all names, in order.
    """

    def __init__(self, known: Mapping[str, IntColumn], made: Mapping[str, Callable[[], IntColumn]]) -> None:
        self._made, self._found = made, {name: column for name, column in known.items() if name not in made}
        self.names = (*known, *(name for name in made if name not in known))

    def __getitem__(self, name: str) -> IntColumn:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._made[name]()
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._found or name in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


class JoinedColumns(Mapping[str, IntColumn]):
    """The columns of a table, and those of another one at some of its rows, each taken when it is read.

    Args:
        own: columns of the table; one of them has precedence over another of the same name.
        other: columns of the other table.
        rows: int64[n], the row of the other table for each row.
    """

    def __init__(self, own: Mapping[str, IntColumn], other: Mapping[str, IntColumn], rows: IntColumn) -> None:
        self._own, self._other, self._rows = own, other, rows
        self._taken: dict[str, IntColumn] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return _joined(names_of(self._own), names_of(self._other))

    def __getitem__(self, name: str) -> IntColumn:
        if name in self._own:
            return self._own[name]
        found = self._taken.get(name)
        if found is None:
            found = self._taken[name] = self._other[name][self._rows]
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._other

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def names_of(columns: Mapping[str, IntColumn]) -> tuple[str, ...]:
    """Return all names of columns, in order; no column is made for that."""
    return columns.names if isinstance(columns, LazyColumns | JoinedColumns) else tuple(columns)


@lru_cache(maxsize=256)
def _joined(own: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return `own`, and behind it what `other` has besides: the tables of all tests of a design are alike."""
    known = frozenset(own)
    return (*own, *(name for name in other if name not in known))


@dataclass(frozen=True, slots=True)
class Table:
    """An event table: columns of equal length, one row for each event, in cycle order.

    Attributes:
        columns: name -> int64[n]. The framework adds to a table with a ``cycle`` column the
            values (``dbg_*``, stalls, gaps) of that cycle.
    """

    columns: Mapping[str, IntColumn]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0


@dataclass(frozen=True, slots=True)
class Expected:
    """The transfers expected on one output port, in order.

    Attributes:
        epoch: int64[n], the reset epoch of each; in an epoch that a reset ended, the design may deliver only the
            first of them.
        columns: field name -> int64[n] or int64[n, lanes], as in `Transfers`, ``last`` included.
        cause_cycle: int64[n], the cycle in which the input that completes this output was accepted;
            the output must not appear before it.
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
            the specification lets it wait for another port first. On other ports that is a deadlock.
        levels: output -> int64[cycles], the value that it has in each cycle, for outputs whose timing the specification
            gives; without regard to X.
        judged: whether a reference model says so; else `may_wait` is what cannot be told from a deadlock.
    """

    expected: dict[str, Expected]
    tables: dict[str, Table]
    may_wait: frozenset[str] = frozenset()
    levels: Mapping[str, IntColumn] = field(default_factory=dict)
    judged: bool = True


class ReferenceModel(Protocol):
    """The interface of a design's ``model.py``: a bit-exact function of all accepted inputs, strobes and resets."""

    def observe(self, trace: Trace) -> Observation:
        """Process one trace in cycle order.

        Only `Observation.levels` may depend on latency and on outputs.
        """
        ...

"""Event tables of buses: one row for each answered access, the same columns for every kind of bus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from dv_agent.designs.observation import Table
from dv_agent.designs.packet_columns import idle_before, previous
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

_SHARED = ("addr", "data", "error", "resp", "id")


def access_tables(ports: Iterable[str], trace: Trace, facts: Mapping[str, IntColumn]) -> dict[str, Table]:
    """Return the table ``access_<port>`` of each of `ports` that is a bus. Args: facts: the columns of ``cycle``."""
    tables = {}
    for name in ports:
        reads, writes = trace.accepted.get(f"{name}.reads"), trace.accepted.get(f"{name}.writes")
        parts = [(seen, kind) for kind, seen in enumerate((reads, writes)) if seen is not None]
        if parts:
            tables[f"access_{name}"] = _table(name, parts, facts)
    return tables


def _table(name: str, parts: list[tuple[Transfers, int]], facts: Mapping[str, IntColumn]) -> Table:
    cycle = np.concatenate([seen.cycle for seen, _ in parts])
    order = np.argsort(cycle, kind="stable")
    columns = {
        "cycle": cycle[order],
        "epoch": np.concatenate([seen.epoch for seen, _ in parts])[order],
        "write": np.concatenate([np.full(len(seen), kind, np.int64) for seen, kind in parts])[order],
    }
    for column in _SHARED:
        if any(column in seen.columns for seen, _ in parts):
            columns[column] = np.concatenate([_flat(seen, column) for seen, _ in parts])[order]
    asked = np.concatenate([seen.columns["asked"] for seen, _ in parts])[order]
    columns["latency"] = columns["cycle"] - asked + _waited(name, asked, facts)
    columns["gap"] = idle_before(columns["cycle"], columns["epoch"])
    columns["same_address"] = (previous(columns["addr"], columns["epoch"]) == columns["addr"]).astype(np.int64)
    return Table(columns)


def _flat(seen: Transfers, column: str) -> IntColumn:
    """Return a column with one value for each access: the lowest lane of data with lanes."""
    values = seen.columns.get(column, np.zeros(len(seen), np.int64))
    return values if values.ndim == 1 else values[:, 0]


def _waited(name: str, asked: IntColumn, facts: Mapping[str, IntColumn]) -> IntColumn:
    """Return the cycles before `asked` in which a bus of one stream offered the access."""
    stall = facts.get(f"{name}_stall")
    if stall is None or not len(asked):
        return np.zeros(len(asked), np.int64)
    waiting: BoolColumn = asked > 0
    return np.where(waiting, stall[np.maximum(asked - 1, 0)], 0)

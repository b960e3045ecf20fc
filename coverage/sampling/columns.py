"""Access to the columns of an event table by the names that expressions use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Covergroup
from dv_agent.designs.language.expression import Expression
from dv_agent.designs.observation import Table
from dv_agent.designs.trace import IntColumn
from dv_agent.errors import InputFileError, UnknownNameError


def lane_names(table: Table) -> list[str]:
    """Return every name that an expression may use: ``x`` for a column, ``m0``, ``m1``, ... for the lanes of ``m``."""
    names: list[str] = []
    for name, column in table.columns.items():
        names += [name] if column.ndim == 1 else [f"{name}{lane}" for lane in range(column.shape[1])]
    return names


def find_column(table: Table, name: str) -> IntColumn | None:
    """Return int64[n] of a column or of one lane, or None; the name of a column has precedence over that of a lane."""
    place = find_place(table, name)
    if place is None:
        return None
    base, lane = place
    return table.columns[base] if lane is None else table.columns[base][:, lane]


def find_columns(table: Table, names: Iterable[str]) -> dict[str, IntColumn] | None:
    """Return the column of each name; None if the table lacks one."""
    found = {name: find_column(table, name) for name in names}
    columns = {name: column for name, column in found.items() if column is not None}
    return columns if len(columns) == len(found) else None


def find_place(table: Table, name: str) -> tuple[str, int | None] | None:
    """Return the column that `name` means, and its lane if it means a lane; None if there is none."""
    column = table.columns.get(name)
    if column is not None:
        return (name, None) if column.ndim == 1 else None
    for cut in range(len(name) - 1, 0, -1):
        base, lane = name[:cut], name[cut:]
        if not lane.isdigit():
            return None
        lanes = table.columns.get(base)
        if lanes is not None and lanes.ndim == 2 and str(int(lane)) == lane and int(lane) < lanes.shape[1]:
            return base, int(lane)
    return None


def read_columns(
    path: Path, group: Covergroup, table: Table, expressions: Iterable[tuple[Expression, int | None]]
) -> dict[str, IntColumn]:
    """Return the columns that `expressions` (with their lines in the plan) read.

    Raises:
        InputFileError: a name is not a column of the table; points at the line in the plan.
    """
    columns: dict[str, IntColumn] = {}
    for expression, line in expressions:
        for name in expression.names() - columns.keys():
            column = find_column(table, name)
            if column is None:
                kind = f"column of table {group.on!r}"
                raise InputFileError(path, str(UnknownNameError(kind, name, lane_names(table))), line)
            columns[name] = column
    return columns


def can_read(group: Covergroup, table: Table) -> bool:
    """Return whether `table` has every column that a covergroup reads."""
    names = {name for expression, _ in expressions_of(group) for name in expression.names()}
    return find_columns(table, names) is not None


def expressions_of(group: Covergroup) -> list[tuple[Expression, int | None]]:
    """Return all expressions of a covergroup with their lines, the filter first."""
    first = [] if group.when is None else [(group.when, group.when_line)]
    return first + [(point.of, point.line) for point in group.coverpoints]


def check_tables(plan: Plan, tables: Mapping[str, Table], complete: bool = False) -> None:
    """Check that `plan` can be sampled on `tables`.

    Args:
        complete: whether a table that the plan names and `tables` lacks is an error; otherwise
            its bins are only not observable.

    Raises:
        InputFileError: an unknown column or, with `complete`, table; points into the plan.
    """
    for group in plan.covergroups:
        table = tables.get(group.on)
        if table is None and complete:
            message = f"covergroup {group.name!r}: {UnknownNameError('table', group.on, tables)}"
            raise InputFileError(plan.path, message, group.line)
        if table is not None and table.columns:
            read_columns(plan.path, group, table, expressions_of(group))

"""All expressions of one table as one straight program, in which a part that several share is computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dv_agent.designs.language.expression import Expression
from dv_agent.designs.language.expression_nodes import COLUMNS, Node, operator_of
from dv_agent.designs.trace import IntColumn


class ColumnProgram:
    """Evaluates expressions over the columns of a table; means the same as `Expression.evaluate_columns` for each."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._places: dict[Node, int] = {}
        self._start: list[Any] = []
        self._names: list[tuple[int, str]] = []
        self._steps: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
        self._results = [self._place(one.root) for one in expressions]

    def run(self, columns: Mapping[str, IntColumn], rows: int) -> list[IntColumn]:
        """Return int64[rows] for every expression; a constant is broadcast.

        Args:
            columns: every name that the expressions read.
        """
        values = self._start.copy()
        for place, name in self._names:
            values[place] = columns[name]
        for place, function, args in self._steps:
            values[place] = function(*[values[arg] for arg in args])
        found = [np.asarray(values[place], dtype=np.int64) for place in self._results]
        return [one if one.ndim else np.broadcast_to(one, (rows,)) for one in found]

    def _place(self, node: Node) -> int:
        known = self._places.get(node)
        if known is not None:
            return known
        args = tuple(self._place(arg) for arg in node.args)
        place = self._places[node] = len(self._start)
        self._start.append(node.value if node.kind == "integer" else None)
        if node.kind == "name":
            self._names.append((place, str(node.value)))
        elif node.kind != "integer":
            self._steps.append((place, operator_of(node, COLUMNS), args))
        return place

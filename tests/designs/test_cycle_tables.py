"""Cycle facts come from the trace as design.yaml describes it."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from model_traces import trace, transfers

from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import JoinedColumns, LazyColumns
from dv_agent.designs.trace import IntColumn


def test_a_signed_field_that_is_only_observed_is_signed_in_the_cycle_table() -> None:
    design = find_design("mxint_gelu").design
    plain = trace(4, [0] * 4, **{"in": transfers([], {"m": 2, "e": 1}), "out": transfers([], {"m": 2, "e": 1})})
    low = np.zeros(4, np.int64)
    signals = dict.fromkeys(("in_valid", "in_ready", "out_valid", "out_ready", "dbg_held"), low)
    signals["dbg_kept"] = np.array([8, 15, 0, 7])
    facts = cycle_tables(design, dataclasses.replace(plain, signals=signals))["cycle"].columns
    assert facts["dbg_kept"].tolist() == [-8, -1, 0, 7]
    assert facts["dbg_held"].tolist() == [0, 0, 0, 0]


def test_a_column_is_made_when_it_is_read_for_the_first_time_and_only_then() -> None:
    asked: list[str] = []

    def make(name: str, value: int) -> Callable[[], IntColumn]:
        def column() -> IntColumn:
            asked.append(name)
            return np.array([value, value + 1])

        return column

    columns = LazyColumns({"cycle": np.array([4, 5])}, {"a": make("a", 1), "b": make("b", 7)})
    assert (list(columns), len(columns), "b" in columns, "c" in columns, asked) == (
        ["cycle", "a", "b"], 3, True, False, [],
    )  # fmt: skip
    assert [columns["b"].tolist() for _ in range(2)] == [[7, 8]] * 2
    assert asked == ["b"]
    with pytest.raises(KeyError):
        columns["c"]


def test_joined_columns_are_those_of_the_other_table_at_the_given_rows_unless_the_table_has_its_own() -> None:
    own, other = {"v": np.array([9, 8, 7])}, {"v": np.array([0, 1]), "w": np.array([5, 6])}
    joined = JoinedColumns(own, other, np.array([1, 0, 1]))
    assert {name: column.tolist() for name, column in joined.items()} == {"v": [9, 8, 7], "w": [6, 5, 6]}
    assert (len(joined), "w" in joined, "x" in joined) == (2, True, False)
    with pytest.raises(KeyError):
        joined["x"]


@pytest.mark.parametrize("at_the_end", [False, True])
def test_the_width_of_a_reset_counts_its_cycles_up_to_the_end_of_the_trace(at_the_end: bool) -> None:
    in_reset = np.array([1, 0, 0, 1, 1, 1, 0, int(at_the_end)], np.bool_)
    design = find_design("mxint_gelu").design
    plain = trace(8, [0] * 8, **{"in": transfers([], {"m": 2, "e": 1}), "out": transfers([], {"m": 2, "e": 1})})
    table = cycle_tables(design, dataclasses.replace(plain, in_reset=in_reset))["reset"].columns
    assert table["cycle"].tolist() == [0, 3, *([7] if at_the_end else [])]
    assert table["width"].tolist() == [1, 3, *([1] if at_the_end else [])]

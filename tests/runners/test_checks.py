"""Scoreboard and protocol checks on hand-made traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_fixtures import pipe

from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.trace import End, Trace, Transfers
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.rules.epoch_runs import runs_of
from dv_agent.runners.checks.run_checks import MAX_FAILURES, check

EMPTY = np.zeros(0, np.int64)


def seen(values: Sequence[int], cycles: Sequence[int] | None = None, epochs: Sequence[int] | None = None) -> Transfers:
    """Transfers of one field ``data``, one a cycle from cycle 1 on."""
    count = len(values)
    return Transfers(
        np.array(cycles if cycles is not None else range(1, count + 1), np.int64),
        np.array(epochs if epochs is not None else [0] * count, np.int64),
        {"data": np.array(values, np.int64)},
        np.zeros(count, np.bool_),
    )


def due(values: Sequence[int], causes: Sequence[int] | None = None, epochs: Sequence[int] | None = None) -> Expected:
    """What the model expects; everything was caused in cycle 0."""
    made = seen(values, causes if causes is not None else [0] * len(values), epochs)
    return Expected(made.epoch, made.columns, made.cycle)


def failures(out: Transfers, expected: Expected, end: End = End.DRAINED, epochs: int = 1) -> tuple[CheckFailure, ...]:
    """The checks that a trace with these outputs fails."""
    epoch = np.arange(epochs * 50, dtype=np.int64) // 50
    trace = Trace(len(epoch), end, {}, {}, np.zeros(len(epoch), np.bool_), epoch, {"in": seen([]), "out": out})
    return check(pipe(), trace, Observation({"out": expected}, {}))


@pytest.mark.parametrize(
    ("out", "expected", "names", "indices"),
    [
        ([1, 2, 3], [1, 2, 3], [], []),
        ([], [], [], []),
        ([1, 9, 3], [1, 2, 3], ["value"], [1]),
        ([1, 2], [1, 2, 3], ["lost"], [2]),
        ([], [1, 2, 3], ["lost"], [0]),
        ([1, 3, 4], [1, 2, 3, 4], ["lost"], [1]),
        ([2, 3, 4], [1, 2, 3, 4], ["lost"], [0]),
        ([1, 2, 3, 4], [1, 2, 3], ["extra"], [3]),
        ([7], [], ["extra"], [0]),
        ([1, 1, 2, 3], [1, 2, 3], ["duplicate"], [1]),
        ([1, 2, 3, 3], [1, 2, 3], ["duplicate"], [3]),
        ([2, 1, 3], [1, 2, 3], ["order"], [0]),
        ([1, 3, 2], [1, 2, 3], ["order"], [1]),
    ],
)
def test_the_scoreboard_names_what_happened(
    out: list[int], expected: list[int], names: list[str], indices: list[int]
) -> None:
    found = failures(seen(out), due(expected))
    assert [failure.check for failure in found] == names
    assert [failure.index for failure in found] == indices


def test_an_output_before_its_cause_is_extra_and_uses_nothing_up() -> None:
    found = failures(seen([5, 1, 2], cycles=[1, 4, 5]), due([1, 2], causes=[3, 4]))
    assert [(f.check, f.cycle, f.index) for f in found] == [("extra", 1, 0)]
    assert "before its cause" in found[0].message


@pytest.mark.parametrize("end", [End.LIMIT, End.HUNG, End.CRASHED, End.DEADLOCK])
def test_a_test_that_did_not_drain_may_deliver_a_prefix(end: End) -> None:
    assert {f.check for f in failures(seen([1]), due([1, 2]), end)} <= {str(end)}


def test_an_epoch_that_a_reset_ended_may_deliver_a_prefix_but_nothing_else() -> None:
    ok = failures(seen([1, 8], [1, 60], [0, 1]), due([1, 2, 8], [0, 0, 55], [0, 0, 1]), epochs=2)
    assert ok == ()
    (late,) = failures(seen([1, 2, 8], [1, 56, 60], [0, 1, 1]), due([1, 2, 8], [0, 0, 57], [0, 0, 1]), epochs=2)
    assert (late.check, late.cycle) == ("extra", 56)


def test_unknown_payloads_are_left_to_the_protocol_checks() -> None:
    out = replace(seen([0, 2]), unknown=np.array([True, False]))
    assert failures(out, due([1, 2])) == ()


def test_failures_are_bounded_and_sorted() -> None:
    found = failures(seen(range(40)), due(range(100, 140)))
    assert len(found) == MAX_FAILURES
    assert [f.cycle for f in found] == sorted(f.cycle or 0 for f in found)


def test_a_model_that_expects_the_impossible_is_told_so() -> None:
    with pytest.raises(ValueError, match="'nowhere'"):
        failures(seen([]), replace(due([1]), columns={"nowhere": np.array([1])}))


@given(st.lists(st.integers(0, 2), max_size=12), st.lists(st.integers(0, 2), max_size=12))
def test_only_equal_lists_pass(out: list[int], expected: list[int]) -> None:
    assert (failures(seen(out), due(expected)) == ()) == (out == expected)


def test_a_port_that_may_wait_is_no_deadlock_but_owed_outputs_are_still_missing() -> None:
    zero, one = np.zeros(9, np.int64), np.ones(9, np.int64)
    signals = {
        "in_valid": one, "in_ready": zero, "out_valid": zero, "out_ready": one, "out_data": zero, "out_tag": zero,
        "out_last": zero,
    }  # fmt: skip
    trace = Trace(9, End.DEADLOCK, signals, {}, np.zeros(9, np.bool_), zero, {"in": seen([]), "out": seen([])})
    assert [f.check for f in check(pipe(), trace, Observation({}, {}))] == ["deadlock"]
    assert [f.check for f in check(pipe(), trace, Observation({}, {}, frozenset({"other"})))] == ["deadlock"]
    assert check(pipe(), trace, Observation({}, {}, frozenset({"in"}))) == ()
    owed = check(pipe(), trace, Observation({"out": due([7])}, {}, frozenset({"in"})))
    assert [f.check for f in owed] == ["lost"]


def test_a_valid_that_falls_without_ready_is_unstable() -> None:
    low, high = np.zeros(6, np.int64), np.ones(6, np.int64)
    signals = {
        "in_valid": low, "in_ready": high, "out_valid": np.array([0, 1, 1, 0, 0, 0]), "out_ready": low,
        "out_data": low, "out_tag": low, "out_last": low,
    }  # fmt: skip
    trace = Trace(6, End.DRAINED, signals, {}, np.zeros(6, np.bool_), low, {"in": seen([]), "out": seen([])})
    (failure,) = check(pipe(), trace, Observation({}, {}))
    assert (failure.check, failure.port, failure.cycle, failure.field) == ("stable", "out", 3, "out_valid")
    # A reset is allowed to take it back.
    assert (
        check(pipe(), replace(trace, in_reset=np.array([False] * 3 + [True] + [False] * 2)), Observation({}, {})) == ()
    )


@given(st.lists(st.integers(0, 4), max_size=30).map(sorted))
def test_runs_of_an_ascending_column_are_what_numpy_finds(values: list[int]) -> None:
    column = np.array(values, np.int64)
    found = runs_of(column)
    expected = np.unique(column, return_index=True, return_counts=True)
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]

"""The heads of event tables that variants share: runs that ended a moment ago, what a run held, resets, what left."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dv_agent.designs.composition.port_history import streak
from dv_agent.designs.composition.stream_tables import (
    changes,
    distinct_in_run,
    left,
    recent,
    regimes,
    resets,
    wait_windows,
    with_what_was_cut,
)
from dv_agent.designs.packet_columns import complete_mask, find_packets
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace, Transfers

ROWS = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2)), max_size=30)


def columns(rows: list[tuple[bool, bool, int]]) -> tuple[BoolColumn, IntColumn, IntColumn]:
    epoch = np.cumsum([reset for reset, _, _ in rows], dtype=np.int64)
    return np.array([on for _, on, _ in rows], np.bool_), epoch, np.array([value for _, _, value in rows], np.int64)


def moves(cycles: list[int], epochs: list[int]) -> Transfers:
    column = np.array(epochs, np.int64)
    return Transfers(np.array(cycles, np.int64), column, {}, np.zeros(len(column), np.bool_))


@settings(max_examples=40)
@given(ROWS, st.integers(1, 4))
def test_the_greatest_of_the_entries_before_is_found_within_reach_and_not_across_a_reset(
    rows: list[tuple[bool, bool, int]], reach: int
) -> None:
    _, epoch, values = columns(rows)
    wanted = [
        max([int(values[old]) for old in range(max(row - reach, 0), row) if epoch[old] == epoch[row]], default=0)
        for row in range(len(rows))
    ]
    assert recent(values, epoch, reach).tolist() == wanted


@settings(max_examples=40)
@given(ROWS)
def test_a_run_is_asked_how_many_different_values_it_has_held_so_far(rows: list[tuple[bool, bool, int]]) -> None:
    mask, epoch, values = columns(rows)
    run = streak(mask, epoch)
    wanted = [len(set(values[row - size + 1 : row + 1].tolist())) for row, size in enumerate(run.tolist())]
    assert distinct_in_run(values, run).tolist() == wanted


def test_a_reset_tells_what_it_meets_and_one_in_the_first_cycle_meets_nothing() -> None:
    in_reset = np.zeros(20, np.bool_)
    in_reset[[0, 9, 14]] = True
    epoch = np.searchsorted([0, 9, 14], np.arange(20), side="right").astype(np.int64)
    trace = Trace(20, End.DRAINED, {}, {}, in_reset, epoch, {})
    found = resets(trace, moves([2, 5, 16], [1, 1, 3]), moves([7, 18], [1, 3]))
    assert found["begin"].tolist() == [9, 14]
    assert found["since_in"].tolist() == [4, -1]
    assert found["since_out"].tolist() == [2, -1]
    assert found["total"].tolist() == [2, 0]
    assert found["after"].tolist() == [0, 1]


def test_what_left_is_matched_with_what_was_owed_and_tells_how_long_it_waited() -> None:
    cycles = np.arange(10)
    signals = {"y_valid": (cycles >= 2).astype(np.int64), "y_ready": np.isin(cycles, [3, 7, 8]).astype(np.int64)}
    trace = Trace(10, End.DRAINED, signals, {}, np.zeros(10, np.bool_), np.zeros(10, np.int64), {})
    found = left(trace, "y", moves([3, 7, 8], [0, 0, 0]), np.zeros(2, np.int64))
    assert found.index.tolist() == [0, 1]
    assert found.columns["stall"].tolist() == [1, 3]
    assert found.columns["spacing"].tolist() == [3, 4]


def test_windows_count_transfers_and_waiting_of_both_streams() -> None:
    high, even = np.ones(8, np.int64), (np.arange(8) % 2 == 0).astype(np.int64)
    signals = {"in_valid": high, "in_ready": even, "y_valid": even, "y_ready": high}
    trace = Trace(8, End.DRAINED, signals, {}, np.zeros(8, np.bool_), np.zeros(8, np.int64), {})
    found = wait_windows(trace, 4, "in", "y")
    assert [found[name].tolist() for name in ("taken", "in_waits", "given", "out_waits")] == [
        [2, 2],
        [2, 2],
        [2, 2],
        [0, 0],
    ]


def test_a_regime_holds_a_moment_longer_than_it_lasts_and_one_that_follows_directly_tells_both() -> None:
    slow = np.array([1, 2, 3, 0, 0, 0, 0, 0, 1, 2, 3], np.int64)
    fast = np.array([0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0], np.int64)
    columns = {"epoch": np.zeros(11, np.int64), "slow": slow, "fast": fast}
    lasting = {"slow": (1, 3), "fast": (2, 4)}
    columns["regime"] = regimes(columns, lasting, 2)
    assert columns["regime"].tolist() == [0, 0, 1, 1, 1, 0, 0, 2, 2, 2, 1]
    assert changes(columns, lasting).tolist() == [0, 0, 0, 0, 0, 0, 0, 2 + 8 * 1, 0, 0, 1 + 8 * 2]


def test_what_a_reset_cut_is_put_in_front_of_the_packet_behind_it() -> None:
    last = np.array([0, 1, 0, 0, 0, 1, 1], np.int64)
    epoch = np.array([0, 0, 0, 0, 1, 1, 1], np.int64)
    accepted = Transfers(np.arange(7), epoch, {"x": np.arange(7) * 10, "last": last}, np.zeros(7, np.bool_))
    packets = find_packets(last[complete_mask(last, epoch)])
    joined = with_what_was_cut(accepted, packets, np.array([3]), np.array([2]), np.array([1]))
    assert joined.columns["x"].tolist() == [20, 30, 40, 50]
    assert joined.columns["last"].tolist() == [0, 0, 0, 1]
    assert len(with_what_was_cut(accepted, packets, *(np.zeros(0, np.int64) for _ in range(3)))) == 0

"""Neighbours that keep up with a design: how late they are, what a packet's beats share, runs and resets."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dv_agent.designs.composition.neighbours import (
    different,
    lags,
    restarts_of,
    runs,
    shared_value,
    stream_windows,
    unlike,
)
from dv_agent.designs.trace import End, Trace

ROWS = st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=30)


def columns(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Values, and an epoch that begins anew at each true."""
    values = np.array([value for value, _ in rows], np.int64)
    return values, np.cumsum([fresh for _, fresh in rows], dtype=np.int64)


def trace(valid: list[int], ready: list[int], reset: list[int]) -> Trace:
    signals = {"s_valid": np.array(valid, np.int64), "s_ready": np.array(ready, np.int64)}
    held = np.array(reset, np.bool_)
    epoch = np.cumsum(np.diff(held.astype(np.int64), prepend=0) == 1)
    return Trace(len(valid), End.DRAINED, signals, {}, held, epoch.astype(np.int64), {})


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_a_run_has_one_kind_in_one_epoch_and_knows_the_run_before_it(rows: list[tuple[int, bool]]) -> None:
    values, epoch = columns(rows)
    found = runs(values, epoch)
    every = different(values * 7, found.length)
    told = unlike(values, epoch, 2)
    length, before, length_before = 0, -1, 0
    for place, (value, stretch) in enumerate(zip(values.tolist(), epoch.tolist(), strict=True)):
        same_epoch = place > 0 and epoch[place - 1] == stretch
        if same_epoch and values[place - 1] == value:
            length += 1
        else:
            before, length_before = (int(values[place - 1]), length) if same_epoch else (-1, 0)
            length = 1
        assert (found.length[place], found.before[place], found.length_before[place]) == (length, before, length_before)
        assert every[place] == 1
        earlier = [int(values[k]) for k in range(max(place - 2, 0), place) if epoch[k] == stretch]
        assert told[place] == (value not in earlier)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=30))
def test_different_values_of_a_run_are_counted_up_to_each_entry(values: list[int]) -> None:
    length = np.arange(1, len(values) + 1, dtype=np.int64)
    found = different(np.array(values, np.int64), length).tolist()
    assert found == [len(set(values[: place + 1])) for place in range(len(values))]


def test_a_source_is_late_by_the_cycles_in_which_ready_waited_for_it_since_the_last_transfer_or_reset() -> None:
    seen = trace(
        valid=[0, 0, 1, 1, 1, 0, 0, 0, 1], ready=[1, 1, 1, 0, 1, 1, 1, 1, 1], reset=[0, 0, 0, 0, 0, 0, 1, 0, 0]
    )
    assert lags(seen, "s", np.array([2, 4, 8])).tolist() == [2, 0, 1]
    assert lags(seen, "other", np.array([2])).tolist() == [0]


def test_a_packet_has_a_value_only_if_all_its_entries_share_it() -> None:
    found = shared_value(np.array([2, 2, 0, 1, 4]), np.array([0, 0, 1, 1, 3]), 4)
    assert found.tolist() == [2, -1, -1, 4]


def test_windows_count_what_a_stream_moves_waits_and_idles() -> None:
    found = stream_windows(trace([1, 1, 0, 0, 1, 1], [1, 0, 1, 0, 1, 1], [0] * 6), 3, ("s",))
    assert [found[f"s_{name}"].tolist() for name in ("moves", "waits", "idles")] == [[1, 2], [1, 0], [1, 0]]
    assert stream_windows(trace([1] * 6, [1] * 6, [0] * 6), 3, ("other",))["cycle"].tolist() == []


def test_a_reset_knows_what_came_last_before_it_and_first_behind_it() -> None:
    found = restarts_of(trace([1] * 8, [1] * 8, [0, 0, 1, 0, 0, 1, 1, 0]))
    assert (found.begin.tolist(), found.old.tolist(), found.new.tolist()) == ([2, 5], [0, 1], [1, 2])
    events = np.array([0, 0, 2, 2, 2])
    assert found.last_before(events).tolist() == [1, -1]
    assert found.first_behind(events).tolist() == [-1, 2]
    assert found.count_behind(events).tolist() == [0, 3]
    assert found.last_before(np.zeros(0, np.int64)).tolist() == [-1, -1]

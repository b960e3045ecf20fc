"""What models share about packets means what a walk over the transfers, one by one, finds."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from model_traces import transfers

from dv_agent.designs.bits import bit_length
from dv_agent.designs.packet_columns import (
    NONE,
    begins_epoch,
    begins_packet,
    complete_mask,
    count_up,
    find_packets,
    gap_columns,
    idle_before,
    partial_table,
    places,
    previous,
    select,
)
from dv_agent.designs.trace import IntColumn, Transfers

BEATS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 1), st.sampled_from([0, 0, 0, 1, 2])), max_size=30)
"""(cycles since the beat before, last, resets since the beat before)"""


def column(values: list[int]) -> IntColumn:
    return np.array(values, np.int64)


def accepted(beats: list[tuple[int, int, int]]) -> Transfers:
    cycle = epoch = 0
    events = []
    for index, (step, last, resets) in enumerate(beats):
        cycle, epoch = cycle + step, epoch + resets
        events.append((cycle, epoch, {"last": last, "x": [index, -index]}))
    return transfers(events, {"last": 1, "x": 2})


def walk(stream: Transfers) -> tuple[list[list[int]], list[list[int]]]:
    """Indices of the beats of each complete packet, and of each that was never ended."""
    complete: list[list[int]] = []
    partial: list[list[int]] = []
    current: list[int] = []
    for index, (epoch, last) in enumerate(zip(stream.epoch.tolist(), stream.columns["last"].tolist(), strict=True)):
        if current and stream.epoch[current[0]] != epoch:
            partial.append(current)
            current = []
        current.append(index)
        if last:
            complete.append(current)
            current = []
    return complete, [*partial, *([current] if current else [])]


@given(BEATS)
def test_packets_begin_after_an_end_or_a_reset_and_are_complete_if_their_own_epoch_ends_them(
    beats: list[tuple[int, int, int]],
) -> None:
    stream = accepted(beats)
    last, epoch = stream.columns["last"], stream.epoch
    complete, partial = walk(stream)
    packets = sorted(complete + partial)
    assert np.flatnonzero(begins_packet(last, epoch)).tolist() == [packet[0] for packet in packets]
    assert places(last, epoch).tolist() == [place for packet in packets for place in range(len(packet))]
    assert np.flatnonzero(complete_mask(last, epoch)).tolist() == [index for packet in complete for index in packet]


@given(BEATS)
def test_the_packets_of_selected_transfers_are_the_complete_ones(beats: list[tuple[int, int, int]]) -> None:
    stream = accepted(beats)
    complete, _ = walk(stream)
    kept = select(stream, complete_mask(stream.columns["last"], stream.epoch))
    packets = find_packets(kept.columns["last"])
    # Lane 0 of x is the index of the beat in the whole stream.
    index = kept.columns["x"][:, 0]
    assert kept.columns["x"].shape == (len(kept), 2)
    assert kept.cycle.tolist() == stream.cycle[index].tolist()
    assert kept.epoch.tolist() == stream.epoch[index].tolist()
    assert packets.length.tolist() == [len(packet) for packet in complete]
    assert index[packets.start].tolist() == [packet[0] for packet in complete]
    assert index[packets.end].tolist() == [packet[-1] for packet in complete]
    assert packets.of_beat.tolist() == [number for number, packet in enumerate(complete) for _ in packet]
    assert packets.position.tolist() == [place for packet in complete for place in range(len(packet))]
    assert packets.fold(np.add, index).tolist() == [sum(packet) for packet in complete]
    assert packets.fold(np.minimum, kept.columns["x"]).tolist() == [-packet[-1] for packet in complete]


@given(BEATS)
def test_what_came_before_never_reaches_over_a_reset(beats: list[tuple[int, int, int]]) -> None:
    stream = accepted(beats)
    cycle, epoch = stream.cycle.tolist(), stream.epoch.tolist()
    same = [index > 0 and epoch[index] == epoch[index - 1] for index in range(len(stream))]
    assert begins_epoch(stream.epoch).tolist() == [not one for one in same]
    assert previous(stream.cycle, stream.epoch, -7).tolist() == [
        cycle[index - 1] if one else -7 for index, one in enumerate(same)
    ]
    assert idle_before(stream.cycle, stream.epoch).tolist() == [
        cycle[index] - cycle[index - 1] - 1 if one else NONE for index, one in enumerate(same)
    ]


@given(BEATS)
def test_gaps_of_packets_lie_before_them_and_within_them(beats: list[tuple[int, int, int]]) -> None:
    stream = accepted(beats)
    kept = select(stream, complete_mask(stream.columns["last"], stream.epoch))
    packets = find_packets(kept.columns["last"])
    gaps = gap_columns(kept.cycle, kept.epoch, packets)
    before, longest = [], []
    for start, end in zip(packets.start.tolist(), packets.end.tolist(), strict=True):
        cycles = kept.cycle[start : end + 1].tolist()
        longest.append(max((b - a - 1 for a, b in itertools.pairwise(cycles)), default=0))
        first = start == 0 or kept.epoch[start - 1] != kept.epoch[start]
        before.append(NONE if first else cycles[0] - int(kept.cycle[start - 1]) - 1)
    assert gaps["gap_before"].tolist() == before
    assert gaps["longest_gap"].tolist() == longest


@given(BEATS, st.integers(0, 2))
def test_a_packet_that_never_ended_is_cut_only_if_a_reset_came_after_it(
    beats: list[tuple[int, int, int]], resets: int
) -> None:
    stream = accepted(beats)
    _, partial = walk(stream)
    final = int(stream.epoch.max(initial=0)) + resets
    table = partial_table(stream, complete_mask(stream.columns["last"], stream.epoch), column([0, final]))
    assert table.columns["cycle"].tolist() == [int(stream.cycle[packet[-1]]) for packet in partial]
    assert table.columns["epoch"].tolist() == [int(stream.epoch[packet[0]]) for packet in partial]
    assert table.columns["beats"].tolist() == [len(packet) for packet in partial]
    assert table.columns["cut"].tolist() == [int(stream.epoch[packet[0]] < final) for packet in partial]


def test_a_trace_without_cycles_or_transfers_has_empty_columns() -> None:
    stream = accepted([])
    last, epoch = stream.columns["last"], stream.epoch
    packets = find_packets(last)
    assert len(packets.fold(np.add, epoch)) == len(places(last, epoch)) == len(idle_before(epoch, epoch)) == 0
    assert len(partial_table(stream, complete_mask(last, epoch), column([]))) == 0


@given(st.lists(st.integers(0, 9), max_size=20))
def test_counting_up_starts_anew_for_each_count(counts: list[int]) -> None:
    assert count_up(column(counts)).tolist() == [place for count in counts for place in range(count)]


@given(st.lists(st.integers(0, 2**53), max_size=20))
def test_bit_length_is_that_of_python(values: list[int]) -> None:
    assert bit_length(column(values)).tolist() == [value.bit_length() for value in values]
    assert bit_length(column([0, 2**53 - 1, 2**53])).tolist() == [0, 53, 54]

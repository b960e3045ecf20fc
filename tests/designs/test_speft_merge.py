"""The reference model of speft_merge against a second reading of spec.md, along the list instead of the blocks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_traces import Event, trace, transfers

from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import Observation

Entry = tuple[int, int, int]
"""(index, value, kind)"""
Tile = list[list[int]]
"""Blocks of four weights."""
Pair = tuple[Tile, list[Entry]]
Block = tuple[list[int], int, int, int, int]
"""(weights, hits, clipped, dropped, last)"""

BYTES = st.one_of(st.integers(-128, 127), st.sampled_from([-128, 127]))
ENTRIES = st.tuples(st.one_of(st.integers(0, 63), st.integers(0, 9)), BYTES, st.sampled_from([0, 0, 0, 1, 2]))
LISTS = st.lists(ENTRIES, min_size=1, max_size=20).flatmap(lambda one: st.sampled_from([one, sorted(one)]))
TILES = st.lists(st.lists(BYTES, min_size=4, max_size=4), min_size=1, max_size=16)
EPOCHS = st.lists(st.lists(st.tuples(TILES, LISTS), max_size=4), min_size=1, max_size=2)


def observe(epochs: list[list[Pair]], lag: int = 0, cut: int = 0) -> Observation:
    """Accept all tiles and all lists of each reset epoch, a beat in a cycle each; a reset takes one cycle.

    Args:
        lag: cycles by which the lists come later (or the tiles, if negative); cut: entries at the end that do not come.
    """
    blocks: list[Event] = []
    entries: list[Event] = []
    of_cycle: list[int] = []
    for epoch, pairs in enumerate(epochs):
        start = len(of_cycle) + 1
        all_blocks = [(x, int(at == len(tile) - 1)) for tile, _ in pairs for at, x in enumerate(tile)]
        all_entries = [(*one, int(at == len(list_) - 1)) for _, list_ in pairs for at, one in enumerate(list_)]
        all_entries = all_entries[: len(all_entries) - cut]
        blocks += [
            (start + at + max(0, -lag), epoch, {"x": x, "last": last}) for at, (x, last) in enumerate(all_blocks)
        ]
        entries += [
            (start + at + max(0, lag), epoch, {"index": index, "value": value, "kind": kind, "last": last})
            for at, (index, value, kind, last) in enumerate(all_entries)
        ]
        of_cycle += [epoch] * (2 + abs(lag) + max(len(all_blocks), len(all_entries)))
    w = transfers(blocks, {"x": 4, "last": 1})
    d = transfers(entries, dict.fromkeys(("index", "value", "kind", "last"), 1))
    return find_design("speft_merge").model.observe(trace(len(of_cycle), of_cycle, w=w, d=d))


def seen(found: Observation) -> list[Block]:
    columns = found.expected["out"].columns
    return list(zip(*(columns[name].tolist() for name in ("x", "hits", "clipped", "dropped", "last")), strict=True))


def naive(tile: Tile, entries: list[Entry]) -> list[Block]:
    """Section 3 for one tile: each entry moves on to its own block, or is dropped."""
    final, now, lanes = len(tile) - 1, 0, {0, 1, 2, 3}
    result, hits, clipped = [list(x) for x in tile], [0] * len(tile), [0] * len(tile)
    dropped_in = [0] * len(tile)
    for index, value, kind in entries:
        if kind > 1:
            continue
        block, lane = divmod(index, 4)
        before, now = now, min(max(now, block), final)
        if block < before or block > final:
            dropped_in[now] += 1
        elif kind == 1:
            lanes = {lane for lane in range(4) if value >> lane & 1}
        elif lane in lanes:
            total = result[now][lane] + value
            result[now][lane] = sorted((-128, total, 127))[1]
            hits[now] |= 1 << lane
            clipped[now] |= int(total not in range(-128, 128)) << lane
    counts = [min(31, sum(dropped_in[: at + 1])) for at in range(len(tile))]
    last = [0] * final + [1]
    return list(zip(result, hits, clipped, counts, last, strict=True))


@settings(max_examples=50)
@given(EPOCHS)
def test_the_model_reads_the_specification_as_we_do(epochs: list[list[Pair]]) -> None:
    found = observe(epochs)
    assert seen(found) == [block for pairs in epochs for pair in pairs for block in naive(*pair)]
    assert found.may_wait == {"d"}


@settings(max_examples=15)
@given(EPOCHS, st.integers(-40, 40))
def test_no_value_depends_on_which_stream_comes_first(epochs: list[list[Pair]], lag: int) -> None:
    assert seen(observe(epochs, lag)) == seen(observe(epochs))


@settings(max_examples=50)
@given(TILES, LISTS, st.integers(1, 20))
def test_a_block_leaves_as_soon_as_the_entries_that_came_decide_it(tile: Tile, entries: list[Entry], cut: int) -> None:
    cut = min(cut, len(entries))
    found = observe([[(tile, entries)]], cut=cut)
    whole = naive(tile, entries)
    assert seen(found) == whole[: len(seen(found))]
    came = entries[: len(entries) - cut]
    reached = max((index // 4 for index, _, kind in came if kind < 2), default=0)
    assert len(seen(found)) == min(reached, len(tile) - 1)
    assert found.may_wait == {"w"}


@pytest.mark.parametrize(
    ("tile", "entries", "last"),
    [
        ([[100, 0, 0, 0]], [(0, 100, 0), (0, -100, 0)], ([27, 0, 0, 0], 1, 1, 0, 1)),  # saturates one after the other
        ([[5, 0, 0, 0]], [(0, 0, 0)], ([5, 0, 0, 0], 1, 0, 0, 1)),  # a value of 0 is an update
        ([[5, 0, 0, 0]], [(0, 14, 1), (0, 9, 0)], ([5, 0, 0, 0], 0, 0, 0, 1)),  # a masked one is not
        ([[0] * 4] * 2, [(4, 1, 0), (0, 0, 1), (5, 1, 0)], ([1, 1, 0, 0], 3, 0, 1, 1)),  # a late mask
        ([[0] * 4], [(63, 1, 0), (0, 1, 0)], ([1, 0, 0, 0], 1, 0, 1, 1)),  # beyond a tile of one block
        ([[0] * 4] * 16, [(63, 1, 0), (0, 1, 0)], ([0, 0, 0, 1], 8, 0, 1, 1)),
        ([[0] * 4] * 3, [(0, 0, 3)], ([0, 0, 0, 0], 0, 0, 0, 1)),  # an empty list
        ([[0] * 4], [(9, 0, 0)] * 40, ([0, 0, 0, 0], 0, 0, 31, 1)),
    ],
)
def test_corner_cases_of_section_6(tile: Tile, entries: list[Entry], last: Block) -> None:
    assert seen(observe([[(tile, entries)]]))[-1] == last


def test_a_reset_drops_the_tile_its_list_and_its_mask() -> None:
    found = observe([[([[1] * 4] * 2, [(0, 0, 1), (0, 1, 0)])], [([[1] * 4], [(0, 1, 0)])]], cut=0)
    assert seen(found)[-1] == ([2, 1, 1, 1], 1, 0, 0, 1)
    assert found.tables["entry"].columns["old_mask"].tolist() == [15, 0, 15]


def test_a_trace_without_beats_owes_nothing() -> None:
    found = observe([[], []])
    assert len(found.expected["out"]) == 0
    assert all(len(table) == 0 for table in found.tables.values())

"""Rows that are recorded as bits in words come back as the text that cocotb records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from native_equality import strict_native
from runner_fixtures import beats, pipe, program

from dv_agent.designs.trace import End, Trace
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.cocotb.row_forms import PackedRows, TextRows
from dv_agent.runners.recording.simulator import RecordingStore
from dv_agent.runners.simulator import Recorded, Run

PLAYED = program(in_=beats(1, 2, 3))


@st.composite
def samples(draw: st.DrawFn) -> tuple[int, list[int]]:
    width = draw(st.integers(1, 200))
    return width, draw(st.lists(st.integers(0, (1 << width) - 1), max_size=5))


@given(samples())
def test_packed_rows_are_the_text_of_their_bits(drawn: tuple[int, list[int]]) -> None:
    width, values = drawn
    packed, text = PackedRows(width), TextRows(width)
    recorded = b"".join(value.to_bytes(packed.size, "little") for value in values)
    written = "".join(format(value, f"0{width}b") for value in values).encode()
    assert packed.text(recorded) == text.text(written) == written
    assert packed.size % 4 == 0
    assert text.size == width


def test_a_recording_that_was_large_or_small_before_changes_nothing() -> None:
    """A small one stays for the next test, a large one does not."""
    large = replace(PLAYED, max_cycles=3_000_000)
    with strict_native().open(pipe()) as session:
        rows = [session.run(one).rows for one in (PLAYED, large, PLAYED, replace(PLAYED, max_cycles=5), large, PLAYED)]
    assert rows[0] == rows[1] == rows[2] == rows[4] == rows[5]
    assert rows[0].startswith(rows[3])
    assert len(rows[3]) < len(rows[0])


def test_rows_in_words_are_kept_as_they_are_and_compare_as_those_that_were_text() -> None:
    width = layout_of(pipe()).sample_width
    none = np.zeros(0, dtype=np.int64)
    trace = Trace(4, End.DRAINED, {}, {}, none > 0, none, {})
    values = [3, (1 << width) - 1, 0, 5 << 2]
    words = b"".join(value.to_bytes(PackedRows(width).size, "little") for value in values)
    text = PackedRows(width).text(words)
    found = []
    for recorded in (Recorded(PackedRows(width), words), Recorded(TextRows(width), text)):
        store = RecordingStore()
        store.put(pipe(), PLAYED, Run(trace, recorded=recorded))
        found.append(store.get(PLAYED))
        assert store.get(replace(PLAYED, max_cycles=1)) is None
    assert found[0] == found[1]
    assert found[0] is not None
    assert found[0].count == 4

"""Sampled bits become the numbers that they spell, whatever words they lie across, and text and words say the same."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.runners.cocotb.row_forms import PackedRows
from dv_agent.runners.recording.sampled_bits import SampledSignals, Samples, from_text, from_words

Rows = tuple[list[str], int, int]


@st.composite
def rows_with_a_signal(draw: st.DrawFn) -> Rows:
    """Rows of bits as text, and the first index and width of one signal in them."""
    width = draw(st.integers(1, 300))
    rows = draw(st.lists(st.text("01", min_size=width, max_size=width), max_size=4))
    first = draw(st.integers(0, width - 1))
    return rows, first, draw(st.integers(1, width - first))


def both_forms(rows: list[str], width: int) -> tuple[Samples, Samples]:
    packed = b"".join(int(row, 2).to_bytes(PackedRows(width).size, "little") for row in rows)
    return from_text("".join(rows).encode(), width), from_words(packed, width)


def spelled(row: str, first: int, width: int) -> int | list[int]:
    """The number as `Trace.signals` holds it: in words of 32 bits from 64 bits on."""
    number = int(row[first : first + width], 2)
    return number if width < 64 else [number >> low & 0xFFFF_FFFF for low in range(0, width, 32)]


@given(rows_with_a_signal())
@example((["1" * 300], 3, 290))
@example((["01" * 60], 7, 63))
def test_a_signal_is_the_number_that_its_bits_spell(drawn: Rows) -> None:
    rows, first, width = drawn
    for samples in both_forms(rows, len(rows[0]) if rows else 300):
        signals = SampledSignals(samples, {"x": (first, width)})
        assert signals["x"].tolist() == [spelled(row, first, width) for row in rows]
        assert signals["x"] is signals["x"]
        assert samples.bit(first).tolist() == [row[first] == "1" for row in rows]


@given(rows_with_a_signal(), st.integers(1, 64), st.booleans(), st.data())
def test_the_lanes_of_a_field_are_cut_from_the_lowest_bits_up(
    drawn: Rows, width: int, signed: bool, data: st.DataObject
) -> None:
    rows, first, room = drawn
    width = min(width, room)
    lanes = data.draw(st.integers(1, min(64, room // width)))
    taken = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=3)) if rows else []
    spec = FieldSpec(signal="x", width=width, lanes=lanes, signed=signed)

    def lane(row: str, number: int) -> int:
        value = int(row[first : first + spec.bits], 2) >> (number * width) & ((1 << width) - 1)
        return value - (1 << width) if value > min(spec.high, (1 << 63) - 1) else value

    for samples in both_forms(rows, len(rows[0]) if rows else 300):
        found = samples.field(first, spec, np.array(sorted(taken), np.int64)).tolist()
        lists = [[lane(rows[row], number) for number in range(lanes)] for row in sorted(taken)]
        assert found == (lists if lanes > 1 else [one[0] for one in lists])


def test_x_and_z_read_as_0_and_are_told() -> None:
    samples = from_text(b"1x0z" + b"1100", 4)
    assert samples.values(0, 4).tolist() == [8, 12]
    assert samples.strange is not None
    assert samples.strange.tolist() == [[False, True, False, True], [False] * 4]
    assert from_text(b"1010", 4).strange is None

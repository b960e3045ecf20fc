"""Decoding the rows that the simulator process recorded to a `Trace`, vectorised."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace, Transfers
from dv_agent.runners.build.wrappers.layout import Layout

_ZERO, _ONE = ord("0"), ord("1")
_WORD = 32


def decode(design: Design, layout: Layout, rows: bytes, end: End, message: str = "") -> Trace:
    """Decode the trace in `rows`.

    Args:
        rows: consecutive samples, each `layout.sample_width` characters of ``01xz``, most
            significant bit first.
    """
    width = layout.sample_width
    cycles = len(rows) // width
    text = np.frombuffer(rows, dtype=np.uint8, count=cycles * width).reshape(cycles, width)
    pins = _Pins(text, layout.sample)
    in_reset = np.zeros(cycles, np.bool_)
    if design.reset:
        reset = pins.is_one(design.reset.signal)
        in_reset = reset if design.reset.active == "high" else ~reset
    begins = in_reset & ~np.concatenate([np.zeros(1, np.bool_), in_reset[:-1]])[:cycles]
    epoch = np.cumsum(begins, dtype=np.int64)
    edges: dict[str, BoolColumn] = {clock: text[:, place] == _ONE for clock, place in layout.rises.items()}
    accepted = {}
    for one in design.streams:
        fires = _fires(pins, one) & ~in_reset
        if edges:
            fires &= edges[design.clock_of(one.port)]
        accepted[one.key] = _transfers(pins, np.flatnonzero(fires), epoch, one)
    signals = pins.values()
    for name, port in design.ports.items():
        accepted |= port.views(name, accepted, signals)
    return Trace(cycles, end, signals, pins.unknown, in_reset, epoch, accepted, message, edges)


class _Pins:
    """The samples as bits, by signal."""

    def __init__(self, text: NDArray[np.uint8], places: Mapping[str, tuple[int, int]]) -> None:
        self._places = places
        self._ones = text == _ONE
        self._strange = ~self._ones & (text != _ZERO)
        self.unknown: dict[str, BoolColumn] = {}
        if self._strange.any():
            for signal, (first, width) in places.items():
                mask = self._strange[:, first : first + width].any(axis=1)
                if mask.any():
                    self.unknown[signal] = mask

    def is_one(self, signal: str) -> BoolColumn:
        """Return bool[cycles] of a one-bit signal."""
        column: BoolColumn = self._ones[:, self._places[signal][0]]
        return column

    def bits(self, signal: str, rows: IntColumn | slice) -> BoolColumn:
        """Return bool[rows, width], least significant bit first."""
        first, width = self._places[signal]
        bits: BoolColumn = self._ones[rows, first : first + width][:, ::-1]
        return bits

    def values(self) -> dict[str, IntColumn]:
        """Return every signal in the form of `Trace.signals`."""
        result: dict[str, IntColumn] = {}
        for signal, (_, width) in self._places.items():
            bits = self.bits(signal, slice(None))
            if width < 64:
                result[signal] = _number(bits)
            else:
                words = [_number(bits[:, low : low + _WORD]) for low in range(0, width, _WORD)]
                result[signal] = np.stack(words, axis=1)
        return result


def _number(bits: BoolColumn) -> IntColumn:
    """Return int64[n] from bool[n, width <= 64], least significant bit first; bit 63 is the sign."""
    width = bits.shape[1]
    if width == 1:
        return bits[:, 0].astype(np.int64)
    octets = np.packbits(bits, axis=1, bitorder="little")
    full = np.zeros((len(bits), 8), dtype=np.uint8)
    full[:, : octets.shape[1]] = octets
    return full.view("<i8")[:, 0].astype(np.int64)


def field_values(bits: BoolColumn, spec: FieldSpec) -> IntColumn:
    """Return int64[n], or int64[n, lanes] if `spec` has lanes, from bool[n, bits of the signal]."""
    lanes = [_number(bits[:, lane * spec.width : (lane + 1) * spec.width]) for lane in range(spec.lanes)]
    values = lanes[0] if spec.lanes == 1 else np.stack(lanes, axis=1)
    if spec.signed and spec.width < 64:
        values = np.where(values > spec.high, values - (1 << spec.width), values)
    return values


def _fires(pins: _Pins, stream: Stream) -> BoolColumn:
    valid = pins.is_one(stream.valid)
    return valid if stream.ready is None else valid & pins.is_one(stream.ready)


def _transfers(pins: _Pins, cycles: IntColumn, epoch: IntColumn, stream: Stream) -> Transfers:
    fields, last = {**stream.fields, **stream.returns}, stream.last
    columns = {name: field_values(pins.bits(spec.signal, cycles), spec) for name, spec in fields.items()}
    if last is not None:
        columns["last"] = pins.is_one(last)[cycles].astype(np.int64)
    unknown = np.zeros(len(cycles), dtype=np.bool_)
    for signal in [spec.signal for spec in fields.values()] + ([last] if last else []):
        if signal in pins.unknown:
            unknown |= pins.unknown[signal][cycles]
    return Transfers(cycles.astype(np.int64), epoch[cycles], columns, unknown)

"""Decoding the rows that the simulator process recorded to a `Trace`, vectorised."""

from __future__ import annotations

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace, Transfers
from dv_agent.runners.build.wrappers.layout import Layout
from dv_agent.runners.recording.sampled_bits import SampledSignals, Samples, with_sign


def decode(design: Design, layout: Layout, samples: Samples, end: End, message: str = "") -> Trace:
    """Decode the trace in `samples`."""
    cycles = samples.cycles
    pins = _Pins(samples, layout)
    in_reset = np.zeros(cycles, np.bool_)
    if design.reset:
        reset = pins.is_one(design.reset.signal)
        in_reset = reset if design.reset.active == "high" else ~reset
    begins = in_reset.copy()
    begins[1:] &= ~in_reset[:-1]
    epoch = np.cumsum(begins, dtype=np.int64)
    edges: dict[str, BoolColumn] = {clock: samples.bit(place) for clock, place in layout.rises.items()}
    accepted = {}
    for one in design.streams:
        fires = pins.fires(one) & ~in_reset
        if edges:
            fires = fires & edges[design.clock_of(one.port)]
        accepted[one.key] = pins.transfers(np.flatnonzero(fires), epoch, one)
    for name, port in design.ports.items():
        accepted |= port.views(name, accepted, pins.signals)
    return Trace(cycles, end, pins.signals, pins.unknown, in_reset, epoch, accepted, message, edges)


class _Pins:
    """The samples by signal.

    Attributes:
        signals, unknown: see `Trace`.
    """

    def __init__(self, samples: Samples, layout: Layout) -> None:
        self._samples, self._places = samples, layout.sample
        self.signals = SampledSignals(samples, layout.sample)
        self.unknown: dict[str, BoolColumn] = {}
        if samples.strange is not None:
            for signal, (first, width) in layout.sample.items():
                mask = np.asarray(samples.strange[:, first : first + width].any(axis=1), np.bool_)
                if mask.any():
                    self.unknown[signal] = mask

    def is_one(self, signal: str) -> BoolColumn:
        """Return bool[cycles] of a one-bit signal."""
        return self._samples.bit(self._places[signal][0])

    def fires(self, stream: Stream) -> BoolColumn:
        """Return bool[cycles], whether a stream transfers, reset and clock aside."""
        valid = self.is_one(stream.valid)
        return valid if stream.ready is None else np.asarray(valid & self.is_one(stream.ready))

    def transfers(self, cycles: IntColumn, epoch: IntColumn, stream: Stream) -> Transfers:
        """Return the transfers of a stream in these cycles. Args: epoch: int64[all cycles]."""
        fields, last = {**stream.fields, **stream.returns}, stream.last
        columns = {name: self._field(spec, cycles) for name, spec in fields.items()}
        if last is not None:
            columns["last"] = self.is_one(last)[cycles].astype(np.int64)
        unknown = np.zeros(len(cycles), np.bool_)
        if self.unknown:
            for signal in [spec.signal for spec in fields.values()] + ([last] if last else []):
                if signal in self.unknown:
                    unknown |= self.unknown[signal][cycles]
        return Transfers(cycles, epoch[cycles], columns, unknown)

    def _field(self, spec: FieldSpec, cycles: IntColumn) -> IntColumn:
        if spec.bits < 64 and spec.lanes == 1:  # the checks read the whole signal too
            return with_sign(self.signals[spec.signal][cycles], spec)
        return self._samples.field(self._places[spec.signal][0], spec, cycles)

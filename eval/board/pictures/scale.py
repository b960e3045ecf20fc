"""A linear or logarithmic axis of a chart: maps values to pixels and places its ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dv_agent.eval.report.pictures.line_chart import Tick
from dv_agent.eval.report.pictures.ticks import ticks

_UNITS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8), tuple(part / 20 for part in range(20, 200)))
_ENOUGH, _MOST = 3, 7


@dataclass(frozen=True, slots=True)
class Scale:
    """Map from values in `low` to `high` to pixels in `start` to `stop`; values outside are clamped to the ends.

    Attributes:
        log: logarithmic scale; `low` must then be above 0.
    """

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the pixel position of `value`."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low) if self.high > self.low else 0.0
        else:
            share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return round(self.start + (self.stop - self.start) * share, 2)

    def ticks(self, prefix: str = "") -> tuple[Tick, ...]:
        """Return ticks at round numbers: on a log scale powers of ten, and 2 and 5 times them where there is room;
        else equal steps.
        """
        places = _ratios(self.low, self.high) if self.log else _steps(self.low, self.high)
        return tuple(Tick(self.at(place), prefix + short(place)) for place in places)


def short(value: float) -> str:
    """Return a short tick label, such as ``200k``, ``1.5M``, ``0.02``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _ratios(low: float, high: float) -> tuple[float, ...]:
    """Return the fewest round numbers that make at least three ticks: for wide ranges, powers of ten only."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    places: tuple[float, ...] = ()
    for units in _UNITS:
        every = [unit * 10.0**power for power in range(first, last + 1) for unit in units]
        places = tuple(place for place in every if low <= place * 1.000001 and place <= high * 1.000001)
        if len(places) >= _ENOUGH:
            break
    return places[:: math.ceil(len(places) / _MOST)]


def _steps(low: float, high: float) -> tuple[float, ...]:
    """Return equal steps from 0 as in the report, or cut to the range; a range below 5 needs fractional steps."""
    if high - low >= 5:
        return tuple(place for place in ticks(high) if place >= low)
    step = (high - low) / 4
    return tuple(low + step * place for place in range(5)) if step else (low,)

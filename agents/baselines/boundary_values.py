"""Values for a directed sweep: which values of a range to try, and what the other fields hold meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dv_agent.designs.ports.field_spec import FieldSpec

_STRIDE = 37  # coprime to every power of two, so that steps of it visit every value


def spread(low: int, high: int, most: int) -> list[int]:
    """Return all integers of ``low..high``, or `most` of them at even distances including both ends."""
    if high - low < most:
        return list(range(low, high + 1))
    return sorted({low + (high - low) * place // (most - 1) for place in range(most)})


def walk(spec: FieldSpec, most: int) -> list[int]:
    """Return all values of a field; with more than `most`, evenly spaced values, powers of two and corner values."""
    low, high = spec.low, spec.high
    if high - low < most:
        return list(range(low, high + 1))
    powers = [sign * (1 << bit) for bit in range(spec.width) for sign in (1, -1)] if most > spec.width else []
    corners = [low, low + 1, -1, 0, 1, high - 1, high]
    return sorted({value for value in [*spread(low, high, most), *powers, *corners] if low <= value <= high})


def backgrounds(fields: Mapping[str, FieldSpec]) -> tuple[dict[str, int], ...]:
    """Return three settings of all fields: near zero, all high, all low."""
    return (
        {name: min(max(spec.low, 1), spec.high) for name, spec in fields.items()},
        {name: spec.high for name, spec in fields.items()},
        {name: spec.low for name, spec in fields.items()},
    )


def packet(fields: Mapping[str, FieldSpec], number: int) -> dict[str, Any]:
    """Return the fields of beat `number` of a fixed load: every lane steps through its range with a stride."""
    beat: dict[str, Any] = {}
    for place, (name, spec) in enumerate(fields.items()):
        span = spec.high - spec.low + 1
        lanes = [spec.low + (number * _STRIDE + 11 * lane + 5 * place) % span for lane in range(spec.lanes)]
        beat[name] = lanes if spec.lanes > 1 else lanes[0]
    return beat

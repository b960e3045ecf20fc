"""The values of a loop script: which ones of a range, and what stands in the fields that a loop is not about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dv_agent.designs.ports.field_spec import FieldSpec

_STRIDE = 37  # coprime to every power of two, so that steps of it visit every value


def spread(low: int, high: int, most: int) -> list[int]:
    """All integers of ``low..high``, or `most` of them at even distances, both ends included."""
    if high - low < most:
        return list(range(low, high + 1))
    return sorted({low + (high - low) * place // (most - 1) for place in range(most)})


def walk(spec: FieldSpec, most: int) -> list[int]:
    """All values of a field; of one with more than `most`, even steps, powers of two and the corners."""
    low, high = spec.low, spec.high
    if high - low < most:
        return list(range(low, high + 1))
    powers = [sign * (1 << bit) for bit in range(spec.width) for sign in (1, -1)] if most > spec.width else []
    corners = [low, low + 1, -1, 0, 1, high - 1, high]
    return sorted({value for value in [*spread(low, high, most), *powers, *corners] if low <= value <= high})


def backgrounds(fields: Mapping[str, FieldSpec]) -> tuple[dict[str, int], ...]:
    """Three settings of all fields: near zero, all high, all low."""
    return (
        {name: min(max(spec.low, 1), spec.high) for name, spec in fields.items()},
        {name: spec.high for name, spec in fields.items()},
        {name: spec.low for name, spec in fields.items()},
    )


def packet(fields: Mapping[str, FieldSpec], number: int) -> dict[str, Any]:
    """The fields of beat `number` of a fixed load: every lane walks through its range in strides."""
    beat: dict[str, Any] = {}
    for place, (name, spec) in enumerate(fields.items()):
        span = spec.high - spec.low + 1
        lanes = [spec.low + (number * _STRIDE + 11 * lane + 5 * place) % span for lane in range(spec.lanes)]
        beat[name] = lanes if spec.lanes > 1 else lanes[0]
    return beat

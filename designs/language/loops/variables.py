"""The values of the loop variables of a sweep, as a test writes them."""

from __future__ import annotations

from typing import Any

from dv_agent.designs.language.stimulus import Location, StimulusError
from dv_agent.designs.language.values import integer

MAX_LOOP_VALUES = 65_536
MAX_VARIABLES = 4


def loop_values(data: Any, where: Location) -> dict[str, range | list[int]]:
    """Return the values of each loop variable of ``{"for": {"i": [0, 7], "j": {"values": [1, 3]}}}``.

    Ranges are inclusive; ``{"range": [0, 100], "step": 10}`` has a step.

    Raises:
        StimulusError: no variable, too many, a bad name, or an empty or too long range.
    """
    if not isinstance(data, dict) or not 1 <= len(data) <= MAX_VARIABLES:
        raise StimulusError(where, f'expected 1 to {MAX_VARIABLES} variables, such as {{"i": [0, 7]}}')
    return {str(name): _values(name, spec, (*where, str(name)[:40])) for name, spec in data.items()}


def _values(name: Any, spec: Any, where: Location) -> range | list[int]:
    if not str(name).isidentifier() or len(str(name)) > 32:
        raise StimulusError(where, "a loop variable is a short name such as i")
    if isinstance(spec, dict) and set(spec) == {"values"} and isinstance(spec["values"], list) and spec["values"]:
        values = spec["values"]
        if len(values) > MAX_LOOP_VALUES:
            raise StimulusError(where, f"more than {MAX_LOOP_VALUES} values")
        return [integer(value, {}, (*where, "values", i), -(1 << 63), 1 << 63) for i, value in enumerate(values)]
    stride = 1
    if isinstance(spec, dict) and set(spec) <= {"range", "step"} and "range" in spec:
        stride = integer(spec.get("step", 1), {}, (*where, "step"), 1, 1 << 31)
        spec = spec["range"]
    if not isinstance(spec, list) or len(spec) != 2:
        raise StimulusError(where, 'expected [first, last], {"values": [...]} or {"range": [first, last], "step": n}')
    low, high = (integer(value, {}, where, -(1 << 63), 1 << 63) for value in spec)
    values_range = range(low, high + 1, stride)
    if not 1 <= len(values_range) <= MAX_LOOP_VALUES:
        raise StimulusError(where, f"expected 1 to {MAX_LOOP_VALUES} values, found {len(values_range)}")
    return values_range

"""The size of a test, found before it is expanded."""

from __future__ import annotations

from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.distribution import DistributionError
from dv_agent.designs.language.schema import (
    StimulusSchema,
    TrackSchema,
    default_distribution,
    key_distribution,
    track_kind,
)
from dv_agent.designs.language.stimulus import MAX_DEPTH, Location, Step, StimulusError, Test
from dv_agent.designs.language.values import integer, unknown_keys
from dv_agent.errors import UnknownNameError

MAX_LOOP_VALUES = 65_536
MAX_VARIABLES = 4


def check_size(design: Design, schema: StimulusSchema, test: Test) -> int:
    """The most operations that `test` can expand to.

    Raises:
        StimulusError: more than the design allows, or loops that cannot be sized.
    """
    total, most = 0, design.limits.max_items
    for name, steps in test.tracks.items():
        measure = _Measure(design, schema.tracks[name], name)
        for index, step in enumerate(steps):
            total += measure.step(step, ("tracks", name, index), 0)
            if total > most:
                raise StimulusError(
                    ("tracks", name, index), f"the test expands to more than {most} items, the limit of this design"
                )
    return total


class _Measure:
    def __init__(self, design: Design, track: TrackSchema, name: str) -> None:
        self._design, self._track, self._name = design, track, name

    def step(self, step: Step, where: Location, depth: int) -> int:
        if not isinstance(step, dict):
            raise StimulusError(where, f"expected a step, an object, found {str(step)[:40]!r}")
        if depth > MAX_DEPTH:
            raise StimulusError(where, f"loops nested deeper than {MAX_DEPTH}")
        if "repeat" in step:
            unknown_keys(step, ("repeat", "steps"), where)
            # A loop that makes nothing still takes time to go through, hence at least 1.
            return max(1, integer(step["repeat"], {}, (*where, "repeat"), 0, 1 << 62) * self._body(step, where, depth))
        if "for" in step:
            unknown_keys(step, ("for", "steps"), where)
            count = self._body(step, where, depth)
            for values in loop_values(step["for"], (*where, "for")).values():
                count *= len(values)
            return count
        if "random" in step:
            return self._random(step["random"], (*where, "random"))
        return self._track.beats.max if self._track.item in step else 1

    def _body(self, step: Step, where: Location, depth: int) -> int:
        steps = step.get("steps")
        if not isinstance(steps, list) or not steps:
            raise StimulusError((*where, "steps"), "expected a list of steps")
        return sum(self.step(inner, (*where, "steps", index), depth + 1) for index, inner in enumerate(steps))

    def _random(self, block: Any, where: Location) -> int:
        if not isinstance(block, dict):
            raise StimulusError(where, 'expected an object such as {"count": 50}')
        profile = block.get("profile", "default")
        most = {}
        for key in ("count", "beats"):
            if key == "beats" and track_kind(self._design, self._name) != "source":
                continue
            try:
                if key == "beats" and _has_expression(block.get(key)):
                    most[key] = self._track.beats.max
                    continue
                if key in block:
                    # Only the size matters here, so a count beyond the limit is left to the caller's message.
                    if key == "count" and isinstance(block[key], int) and block[key] > self._design.limits.max_items:
                        return int(block[key])
                    drawn = key_distribution(self._design, self._track, self._name, key, block[key])
                else:
                    drawn = default_distribution(self._design, self._track, self._name, str(profile), key)
            except (DistributionError, UnknownNameError) as error:
                raise StimulusError((*where, key), str(error)) from None
            most[key] = drawn.high
        return max(1, most["count"] * most.get("beats", 1))


def _has_expression(data: Any) -> bool:
    if isinstance(data, dict | list):
        return any(map(_has_expression, data.values() if isinstance(data, dict) else data))
    return isinstance(data, str)


def loop_values(data: Any, where: Location) -> dict[str, range | list[int]]:
    """The values of each loop variable of ``{"for": {"i": [0, 7], "j": {"values": [1, 3]}}}``.

    Ranges are inclusive; ``{"range": [0, 100], "step": 10}`` strides.

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

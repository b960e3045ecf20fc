"""Covergroups of signals with a value in every cycle: held inputs, and outputs that are only observed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.coverage.automatic_plan.of_fields import field_points
from dv_agent.coverage.automatic_plan.plan_parts import Group, Moves, Point, Values
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import PortModel

_EXACT = 61


def level_groups(name: str, port: PortModel, detail: int, constant: frozenset[str]) -> Iterator[Group]:
    """Return the values and the changes of the levels of port `name`, inputs and outputs apart."""
    for fields, driven in ((port.held(), True), (port.observed(), False)):
        kept = {field: spec for field, spec in fields.items() if spec.signal not in constant and spec.lanes == 1}
        points = [point for field, spec in kept.items() for point in _points(field, spec, detail, driven)]
        if points:
            word = "Held inputs" if driven else "Observed outputs"
            suffix = "set" if driven else "seen"
            yield Group(f"{name}_{suffix}", "cycle", f"{word} of {name}", points, when="in_reset == 0",
                        rank=1 if driven else 2)  # fmt: skip


def _points(field: str, spec: FieldSpec, detail: int, driven: bool) -> Iterator[Point]:
    if spec.bits > 63:  # such a level is kept in words of 32 bits
        yield Point(field, f"({field}0 != 0)", f"the low word of {field} is zero: {{bin}}", {"yes": 0, "no": 1})
        return
    yield from field_points(field, field, spec, detail, driven)
    if detail and spec.width <= _EXACT:
        yield Point(f"{field}_change", field, f"{field} in consecutive cycles: {{bin}}", _changes(spec))


def _changes(spec: FieldSpec) -> Mapping[str, Moves]:
    other: list[Values] = [(1, spec.high)] if spec.high > 1 else [1]
    if spec.signed:
        other = [(spec.low, -1), *([(1, spec.high)] if spec.high > 0 else [])]
    return {"leaves_zero": [[0], other], "to_zero": [other, [0]]}

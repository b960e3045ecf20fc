"""Coverpoints of the values of one field: extremes, middle ranges, single bits."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.coverage.automatic_plan.plan_parts import Point, Values
from dv_agent.designs.ports.field_spec import FieldSpec

_EACH = 3  # bits up to which every value is a bin
_EXACT = 61  # bits that constants of a plan can name
_PART = 16  # bits of the ends of a wider field
_SINGLE = 8  # bits of a field that are told apart

FINE, PLAIN, COARSE = 2, 1, 0
"""How much detail a plan has room for."""


def field_points(name: str, column: str, spec: FieldSpec, detail: int, driven: bool) -> Iterator[Point]:
    """Return the coverpoints of a field; lanes are covered by the first and the last one.

    Args:
        name: begins the names of the coverpoints.
        column: the column of the event table that holds the field.
        driven: whether the testbench chooses the value, so that each bin can be hit. What the design makes of its
            inputs is not known, so outputs get wider bins.
    """
    if spec.lanes == 1:
        yield from _lane(name, column, spec, detail, driven)
        return
    for lane in dict.fromkeys((0, spec.lanes - 1)) if detail else (0,):
        yield from _lane(f"{name}_lane{lane}", f"{column}{lane}", spec, detail, driven)


def _lane(name: str, column: str, spec: FieldSpec, detail: int, driven: bool) -> Iterator[Point]:
    text = f"{name} is {{value}}"
    if spec.width > _EXACT:
        yield Point(name, f"{column} == 0", f"{name} is zero: {{bin}}", {"no": 0, "yes": 1})
        if detail:
            high = f"({column} >> {spec.width - _PART}) & {(1 << _PART) - 1}"
            part = FieldSpec(signal=spec.signal, width=_PART)
            yield Point(f"{name}_high", high, f"the upper {_PART} bits of {name}: {{value}}", classes(part, driven))
        return
    if spec.width <= _EACH and (driven or spec.width == 1):
        yield Point(name, column, text, {str(value): value for value in range(spec.low, spec.high + 1)})
        return
    yield Point(name, column, text, classes(spec, driven and detail > COARSE))
    if driven and detail == FINE:
        yield _single_bits(name, column, spec)


def classes(spec: FieldSpec, exact: bool) -> dict[str, Values]:
    """Return classes of values that together hold every value of one lane, and do not overlap.

    Args:
        exact: whether the greatest value and its like are classes of their own.
    """
    half = (spec.high + 1) // 2
    if spec.width == 1:
        return {"minus_one": -1, "zero": 0} if spec.signed else {"zero": 0, "one": 1}
    if not exact:
        low: dict[str, Values] = {"negative": (spec.low, -1)} if spec.signed else {}
        return low | {"zero": 0} | _range("low", 1, half - 1) | _range("high", half, spec.high)
    found: dict[str, Values] = {}
    if spec.signed:
        found |= {"min": spec.low, **_range("negative", spec.low + 1, -2), "minus_one": -1}
    found |= {"zero": 0, "one": 1} if spec.high > 1 else {"zero": 0}
    return found | _range("low", 2, half - 1) | _range("high", max(half, 2), spec.high - 1) | {"max": spec.high}


def _range(name: str, low: int, high: int) -> dict[str, Values]:
    return {} if high < low else {name: low if low == high else (low, high)}


def _single_bits(name: str, column: str, spec: FieldSpec) -> Point:
    """Return a coverpoint of values with one bit set, for bits from 1 on: bit 0 alone is the value one."""
    last = spec.width - 1
    step = max(1, -(-(last - 1) // (_SINGLE - 1)))
    bits = sorted({*range(1, last, step), last})
    values = {f"bit{bit}": -(1 << bit) if spec.signed and bit == last else 1 << bit for bit in bits}
    return Point(f"{name}_single", column, f"{name} has one bit set, {{bin}}", values)

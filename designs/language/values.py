"""Reading single values of a test: integers, expressions of loop variables, payloads, and keys."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from dv_agent.designs.language.expression import Expression, parse
from dv_agent.designs.language.expression_nodes import ExpressionError
from dv_agent.designs.language.stimulus import Location, StimulusError
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.program import pack, unpack
from dv_agent.errors import UnknownNameError

Scope = Mapping[str, int]
SEVERAL = 'a step several times is {"repeat": 3, "steps": [STEP]}'
_WORD = re.compile(r"[^\W\d]\w*")


def integer(data: Any, scope: Scope, where: Location, low: int, high: int) -> int:
    """Return an integer in ``low..high``, given as a number or as an expression over the loop variables in `scope`.

    Raises:
        StimulusError: not an integer, unknown variable, or out of range.
    """
    value = data
    if isinstance(data, str):
        try:
            value = _parsed(data).evaluate(scope)
        except ExpressionError as error:
            raise fault(where, str(error), data, scope) from None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise StimulusError(where, f"expected an integer from {low} to {high}, found {str(data)[:40]!r}")
    if not low <= value <= high:
        shown = str(value) if abs(value) < 1 << 64 else "a huge number"
        raise fault(where, f"{shown} is outside {low}..{high}", data, scope)
    return value


def fault(where: Location, reason: str, data: Any, scope: Scope, hint: str = "") -> StimulusError:
    """Return the error that `data` is wrong, with the loop variables in its expressions: `` at i = 3, j = 5``.

    Args:
        hint: stands behind them.
    """
    words = set(_expression_words(data)) if scope else set()
    used = {name: value for name, value in scope.items() if name in words}
    place = f" at {', '.join(f'{name} = {value}' for name, value in used.items())}" if used else ""
    return StimulusError(where, f"{reason}{place}{hint}", used)


def _expression_words(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield from _WORD.findall(data)
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from _expression_words(part)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    return parse(text)


def one_of(step: Any, words: Collection[str], where: Location) -> str:
    """Return the one key of `step` that gives its kind.

    Raises:
        StimulusError: not an object, none of `words`, or several.
    """
    if not isinstance(step, dict):
        raise StimulusError(where, f"expected an object with one of {', '.join(words)}, found {str(step)[:40]!r}")
    found = [key for key in step if key in words]
    if len(found) == 1:
        return str(found[0])
    if found:
        raise StimulusError(where, f"a step is one thing; found {' and '.join(map(str, found))}")
    known = f"known: {', '.join(sorted(words))}"
    if not step:
        raise StimulusError(where, f"a step without a word; {known}")
    unknown = str(next(iter(step)))[:40]
    near = difflib.get_close_matches(unknown, words, n=1)
    raise StimulusError(where, f"unknown step {unknown!r}; {f'did you mean {near[0]}? ' if near else ''}{known}")


def unknown_keys(data: Any, allowed: Collection[str], where: Location) -> None:
    """Raise on unknown keys: a misspelt key must not be silently ignored.

    Raises:
        StimulusError: naming the key and the nearest allowed ones.
    """
    if not isinstance(data, dict):
        raise StimulusError(where, f"expected an object, found {str(data)[:40]!r}")
    for key in data:
        if key not in allowed:
            said = str(UnknownNameError("key", str(key)[:40], allowed))
            raise StimulusError((*where, str(key)[:40]), f"{said}{f'; {SEVERAL}' if key == 'times' else ''}")


def read_payload(
    fields: Mapping[str, FieldSpec], data: Any, scope: Scope, where: Location, level: int | None = None
) -> int:
    """Return the packed payload of an object of fields; a scalar given for a vector fills every lane.

    Args:
        level: the packed values of fields that are left out; None: none may be.

    Raises:
        StimulusError: a field is missing, unknown, of the wrong length, or out of range.
    """
    unknown_keys(data, tuple(fields), where)
    values: dict[str, tuple[int, ...]] = {}
    if level is not None:
        if not data:
            raise StimulusError(where, f"names no field; expected one or more of {', '.join(fields)}")
        kept = unpack(fields, level)
        values = {name: tuple(one if isinstance(one, list) else [one]) for name, one in kept.items()}
    for name, spec in fields.items():
        if name not in data and level is not None:
            continue
        if name not in data:
            raise StimulusError(where, f"field {name!r} is missing; expected {', '.join(fields)}")
        given, place = data[name], (*where, name)
        if not isinstance(given, list):
            given = [given] * spec.lanes
        if len(given) != spec.lanes:
            raise StimulusError(place, f"expected {spec.lanes} lanes, found {len(given)}")
        low, high = spec.low, spec.high
        # Plain numbers, as nearly all are, need no place to point at.
        if all(type(v) is int and low <= v <= high for v in given):
            values[name] = tuple(given)
        else:
            values[name] = tuple(integer(v, scope, (*place, i), low, high) for i, v in enumerate(given))
    return pack(fields, values)

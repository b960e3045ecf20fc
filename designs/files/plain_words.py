"""What pydantic complains of, in plain words: what is expected. A refused value may be secret and is not told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dv_agent.designs.text.wording import counted

Context = Mapping[str, Any]

_FIXED = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "string_type": "expected a text",
    "string_unicode": "expected a text",
    "finite_number": "expected a finite number",
    "none_required": "expected no value",
    "json_invalid": "expected JSON",
    "string_pattern_mismatch": "has characters that are not allowed here",
}
_KINDS = {
    "int": "expected a whole number",
    "float": "expected a number",
    "decimal": "expected a number",
    "bool": "expected true or false",
    "list": "expected a list",
    "tuple": "expected a list",
    "set": "expected a list",
    "frozen_set": "expected a list",
    "dict": "expected a mapping of keys to values",
    "model": "expected a mapping of keys to values",
    "dataclass": "expected a mapping of keys to values",
    "mapping": "expected a mapping of keys to values",
    "path": "expected a path",
}
_ENDINGS = ("_type", "_parsing", "_from_float", "_attributes_type", "_parsing_size", "_exact_type")
_BOUNDED: dict[str, Callable[[Context], str]] = {
    "greater_than_equal": lambda said: f"too small; expected at least {plain_number(said['ge'])}",
    "greater_than": lambda said: f"too small; expected more than {plain_number(said['gt'])}",
    "less_than_equal": lambda said: f"too large; expected at most {plain_number(said['le'])}",
    "less_than": lambda said: f"too large; expected less than {plain_number(said['lt'])}",
    "string_too_long": lambda said: f"too long; at most {counted(said['max_length'], 'character')}",
    "string_too_short": lambda said: f"too short; at least {counted(said['min_length'], 'character')}",
    "too_long": lambda said: f"too many entries; at most {said['max_length']:,}",
    "too_short": lambda said: f"too few entries; at least {said['min_length']:,}",
    "literal_error": lambda said: f"expected one of {plain_choices(str(said['expected']))}",
    "enum": lambda said: f"expected one of {plain_choices(str(said['expected']))}",
}


def plain_words(error: Mapping[str, Any]) -> str:
    """What one entry of ``ValidationError.errors()`` says is wrong."""
    kind, said = str(error.get("type", "")), error.get("ctx") or {}
    if kind in _FIXED:
        return _FIXED[kind]
    if kind in _BOUNDED:
        words = _BOUNDED[kind](said)
        return words if "," in words or " or " in words else words.replace("expected one of", "expected", 1)
    for ending in _ENDINGS:
        if kind.endswith(ending) and kind.removesuffix(ending) in _KINDS:
            return _KINDS[kind.removesuffix(ending)]
    message = str(error.get("msg", "")).removeprefix("Value error, ")
    return message.replace("Input should be", "expected", 1)


def plain_number(value: Any) -> str:
    """``1,000``, ``0.5``; a whole number without a point."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,}"


def plain_choices(expected: str) -> str:
    """``a, b, c`` of pydantic's ``'a', 'b' or 'c'``."""
    return expected.replace(" or ", ", ").replace("'", "")

"""Unpacking of tests that are inside a JSON string, or that are a single object where a list is expected."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from dv_agent.agents.llm.json_scanner import clean, read_value


def unpacked_text(text: str, repaired: Counter[str]) -> str:
    """Return `text`, or the JSON that is packed in it as one JSON string; repairs are counted in `repaired`."""
    packed = text.strip()
    if packed[:1] != '"' or packed[-1:] != '"' or packed[1:2] not in ("{", "["):
        return text
    try:
        inner = json.loads(packed)
    except (ValueError, RecursionError):
        return text
    repaired["text"] += 1
    return clean(str(inner))


def with_list(value: dict[str, Any], repaired: Counter[str]) -> dict[str, Any]:
    """Return `value` with a list of tests, if the tests are in a JSON string or if it is one test without a list."""
    tests = _read(value.get("tests"), repaired)
    if isinstance(tests, dict) and {"tests", "tracks"} & tests.keys():
        repaired["text"] += 1
        tests = tests["tests"] if isinstance(tests.get("tests"), list) else [tests]
    if not isinstance(tests, list):
        return value
    return {**value, "tests": [_read(one, repaired) for one in tests]}


def _read(part: Any, repaired: Counter[str]) -> Any:
    """Return the value of a text that is only one JSON object or list."""
    text = part.strip() if isinstance(part, str) else ""
    if text[:1] not in ("{", "["):
        return part
    reading = read_value(text, 0, len(text))
    if reading.error or text[reading.end :].strip():
        return part
    repaired["text"] += 1
    repaired.update(reading.repaired)
    return reading.value

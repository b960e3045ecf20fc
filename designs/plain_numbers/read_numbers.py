"""Reading plain numbers in a text: the groups of numbers that make items, and a line on everything that was dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from dv_agent.designs.language.random_blocks import resolve
from dv_agent.designs.language.stimulus import MAX_STEPS
from dv_agent.designs.plain_numbers.number_form import NumberForm

MAX_ITEMS = MAX_STEPS
Fault = Literal["syntax", "shape", "invalid", "surplus"]
_BLOCK = re.compile(r"```[A-Za-z]*\n(.*?)```", re.DOTALL)
_TOKEN = re.compile(r"[\[(]|[\])]|[^\s,;\[\]()\"'`*]+")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F_]{1,20}|0[bB][01_]{1,80}|[0-9][0-9_]{0,24})", re.ASCII)


@dataclass
class Numbers:
    """What was read.

    Attributes:
        items: the values of each item, by field.
        faults: what was dropped and why, in order.
    """

    items: list[dict[str, int]] = field(default_factory=list)
    faults: list[tuple[Fault, str]] = field(default_factory=list)


def read_numbers(text: str, form: NumberForm, cut: bool = False) -> Numbers:
    """Read the items in `text`: in its last code block if it has one, else from its first bracket to its last.

    A number is decimal, or hexadecimal or binary with 0x or 0b. Numbers in brackets of their own are one item; in one
    flat list so many as an item has are one. What is out of range is dropped with its whole item, never clamped.

    Args:
        cut: whether the text lost its end; its last number is then not read, because digits may be missing.
    """
    found = Numbers()
    for group in _groups(_part(text), form, cut):
        if len(found.items) == MAX_ITEMS:
            found.faults.append(("surplus", f"more than {MAX_ITEMS} items in one reply; the rest was not read"))
            break
        _item(group, form, found, 1 + len(found.items) + len(found.faults))
    return found


def _part(text: str) -> str:
    if blocks := _BLOCK.findall(text):
        return str(blocks[-1])
    start, end = text.find("["), text.rfind("]")
    return text[start:] if start > end else text[start : end + 1] if start >= 0 else text


def _groups(text: str, form: NumberForm, cut: bool) -> Iterator[list[str]]:
    """Yield the tokens of each item: what stands between brackets, split if it holds several; prose is passed over."""
    size, known = len(form.fields), {word for name in form.fields for word in form.words(name)}
    open_group: list[str] = []
    tokens = _TOKEN.findall(text)
    if cut and tokens and tokens[-1] not in ("]", ")"):
        tokens.pop()
    for token in (*tokens, "]"):
        if token not in ("[", "(", "]", ")"):
            open_group.append(token)
            continue
        if any(one in known or _NUMBER.fullmatch(one) for one in open_group):
            yield from (open_group[start : start + size] for start in range(0, len(open_group), size))
        open_group = []


def _item(group: list[str], form: NumberForm, found: Numbers, place: int) -> None:
    """Add one item, or the reason why it is none."""
    shown = ", ".join(token[:24] for token in group[:6]) + (", ..." if len(group) > 6 else "")
    if len(group) != len(form.fields):
        wanted = ", ".join(list(form.fields)[:8]) + (", ..." if len(form.fields) > 8 else "")
        reason = f"it has {len(group)} numbers, and {len(form.fields)} make one: {wanted}"
        found.faults.append(("shape", f"item {place} [{shown}]: {reason}"))
        return
    values: dict[str, int] = {}
    for name, token in zip(form.fields, group, strict=True):
        value = form.words(name).get(token, _value(token))
        if value is None:
            found.faults.append(("syntax", f"item {place} [{shown}]: {token[:40]!r} is no number"))
            return
        if not form.allows(name, value):
            allowed = dict(form.ranges())[name]
            found.faults.append(("invalid", f"item {place} [{shown}]: {name} is {token[:40]}, and may be {allowed}"))
            return
        values[name] = value
    found.items.append(values)


def _value(token: str) -> int | None:
    if not _NUMBER.fullmatch(token):
        return None
    try:
        return int(token, 10 if token.lstrip("+-").isdigit() else 0)
    except ValueError:  # such as 0x_ or 1__2
        return None


def test_data(form: NumberForm, items: list[dict[str, int]], name: str) -> dict[str, Any]:
    """Return the test, as data, in which every item becomes its steps, one item after another.

    Raises:
        StimulusError: an expression of the form cannot be evaluated.
    """
    tracks = {
        track: [step for place, item in enumerate(items) for step in _steps(steps, item, track, place)]
        for track, steps in form.tracks.items()
    }
    return {"name": name, "tracks": tracks}


def _steps(steps: tuple[dict[str, Any], ...], item: dict[str, int], track: str, place: int) -> list[dict[str, Any]]:
    return [resolve(step, item, ("tracks", track, place)) for step in steps]

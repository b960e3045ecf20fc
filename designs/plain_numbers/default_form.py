"""The form of plain numbers of a design whose stimulus.yaml names none: the fields of its main track, in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.plain_numbers.number_form import MOST_NUMBERS, Allowed, NumberForm
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.errors import UsageError


def form_of(design: Design, schema: StimulusSchema) -> NumberForm:
    """Return the form that stimulus.yaml names, else one made from the first port that takes packets, else any values.

    Fields that are the slices of one signal, from bit 0 on without a gap, are one number: that signal as a word.

    Raises:
        UsageError: no port takes values, or an item has more numbers than anybody would list.
    """
    if schema.numbers:
        return schema.numbers
    grammars = design.grammars
    tracks = [name for name, one in grammars.items() if one.packets] or [n for n, one in grammars.items() if one.item]
    if not tracks:
        raise UsageError(f"{design.name} has no port that takes values, so a list of numbers is no stimulus for it")
    name, grammar = tracks[0], grammars[tracks[0]]
    fields, payload = _word(grammar.fields) or _lanes(grammar.fields)
    if len(fields) > MOST_NUMBERS:
        raise UsageError(
            f"{design.name}: an item of {name} has {len(fields)} numbers, more than {MOST_NUMBERS}; "
            "name fewer under `numbers` in its stimulus.yaml"
        )
    beats = schema.tracks[name].beats.min
    body: Any = [{**payload, **({"times": beats} if beats > 1 else {})}] if grammar.packets else payload
    word = grammar.item_word(schema.tracks[name].item)
    return NumberForm(item=word, fields=fields, tracks={name: ({word: body},)})


def _lanes(fields: Mapping[str, FieldSpec]) -> tuple[dict[str, Allowed], dict[str, Any]]:
    """Return a number for each lane, and the payload made of them."""
    numbers: dict[str, Allowed] = {}
    payload: dict[str, Any] = {}
    for name, spec in fields.items():
        lanes = [name] if spec.lanes == 1 else [f"{name}_{lane}" for lane in range(spec.lanes)]
        numbers |= {lane: [spec.low, spec.high] for lane in lanes}
        payload[name] = lanes[0] if spec.lanes == 1 else lanes
    return numbers, payload


def _word(fields: Mapping[str, FieldSpec]) -> tuple[dict[str, Allowed], dict[str, Any]] | None:
    """Return one number for fields that are the slices of one signal; None if they are not."""
    parts = sorted((spec.signal.parts.low or 0, name) for name, spec in fields.items())
    bases = {spec.signal.base for spec in fields.values()}
    if len(fields) < 2 or len(bases) > 1 or any(spec.signed or spec.lanes > 1 for spec in fields.values()):
        return None
    place, payload = 0, {}
    for low, name in parts:
        if low != place or fields[name].signal.parts.elements:
            return None
        payload[name] = f"word >> {place} & {(1 << fields[name].width) - 1}"
        place += fields[name].width
    return ({"word": [0, (1 << place) - 1]}, payload) if place < 63 else None

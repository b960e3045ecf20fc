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
    """Return the form that stimulus.yaml names, else one made from the ports.

    It has the fields of the first port that takes packets; without one, those of all pins together, each item lasting a
    cycle of each; else of the first port that takes values. Fields that are the slices of one signal, from bit 0 on
    without a gap, are one number: that signal as a word.

    Raises:
        UsageError: no port takes values, or an item has more numbers than anybody would list.
    """
    if schema.numbers:
        return schema.numbers
    tracks = _main_tracks(design)
    if not tracks:
        raise UsageError(f"{design.name} has no port that takes values, so a list of numbers is no stimulus for it")
    numbers: dict[str, Allowed] = {}
    steps: dict[str, tuple[dict[str, Any], ...]] = {}
    for name in tracks:
        grammar, track = design.grammars[name], schema.tracks[name]
        fields, payload = _word(grammar.fields) or _lanes(grammar.fields, f"{name}_" if len(tracks) > 1 else "")
        beats = track.beats.min
        body: Any = [{**payload, **({"times": beats} if beats > 1 else {})}] if grammar.packets else payload
        numbers |= fields
        steps[name] = ({grammar.item_word(track.item): body},)
    if len(numbers) > MOST_NUMBERS:
        raise UsageError(
            f"{design.name}: an item of {', '.join(tracks)} has {len(numbers)} numbers, more than {MOST_NUMBERS}; "
            "name fewer under `numbers` in its stimulus.yaml"
        )
    one = tracks[0]
    word = design.grammars[one].item_word(schema.tracks[one].item)
    return NumberForm(item=word if len(tracks) == 1 else "step", fields=numbers, tracks=steps)


def _main_tracks(design: Design) -> list[str]:
    grammars = design.grammars
    packets = [name for name, one in grammars.items() if one.packets]
    pins = [name for name, one in grammars.items() if one.item and one.item.level is not None]
    return packets[:1] or pins or [name for name, one in grammars.items() if one.item][:1]


def _lanes(fields: Mapping[str, FieldSpec], prefix: str) -> tuple[dict[str, Allowed], dict[str, Any]]:
    """Return a number for each lane, with `prefix` before its name, and the payload made of them."""
    numbers: dict[str, Allowed] = {}
    payload: dict[str, Any] = {}
    for name, spec in fields.items():
        lanes = [f"{prefix}{name}{f'_{lane}' if spec.lanes > 1 else ''}" for lane in range(spec.lanes)]
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

"""The stimulus schema of a design without stimulus.yaml, made from its ports: whole ranges, and sensible waits."""

from __future__ import annotations

from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import RESET, Beats, StimulusSchema, TrackSchema
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.program import RESET_TRACK

MOST_BEATS = 16
_MEMORY_WORDS = 256
_CORNERS = 24  # values of one field in the profile `corners`
_SMALL = 16
_NARROW = 4  # bits; up to here a uniform draw meets every corner by itself

_Profiles = dict[str, dict[str, Any]]
# Most waits are short, so that a test moves; the long ones fill and empty what is inside the design.
_MIXED = {"weights": [[0, 70], [[1, 4], 20], [[5, 40], 10]]}
_STAYS = {"weights": [[1, 50], [[2, 8], 35], [[9, 60], 15]]}
_BURSTS = {"weights": [[0, 90], [[20, 120], 10]]}
_LENGTHS = {"weights": [[1, 3], [[2, 4], 3], [[5, MOST_BEATS], 2]]}


def schema_from_ports(design: Design) -> StimulusSchema:
    """Return a schema for every track of `design`; a pure function of its ports and limits.

    Fields take their whole range, packets have 1 to `MOST_BEATS` beats where the port has a ``last`` (else 1), and
    there are profiles at full rate, with pauses, and with the corner values of the fields.
    """
    room = design.limits.max_items // (2 * (len(design.grammars) + 1))
    tracks = {name: _track(design, name, grammar, room) for name, grammar in design.grammars.items()}
    return StimulusSchema(
        schema_version=1,
        description="Made from the ports: every field may take any value of its width, at any time.",
        tracks=tracks | ({RESET_TRACK: _reset()} if RESET_TRACK in design.tracks else {}),
    )


def _track(design: Design, name: str, grammar: Grammar, room: int) -> TrackSchema:
    framed = grammar.packets and any(one.packets and one.last is not None for one in design.streams if one.port == name)
    profiles = _item_profiles(grammar, framed) if grammar.item else _timing_profiles(grammar)
    if name in design.memories:
        word = design.memories[name].word
        corners = {"set": corner_values(word)}
        profiles["default"]["memory"] = {"weights": [[[word.low, word.high], 60], [corners, 40]]}
    _bound_counts(profiles, max(1, room // (MOST_BEATS if framed else 1)))
    return TrackSchema(
        item="packet" if framed else "beat",
        beats=Beats(max=MOST_BEATS if framed else 1),
        profiles=profiles,
        use={profile: 4.0 if profile == "default" else 2.0 for profile in profiles},
        memory_words=_words_of(design, name),
    )


def _words_of(design: Design, name: str) -> int:
    memory = design.memories.get(name)
    if memory is None:
        return 0
    address = next(iter(memory.ask.fields.values()))
    return min(_MEMORY_WORDS, 1 << min(address.width, 16))


def _item_profiles(grammar: Grammar, framed: bool) -> _Profiles:
    waits = [one.key for one in grammar.timing if not one.beats and one.least == 0]
    default: dict[str, Any] = {"count": [4, 24] if framed else [8, 60], **dict.fromkeys(waits, _MIXED)}
    default |= {one.key: _STAYS for one in grammar.timing if not one.beats and one.least > 0}
    if framed:
        default |= {one.key: _LENGTHS for one in grammar.timing if one.beats}
    profiles: _Profiles = {"default": default}
    if waits:
        profiles["full_rate"] = dict.fromkeys(waits, 0)
        profiles["bursts"] = dict.fromkeys(waits, _BURSTS)
    wide = {n: spec for n, spec in grammar.fields.items() if spec.width > _NARROW and n not in grammar.defaults}
    if wide:
        profiles["corners"] = {name: {"set": corner_values(spec)} for name, spec in wide.items()}
        profiles["small"] = {name: [max(spec.low, -_SMALL), min(spec.high, _SMALL)] for name, spec in wide.items()}
    return profiles


def _timing_profiles(grammar: Grammar) -> _Profiles:
    keys = {one.key: one.least for one in grammar.timing}
    short = {key: [max(least, one), 8] for (key, least), one in zip(keys.items(), _firsts(grammar), strict=True)}
    return {
        "default": {"count": [0, 60], **short},
        "silent": {"count": 0},
        "long": {"count": [1, 12], **{key: [max(least, 10), 120] for key, least in keys.items()}},
        "trickle": {"count": [10, 120], **{key: [max(least, one.default), 3] for (key, least), one
                                           in zip(keys.items(), grammar.timing, strict=True)}},
    }  # fmt: skip


def _bound_counts(profiles: _Profiles, most: int) -> None:
    """Lower every range of ``count``, so that a test of all tracks fits in the `max_items` of the design."""
    for entries in profiles.values():
        if isinstance(entries.get("count"), list):
            entries["count"] = [min(most, one) for one in entries["count"]]


def _firsts(grammar: Grammar) -> list[int]:
    """Return the smallest value of each timing key in ordinary tests: its default."""
    return [one.default for one in grammar.timing]


def corner_values(spec: FieldSpec) -> list[int]:
    """Return the values of one lane at which arithmetic and comparisons change: extremes, middle, powers of two."""
    middle = (spec.low + spec.high) // 2
    ends = [spec.low, spec.high, 0, 1, spec.low + 1, spec.high - 1, middle, middle + 1]
    step = max(1, spec.width // (_CORNERS - len(ends)) + 1)
    powers = [1 << bit for bit in range(0, spec.width, step)]
    found = dict.fromkeys(value for value in [*ends, *powers] if spec.low <= value <= spec.high)
    return sorted(list(found)[:_CORNERS])


def _reset() -> TrackSchema:
    waits = {one.key: [0, 300] if one.least == 0 else [one.least, 3] for one in RESET.timing}
    return TrackSchema(
        item="pulse", profiles={"default": {"count": 0, **waits}, "some": {"count": [1, 3]}},
        use={"default": 7.0, "some": 2.0},
    )  # fmt: skip

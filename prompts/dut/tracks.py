"""The tracks of a design as a prompt lists them: words, fields, ranges, timing, profiles."""

from __future__ import annotations

from dataclasses import dataclass

from dv_agent.coverage.values import range_text
from dv_agent.designs.design import Design, FieldSpec, ResponderPort, SourcePort, StrobePort
from dv_agent.designs.language.schema import COUNTS, TIMING_KEYS, StimulusSchema, TrackSchema, track_kind
from dv_agent.designs.program import RESET_TRACK
from dv_agent.prompts.text.compact_json import compact_json

PROFILE_MOST = 240


@dataclass(frozen=True, slots=True)
class FieldText:
    """A field of a payload; `range` is that of one lane."""

    name: str
    lanes: int
    range: str
    description: str


@dataclass(frozen=True, slots=True)
class ProfileText:
    """A profile and its distributions as JSON."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class TrackText:
    """One track.

    Attributes:
        item: the word of a packet on a source.
        counts: what ``count`` of a random block counts here.
        beats: allowed packet lengths, such as ``1..8``.
        request: the address field of a responder.
        memory_words: most words of a responder's memory.
    """

    name: str
    kind: str
    item: str
    description: str
    fields: tuple[FieldText, ...]
    request: tuple[FieldText, ...]
    beats: str
    timing: tuple[str, ...]
    counts: str
    profiles: tuple[ProfileText, ...]
    memory_words: int


def track_texts(design: Design, schema: StimulusSchema) -> tuple[TrackText, ...]:
    """Every track, in the order of the schema."""
    return tuple(_track(design, name, track) for name, track in schema.tracks.items())


def _track(design: Design, name: str, track: TrackSchema) -> TrackText:
    kind = track_kind(design, name)
    port = None if kind == RESET_TRACK else design.ports[name]
    fields: dict[str, FieldSpec] = port.fields if isinstance(port, SourcePort | StrobePort) else {}
    request: dict[str, FieldSpec] = {}
    if isinstance(port, ResponderPort):
        fields, request = port.response.fields, port.request.fields
    return TrackText(
        name=name,
        kind=kind,
        item=track.item,
        description=track.description,
        fields=_fields(fields, track),
        request=_fields(request, track),
        beats=range_text(track.beats.min, track.beats.max),
        timing=TIMING_KEYS[kind],
        counts=COUNTS[kind],
        profiles=tuple(ProfileText(word, compact_json(draws, PROFILE_MOST)) for word, draws in track.profiles.items()),
        memory_words=track.memory_words,
    )


def _fields(fields: dict[str, FieldSpec], track: TrackSchema) -> tuple[FieldText, ...]:
    return tuple(
        FieldText(name, spec.lanes, range_text(spec.low, spec.high), track.fields.get(name, ""))
        for name, spec in fields.items()
    )

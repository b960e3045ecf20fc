"""The tracks of a design as listed in a prompt: keywords, fields, ranges, timing, profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dv_agent.coverage.values import range_text
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema, TrackSchema, grammar_of
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import Memory
from dv_agent.designs.program import RESET_TRACK
from dv_agent.prompts.text.compact_json import compact_json

PROFILE_MOST = 800


@dataclass(frozen=True, slots=True)
class FieldText:
    """A field of a payload; `range` is that of one lane, `rest` the level of a pin before a test sets it."""

    name: str
    lanes: int
    range: str
    description: str
    rest: int | None = None


@dataclass(frozen=True, slots=True)
class ProfileText:
    """A profile and its distributions as JSON."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class TransactionText:
    """A transaction: its keyword, its fields with what they are drawn from, and what it is made of, as JSON."""

    name: str
    fields: str
    steps: str
    description: str


@dataclass(frozen=True, slots=True)
class TrackText:
    """One track.

    Attributes:
        item: the keyword of a packet, if the track has `packets`.
        counts: what ``count`` of a random block counts on this track.
        beats: allowed packet lengths, such as ``1..8``.
        answer, request: the keyword and the address field of a track that answers from memory.
        memory_words: maximum number of words of that memory.
        clock: words about the clock of its port; empty if the design has only one.
    """

    name: str
    kind: str
    packets: bool
    item: str
    description: str
    fields: tuple[FieldText, ...]
    answer: tuple[FieldText, ...]
    request: tuple[FieldText, ...]
    beats: str
    timing: tuple[str, ...]
    counts: str
    profiles: tuple[ProfileText, ...]
    memory_words: int
    clock: str = ""
    transactions: tuple[TransactionText, ...] = ()


def track_texts(design: Design, schema: StimulusSchema) -> tuple[TrackText, ...]:
    """Return every track, in the order of the schema."""
    return tuple(_track(design, name, track) for name, track in schema.tracks.items())


def _track(design: Design, name: str, track: TrackSchema) -> TrackText:
    grammar, memory = grammar_of(design, name), design.memories.get(name)
    return TrackText(
        name=name,
        kind=RESET_TRACK if name == RESET_TRACK else design.ports[name].kind,
        packets=grammar.packets,
        item=track.item,
        description=track.description,
        fields=_fields(grammar.fields, track),
        answer=_fields(_answer(memory) if memory else {}, track),
        request=_fields(memory.ask.fields if memory else {}, track),
        beats=range_text(track.beats.min, track.beats.max),
        timing=grammar.timing_keys,
        counts=grammar.counts,
        profiles=tuple(ProfileText(word, compact_json(draws, PROFILE_MOST)) for word, draws in track.profiles.items()),
        memory_words=track.memory_words,
        clock=_clock(design, name),
        transactions=tuple(
            TransactionText(
                word,
                compact_json(one.fields, PROFILE_MOST),
                compact_json(list(one.steps), PROFILE_MOST),
                one.description,
            )
            for word, one in track.transactions.items()
        ),
    )


def _answer(memory: Memory) -> Mapping[str, FieldSpec]:
    return memory.answer.fields if memory.answer else {"data": memory.word}


def _clock(design: Design, name: str) -> str:
    if len(design.all_clocks) < 2:
        return ""
    clock = next(iter(design.all_clocks)) if name == RESET_TRACK else design.clock_of(name)
    return f", clock {clock} of {design.all_clocks[clock].period_ns} ns"


def _fields(fields: Mapping[str, FieldSpec], track: TrackSchema) -> tuple[FieldText, ...]:
    return tuple(
        FieldText(
            name, spec.lanes, range_text(spec.low, spec.high), track.fields.get(name, ""), getattr(spec, "reset", None)
        )
        for name, spec in fields.items()
    )

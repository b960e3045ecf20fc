"""Example tests for any design, made only from its ports and schema: they show syntax, not how to hit a bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema, TrackSchema, grammar_of, stream_keys
from dv_agent.designs.language.stimulus import Step
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.program import RESET_TRACK

Shows = Literal["random", "sweep", "directed", "together"]
ITEMS = 40


@dataclass(frozen=True, slots=True)
class Example:
    """A test as JSON data, and what it demonstrates."""

    shows: Shows
    data: dict[str, Any]


def examples(design: Design, schema: StimulusSchema) -> tuple[Example, ...]:
    """Return one example for each way to write stimulus; every one is valid for this design."""
    maker = _Maker(design, schema)
    return (
        Example("random", _test("random", {name: maker.random(name) for name in schema.tracks}, seed=1)),
        Example("sweep", _test("sweep", {name: maker.sweep(name) for name in schema.tracks})),
        Example("directed", _test("directed", {name: maker.directed(name) for name in schema.tracks})),
        Example("together", _test("together", {name: maker.together(name) for name in schema.tracks})),
    )


def _test(name: str, tracks: dict[str, list[Step]], **more: Any) -> dict[str, Any]:
    return {"name": name, "tracks": {track: steps for track, steps in tracks.items() if steps}, **more}


class _Maker:
    def __init__(self, design: Design, schema: StimulusSchema) -> None:
        self._design, self._schema = design, schema
        driven = [*design.packet_ports, *design.write_ports]
        streams = {one.key for one in design.streams}
        self._watched = next((name for name in driven if design.item_key(name) in streams), driven[0])

    def random(self, name: str) -> list[Step]:
        """Return a random block: with a profile if there is one, and one field narrowed."""
        track = self._schema.tracks[name]
        if name == RESET_TRACK:
            return []
        block: dict[str, Any] = {"count": self._count(track)}
        other = next((profile for profile in track.profiles if profile != "default"), None)
        if other:
            block["profile"] = other
        if other and "count" in track.profiles[other]:
            del block["count"]
        fields = self._fields(name)
        if fields:
            narrowed, spec = list(fields.items())[-1]
            block[narrowed] = {"set": sorted({spec.low, spec.high})}
        return [{"random": block}]

    def sweep(self, name: str) -> list[Step]:
        """Return nested loops over a field and a gap, on the first driven track only."""
        if name != self._watched:
            return []
        fields = self._fields(name)
        swept = next((field for field, spec in fields.items() if spec.high >= 3), None)
        payload = {field: "i" if field == swept else _small(spec) for field, spec in fields.items()}
        return [
            {
                "for": {"i": [0, 3], "j": {"values": [0, 5]}},
                "steps": [self._item(name, payload, {"gap": "2*j + 1"})],
            }
        ]

    def directed(self, name: str) -> list[Step]:
        """Return literal items and timing."""
        grammar = grammar_of(self._design, name)
        if not grammar.item:
            return [dict(step) for step in grammar.directed]
        payload = {field: _lanes(spec) for field, spec in grammar.fields.items()}
        return [self._item(name, payload, {}), {grammar.pause: 5}, self._item(name, payload, {"gap": 3})]

    def together(self, name: str) -> list[Step]:
        """Return tracks that wait for one another, and a reset in mid-test."""
        key = self._design.item_key(self._watched)
        # Pins move nothing that another track could wait for.
        waits = {"after": {"port": key, "accepted": 1}} if key in stream_keys(self._design) else {"at": 4}
        if name == self._watched:
            payload = {field: _small(spec) for field, spec in self._fields(name).items()}
            return [{"repeat": 4, "steps": [self._item(name, payload, {}, self._attached(name))]}]
        joined = grammar_of(self._design, name).joined
        return [waits, *(dict(step) for step in joined)] if joined else []

    def _item(self, name: str, payload: dict[str, Any], timing: Step, attached: dict[str, Any] | None = None) -> Step:
        track, grammar = self._schema.tracks[name], self._design.grammars[name]
        word = grammar.item_word(track.item)
        if not grammar.packets:
            return {word: payload, **timing}
        beats = max(track.beats.min, min(2, track.beats.max))
        beat = {**payload, **({"times": beats} if beats > 1 else {}), **({"with": attached} if attached else {})}
        return {word: [beat], **timing}

    def _attached(self, name: str) -> dict[str, Any]:
        """Return a write to the first strobe port that allows it, for ``with``, if beats of `name` may carry one."""
        streams = self._design.streams
        if not any(one.carries for one in streams if one.port == name):
            return {}
        writes = next((one for one in streams if one.rides), None)
        return {writes.port: {field: _small(spec) for field, spec in writes.fields.items()}} if writes else {}

    def _fields(self, name: str) -> Mapping[str, FieldSpec]:
        return grammar_of(self._design, name).fields

    def _count(self, track: TrackSchema) -> int:
        share = self._design.limits.max_items // (track.beats.max * 2 * len(self._schema.tracks))
        return max(1, min(ITEMS, share))


def _small(spec: FieldSpec) -> int:
    return min(1, spec.high)


def _lanes(spec: FieldSpec) -> int | list[int]:
    """Return a value for every lane if there are few lanes, to show that a list is allowed."""
    if not 1 < spec.lanes <= 4:
        return _small(spec)
    return [min(spec.high, 1 + lane) for lane in range(spec.lanes)]

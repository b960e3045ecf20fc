"""Example tests for any design, made from its ports and schema alone: they show the language, not the way to a bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dv_agent.designs.design import Design, FieldSpec, SourcePort, StrobePort
from dv_agent.designs.language.schema import StimulusSchema, TrackSchema, track_kind
from dv_agent.designs.language.stimulus import Step
from dv_agent.designs.program import RESET_TRACK

Shows = Literal["random", "sweep", "directed", "together"]
ITEMS = 40


@dataclass(frozen=True, slots=True)
class Example:
    """A test as JSON data, and what it is to show."""

    shows: Shows
    data: dict[str, Any]


def examples(design: Design, schema: StimulusSchema) -> tuple[Example, ...]:
    """One example of each way to say stimulus; every one expands on this design."""
    kinds = {name: track_kind(design, name) for name in schema.tracks}
    maker = _Maker(design, schema)
    return (
        Example("random", _test("random", {name: maker.random(name, kind) for name, kind in kinds.items()}, seed=1)),
        Example("sweep", _test("sweep", {name: maker.sweep(name, kind) for name, kind in kinds.items()})),
        Example("directed", _test("directed", {name: maker.directed(name, kind) for name, kind in kinds.items()})),
        Example("together", _test("together", {name: maker.together(name, kind) for name, kind in kinds.items()})),
    )


def _test(name: str, tracks: dict[str, list[Step]], **more: Any) -> dict[str, Any]:
    return {"name": name, "tracks": {track: steps for track, steps in tracks.items() if steps}, **more}


class _Maker:
    def __init__(self, design: Design, schema: StimulusSchema) -> None:
        self._design, self._schema = design, schema
        strobes = [name for name, port in design.ports.items() if isinstance(port, StrobePort)]
        self._driven = [*design.source_names, *strobes]
        self._watched = self._driven[0]

    def random(self, name: str, kind: str) -> list[Step]:
        """A random block: a profile where there is one, one field narrowed."""
        track = self._schema.tracks[name]
        if kind == RESET_TRACK:
            return []
        block: dict[str, Any] = {"count": self._count(track)}
        other = next((profile for profile in track.profiles if profile != "default"), None)
        if other:
            block["profile"] = other
        if other and "count" in track.profiles[other]:
            del block["count"]
        fields = self._fields(name)
        if fields and kind in ("source", "strobe"):
            narrowed, spec = next(reversed(fields.items()))
            block[narrowed] = {"set": sorted({spec.low, spec.high})}
        return [{"random": block}]

    def sweep(self, name: str, kind: str) -> list[Step]:
        """Nested loops over a field and a gap, on the first driven track only."""
        if name != self._watched:
            return []
        fields = self._fields(name)
        swept = next((field for field, spec in fields.items() if spec.high >= 3), None)
        payload = {field: "i" if field == swept else _small(spec) for field, spec in fields.items()}
        return [
            {
                "for": {"i": [0, 3], "j": {"values": [0, 5]}},
                "steps": [self._item(name, kind, payload, {"gap": "2*j + 1"})],
            }
        ]

    def directed(self, name: str, kind: str) -> list[Step]:
        """Literal items and timing."""
        payload = {field: _lanes(spec) for field, spec in self._fields(name).items()}
        if kind == "sink":
            return [{"accept": 1}, {"stall": 20}, {"ready": 3}]
        if kind == "responder":
            return [{"serve": 2, "latency": 7, "stall": 2}]
        if kind == RESET_TRACK:
            return []
        return [self._item(name, kind, payload, {}), {"idle": 5}, self._item(name, kind, payload, {"gap": 3})]

    def together(self, name: str, kind: str) -> list[Step]:
        """Tracks that wait for one another, and a reset in mid-test."""
        after = {"after": {"port": self._watched, "accepted": 1}}
        if name == self._watched:
            payload = {field: _small(spec) for field, spec in self._fields(name).items()}
            return [{"repeat": 4, "steps": [self._item(name, kind, payload, {}, self._attached(kind))]}]
        if kind == "sink":
            return [after, {"stall": 10}]
        if kind == RESET_TRACK:
            return [after, {"idle": 6}, {"pulse": 1}]
        return []

    def _item(
        self, name: str, kind: str, payload: dict[str, Any], timing: Step, attached: dict[str, Any] | None = None
    ) -> Step:
        if kind == "strobe":
            return {"write": payload, **timing}
        track = self._schema.tracks[name]
        beats = max(track.beats.min, min(2, track.beats.max))
        beat = {**payload, **({"times": beats} if beats > 1 else {}), **({"with": attached} if attached else {})}
        return {track.item: [beat], **timing}

    def _attached(self, kind: str) -> dict[str, Any]:
        """A write to the first strobe, for ``with``."""
        for name, port in self._design.ports.items():
            if kind == "source" and isinstance(port, StrobePort):
                return {name: {field: _small(spec) for field, spec in port.fields.items()}}
        return {}

    def _fields(self, name: str) -> dict[str, FieldSpec]:
        port = self._design.ports.get(name)
        return port.fields if isinstance(port, SourcePort | StrobePort) else {}

    def _count(self, track: TrackSchema) -> int:
        share = self._design.limits.max_items // (track.beats.max * 2 * len(self._schema.tracks))
        return max(1, min(ITEMS, share))


def _small(spec: FieldSpec) -> int:
    return min(1, spec.high)


def _lanes(spec: FieldSpec) -> int | list[int]:
    """A value for every lane where they are few, to show that a list is possible."""
    if not 1 < spec.lanes <= 4:
        return _small(spec)
    return [min(spec.high, 1 + lane) for lane in range(spec.lanes)]

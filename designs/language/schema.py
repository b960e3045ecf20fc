"""The stimulus schema of a design: its words, its limits, and what random stimulus is drawn from.

Read from ``designs/<name>/stimulus.yaml``. A profile says how one random block
draws; the same profiles serve the random agent, the random blocks that a model
writes, and every measurement, so that "random" means one thing.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dv_agent.designs.design import Design, Frozen, Identifier, ResponderPort, SourcePort, StrobePort
from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.distribution import Distribution, DistributionError, parse_distribution
from dv_agent.designs.program import RESET_TRACK
from dv_agent.errors import UnknownNameError

MAX_WAIT = 100_000
NO_PROFILE = "none"  # in `use`: leave the track out of the test
COUNTS = {
    "source": "packets",
    "sink": "ready/stall pairs",
    "strobe": "writes",
    "responder": "answers",
    "reset": "pulses",
}
TIMING_KEYS = {
    "source": ("gap", "beats"),
    "sink": ("ready", "stall"),
    "strobe": ("gap",),
    "responder": ("latency", "stall"),
    "reset": ("wait", "width"),
}


class Beats(Frozen):
    """Least and greatest length of a packet, in beats."""

    min: int = Field(default=1, ge=1)
    max: int = Field(default=1, ge=1, le=65_536)


class TrackSchema(Frozen):
    """What may be said on one track.

    `profiles` maps a name to distributions by key: ``count``, the timing keys of the
    track's kind (`TIMING_KEYS`, in cycles or beats) and the port's fields.
    A key left out falls back to the profile ``default``, then to the full range.
    """

    item: Identifier = "beat"
    description: str = ""
    fields: dict[Identifier, str] = Field(default_factory=dict, description="one line about each field")
    beats: Beats = Beats()
    profiles: dict[Identifier, dict[Identifier, Any]] = Field(default_factory=dict)
    use: dict[Identifier, float] = Field(
        default_factory=dict, description="profile -> weight, as random tests choose; `none` leaves the track silent"
    )
    memory_words: int = Field(default=0, ge=0, le=1 << 20)


class StimulusSchema(Frozen):
    """The schema of one design: a track for every port that is driven, and ``reset``."""

    schema_version: Literal[1]
    description: str = ""
    tracks: dict[Identifier, TrackSchema]


def load_schema(document: Document, design: Design) -> StimulusSchema:
    """Validate a stimulus.yaml against its design.

    Raises:
        InputFileError: with file, line and what was expected.
    """
    schema = document.validate(StimulusSchema)
    driven = {name for name, port in design.ports.items() if port.kind != "observe"} | {RESET_TRACK}
    for name in schema.tracks:
        if name not in driven:
            raise document.error(("tracks", name), str(UnknownNameError("track", name, driven)))
    for name in sorted(driven - set(schema.tracks)):
        raise document.error(("tracks",), f"no track {name!r}; every driven port and `reset` needs one")
    for name, track in schema.tracks.items():
        _check_profiles(document, design, name, track)
    return schema


def _check_profiles(document: Document, design: Design, name: str, track: TrackSchema) -> None:
    for profile in track.use:
        if profile not in track.profiles and profile != NO_PROFILE:
            raise document.error(
                ("tracks", name, "use", profile), str(UnknownNameError("profile", profile, track.profiles))
            )
    for profile, entries in track.profiles.items():
        for key, data in entries.items():
            try:
                key_distribution(design, track, name, key, data)
            except (DistributionError, UnknownNameError) as error:
                raise document.error(("tracks", name, "profiles", profile, key), str(error)) from None


def track_kind(design: Design, name: str) -> str:
    """``source``, ``sink``, ``strobe``, ``responder`` or ``reset``."""
    return RESET_TRACK if name == RESET_TRACK else design.ports[name].kind


def key_range(design: Design, track: TrackSchema, name: str, key: str) -> tuple[int, int]:
    """The allowed values of a random block's key on a track.

    Raises:
        UnknownNameError: the track has no such key.
    """
    kind = track_kind(design, name)
    if key == "count":
        return 0, design.limits.max_items
    if key == "beats" and kind == "source":
        return track.beats.min, track.beats.max
    if key in TIMING_KEYS[kind]:
        return (1 if key == "width" else 0), MAX_WAIT
    port = None if kind == RESET_TRACK else design.ports[name]
    fields = port.fields if isinstance(port, SourcePort | StrobePort) else {}
    if isinstance(port, ResponderPort) and key == "memory":
        spec = next(iter(port.response.fields.values()))
        return spec.low, spec.high
    if key in fields:
        return fields[key].low, fields[key].high
    raise UnknownNameError(f"key of a random block on track {name!r}", key, ["count", *TIMING_KEYS[kind], *fields])


def key_distribution(design: Design, track: TrackSchema, name: str, key: str, data: Any) -> Distribution:
    """The distribution `data` of a random block's key, checked against the key's range."""
    return parse_distribution(data, *key_range(design, track, name, key))


def default_distribution(design: Design, track: TrackSchema, name: str, profile: str, key: str) -> Distribution:
    """What `key` is drawn from where a random block leaves it out."""
    for entries in (track.profiles.get(profile, {}), track.profiles.get("default", {})):
        if key in entries:
            return key_distribution(design, track, name, key, entries[key])
    low, high = key_range(design, track, name, key)
    if key in ("gap", "stall", "latency"):
        high = 0
    elif key in ("ready", "width", "wait", "count"):
        low = high = 1
    return parse_distribution([low, high], low, high)

"""Constrained-random blocks: what each kind of track draws, from which distributions."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from dv_agent.designs.design import Design, FieldSpec, SourcePort, StrobePort
from dv_agent.designs.language.distribution import Distribution, DistributionError
from dv_agent.designs.language.schema import (
    TIMING_KEYS,
    TrackSchema,
    default_distribution,
    key_distribution,
    track_kind,
)
from dv_agent.designs.language.stimulus import Location, StimulusError
from dv_agent.designs.language.values import Scope, integer, unknown_keys
from dv_agent.designs.program import RESET_TRACK, Op, OpKind
from dv_agent.errors import UnknownNameError

Draws = dict[str, Distribution]


def resolve(block: Any, scope: Scope, where: Location) -> Any:
    """The block with every expression of loop variables replaced by its value.

    Raises:
        StimulusError: an expression that does not evaluate.
    """
    if isinstance(block, dict):
        return {key: part if key == "profile" else resolve(part, scope, (*where, key)) for key, part in block.items()}
    if isinstance(block, list):
        return [resolve(part, scope, where) for part in block]
    return integer(block, scope, where, -(1 << 63), 1 << 63) if isinstance(block, str) else block


def read_block(design: Design, track: TrackSchema, name: str, block: dict[str, Any], where: Location) -> Draws:
    """The distributions of one random block, defaults filled in from its profile.

    Raises:
        StimulusError: an unknown key or profile, or a distribution out of range.
    """
    profile = block.get("profile", "default")
    if not isinstance(profile, str):
        raise StimulusError((*where, "profile"), f"expected the name of a profile, found {str(profile)[:40]!r}")
    if profile != "default" and profile not in track.profiles:
        reason = str(UnknownNameError("profile", str(profile)[:40], track.profiles))
        raise StimulusError((*where, "profile"), reason)
    port = design.ports.get(name)
    fields = port.fields if isinstance(port, SourcePort | StrobePort) else {}
    keys = ("count", *TIMING_KEYS[track_kind(design, name)], *fields)
    unknown_keys(block, (*keys, "seed", "profile"), where)
    return {key: draw_from(design, track, name, key, block.get(key), (*where, key), profile) for key in keys}


def draw_from(
    design: Design, track: TrackSchema, name: str, key: str, given: Any, where: Location, profile: str = "default"
) -> Distribution:
    """The distribution `given`, or the profile's where it is None.

    Raises:
        StimulusError: not a distribution, or out of range.
    """
    if given is None:
        return default_distribution(design, track, name, profile, key)
    try:
        return key_distribution(design, track, name, key, given)
    except (DistributionError, UnknownNameError) as error:
        raise StimulusError(where, str(error)) from None


def _random_packet(draws: Draws, source: random.Random, fields: dict[str, FieldSpec]) -> Iterator[Op]:
    beats = draws["beats"].draw(source)
    for beat in range(1, beats + 1):
        gap = draws["gap"].draw(source)
        yield Op("send", _payload(draws, source, fields), gap=gap, last=int(beat == beats))


def _random_write(draws: Draws, source: random.Random, fields: dict[str, FieldSpec]) -> Iterator[Op]:
    yield Op("write", _payload(draws, source, fields), gap=draws["gap"].draw(source))


def _payload(draws: Draws, source: random.Random, fields: dict[str, FieldSpec]) -> int:
    packed, place = 0, 0
    for name, spec in fields.items():
        draw, mask = draws[name].draw, (1 << spec.width) - 1
        for _ in range(spec.lanes):
            packed |= (draw(source) & mask) << place
            place += spec.width
    return packed


def _random_ready(draws: Draws, source: random.Random, _fields: dict[str, FieldSpec]) -> Iterator[Op]:
    kinds: tuple[OpKind, ...] = ("ready", "stall")
    for kind in kinds:
        cycles = draws[kind].draw(source)
        if cycles:
            yield Op(kind, cycles)


def _random_answer(draws: Draws, source: random.Random, _fields: dict[str, FieldSpec]) -> Iterator[Op]:
    yield Op("serve", 1, gap=draws["latency"].draw(source), stall=draws["stall"].draw(source))


def _random_pulse(draws: Draws, source: random.Random, _fields: dict[str, FieldSpec]) -> Iterator[Op]:
    wait = draws["wait"].draw(source)
    if wait:
        yield Op("idle", wait)
    yield Op("pulse", draws["width"].draw(source))


DRAW: dict[str, Callable[[Draws, random.Random, dict[str, FieldSpec]], Iterator[Op]]] = {
    "source": _random_packet,
    "strobe": _random_write,
    "sink": _random_ready,
    "responder": _random_answer,
    RESET_TRACK: _random_pulse,
}

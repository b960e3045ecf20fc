"""Constrained-random blocks: reading their distributions and drawing operations from them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.distribution import Distribution, DistributionError
from dv_agent.designs.language.schema import TrackSchema, default_distribution, grammar_of, key_distribution
from dv_agent.designs.language.stimulus import Location, StimulusError
from dv_agent.designs.language.values import Scope, integer, unknown_keys
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar, Item, RandomOp
from dv_agent.designs.program import Op
from dv_agent.errors import UnknownNameError

Draws = dict[str, Distribution]


def resolve(block: Any, scope: Scope, where: Location) -> Any:
    """Return the block with every expression of loop variables replaced by its value.

    Raises:
        StimulusError: an expression that cannot be evaluated.
    """
    if isinstance(block, dict):
        return {key: part if key == "profile" else resolve(part, scope, (*where, key)) for key, part in block.items()}
    if isinstance(block, list):
        return [resolve(part, scope, where) for part in block]
    return integer(block, scope, where, -(1 << 63), 1 << 63) if isinstance(block, str) else block


def read_block(design: Design, track: TrackSchema, name: str, block: dict[str, Any], where: Location) -> Draws:
    """Return the distributions of one random block, with defaults from its profile.

    Raises:
        StimulusError: an unknown key or profile, or a distribution out of range.
    """
    profile = block.get("profile", "default")
    if not isinstance(profile, str):
        raise StimulusError((*where, "profile"), f"expected the name of a profile, found {str(profile)[:40]!r}")
    if profile != "default" and profile not in track.profiles:
        reason = str(UnknownNameError("profile", str(profile)[:40], track.profiles))
        raise StimulusError((*where, "profile"), reason)
    grammar = grammar_of(design, name)
    keys = ("count", *grammar.timing_keys, *grammar.fields)
    unknown_keys(block, (*keys, "seed", "profile"), where)
    return {key: draw_from(design, track, name, key, block.get(key), (*where, key), profile) for key in keys}


def draw_from(
    design: Design, track: TrackSchema, name: str, key: str, given: Any, where: Location, profile: str = "default"
) -> Distribution:
    """Return the distribution `given`, or the profile's if it is None.

    Raises:
        StimulusError: not a distribution, or out of range.
    """
    if given is None:
        return default_distribution(design, track, name, profile, key)
    try:
        return key_distribution(design, track, name, key, given)
    except (DistributionError, UnknownNameError) as error:
        raise StimulusError(where, str(error)) from None


def draw_once(grammar: Grammar, draws: Draws, source: random.Random) -> Iterator[Op]:
    """Draw the operations of one of the ``count`` repetitions of a random block."""
    if grammar.item is None:
        for one in grammar.random:
            yield from _drawn(one, draws, source)
    elif grammar.item.packets:
        beats = draws["beats"].draw(source)
        for beat in range(1, beats + 1):
            gap = draws["gap"].draw(source)
            op = Op(grammar.item.op, _payload(draws, source, grammar.fields), gap=gap, last=int(beat == beats))
            yield op if beat > 1 else _with_options(grammar.item, op, draws, source)
    else:
        # Payload, gap, options: another order would draw other tests from the same seed.
        payload = _payload(draws, source, grammar.fields)
        op = Op(grammar.item.op, payload, gap=draws["gap"].draw(source))
        yield _with_options(grammar.item, op, draws, source)


def _with_options(item: Item, op: Op, draws: Draws, source: random.Random) -> Op:
    """Return `op` with the numbers drawn that an item has beside the gap before it."""
    more = {option.member: draws[key].draw(source) - option.least for key, option in item.options.items()}
    return op._replace(stall=more.get("stall", 0))


def _drawn(one: RandomOp, draws: Draws, source: random.Random) -> Iterator[Op]:
    value = draws[one.value].draw(source) if isinstance(one.value, str) else one.value
    members = {member: draws[key].draw(source) for member, key in one.members.items()}
    if value:
        yield Op(one.op, value, gap=members.get("gap", 0), stall=members.get("stall", 0))


def _payload(draws: Draws, source: random.Random, fields: Mapping[str, FieldSpec]) -> int:
    packed, place = 0, 0
    for name, spec in fields.items():
        draw, mask = draws[name].draw, (1 << spec.width) - 1
        for _ in range(spec.lanes):
            packed |= (draw(source) & mask) << place
            place += spec.width
    return packed

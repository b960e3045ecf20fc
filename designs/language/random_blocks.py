"""Constrained-random blocks, transactions and memories: reading their distributions and drawing from them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.distribution import DistributionError, Drawn, parse_drawn
from dv_agent.designs.language.schema import (
    StimulusSchema,
    TrackSchema,
    Transaction,
    default_distribution,
    grammar_of,
    key_distribution,
)
from dv_agent.designs.language.stimulus import Location, Step, StimulusError, Test
from dv_agent.designs.language.values import Scope, fault, integer, unknown_keys
from dv_agent.designs.ports.grammar import Grammar, Item
from dv_agent.designs.program import MAKE, Op
from dv_agent.errors import UnknownNameError

Draws = dict[str, Drawn]
TIMES = "times"
"""Key of a step: how often the transaction is made."""


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
) -> Drawn:
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


def repetitions(step: Step, scope: Scope, where: Location, most: int) -> int:
    """Return how often the transaction of a step is made; once if it does not say.

    Raises:
        StimulusError: not a number from 0 to `most`.
    """
    return integer(step.get(TIMES, 1), scope, (*where, TIMES), 0, most)


def field_draws(one: Transaction, given: Any, scope: Scope, where: Location) -> Draws:
    """Return what each field of a transaction is drawn from: as a step gives it, a number included, else the schema's.

    Raises:
        StimulusError: not an object, an unknown field, or a value out of its range.
    """
    if not isinstance(given, dict):
        raise StimulusError(where, f"expected an object with any of: {', '.join(one.fields)}")
    unknown_keys(given, tuple(one.fields), where)
    draws: Draws = {**one.draws()}
    for name, part in given.items():
        place, known = (*where, name), draws[name]
        try:
            draws[name] = parse_drawn(resolve(part, scope, place), known.low, known.high)
        except DistributionError as error:
            raise fault(place, str(error), part, scope) from None
    return draws


def memory_words(design: Design, schema: StimulusSchema, test: Test) -> dict[str, tuple[int, ...]]:
    """Return the words of every responder: those of the test, else drawn from the schema's distribution.

    Raises:
        StimulusError: no such responder, or words that it cannot hold.
    """
    for name in test.memory:
        if name not in design.memories:
            raise StimulusError(("memory", name), "no responder port of this name")
    memories = {}
    for name, memory in design.memories.items():
        track, given, spec = schema.tracks[name], test.memory.get(name), memory.word
        if isinstance(given, list):
            where: Location = ("memory", name)
            words = [integer(word, {}, (*where, i), spec.low, spec.high) for i, word in enumerate(given)]
            if not 1 <= len(words) <= track.memory_words:
                raise StimulusError(where, f"expected 1 to {track.memory_words} words")
        else:
            drawn = draw_from(design, track, name, "memory", given, ("memory", name))
            source = random.Random(f"{test.seed}/{name}/memory")
            draw = drawn.drawer(source)
            words = [draw() for _ in range(track.memory_words)]
        memories[name] = tuple(word & ((1 << spec.width) - 1) for word in words)
    return memories


class BlockDrawer:
    """Draws the operations of one random block.

    Args:
        draws: the distributions of the block, as of `read_block`.
        step: the top-level step of the track that the operations come from.
    """

    def __init__(self, grammar: Grammar, draws: Draws, source: random.Random, step: int) -> None:
        self._grammar, self._step, self._number = grammar, step, source.random
        self._draw = {key: one.drawer(source) for key, one in draws.items()}
        # Kind, how to draw its number, the number if it is fixed, how to draw members: of operations without payload.
        self._single = [
            (
                one.op,
                self._draw[one.value] if isinstance(one.value, str) else None,
                0 if isinstance(one.value, str) else one.value,
                [(member, self._draw[key]) for member, key in one.members.items()],
            )
            for one in (() if grammar.item else grammar.random)
        ]
        # (how to draw it, if not from a plain range; first value, step and number of values; mask, place) of each lane.
        self._lanes: list[tuple[Callable[[], int] | None, int, int, int, int, int]] = []
        self._fixed = place = 0
        for name, spec in grammar.fields.items():
            plain, mask = draws[name].plain, (1 << spec.width) - 1
            for _ in range(spec.lanes):
                if plain is None:  # each lane has a drawer of its own, because a walk goes on from its last value
                    self._lanes.append((draws[name].drawer(source), 0, 0, 0, mask, place))
                elif plain[2]:
                    self._lanes.append((None, *plain, mask, place))
                else:
                    self._fixed |= (plain[0] & mask) << place
                place += spec.width

    def times(self, count: int, most: int) -> tuple[list[Op], int]:
        """Draw the operations of `count` repetitions of the block; also return how many items they are.

        Args:
            most: the items after which it stops, within a repetition.
        """
        # The order of the draws is fixed: another one would draw other tests from the same seed.
        item = self._grammar.item
        if item and item.packets:
            ops = self._packets(item, count, most)
            return ops, len(ops)
        count, ops = min(count, most + 1), []
        for _ in range(count):
            ops += self._drawn() if item is None else (self._write(item),)
        return ops, count

    def _packets(self, item: Item, count: int, most: int) -> list[Op]:
        beats_of, gap, kind, step = self._draw["beats"], self._draw["gap"], item.op, self._step
        lanes, fixed, number, options = self._lanes, self._fixed, self._number, item.options
        ops: list[Op] = []
        while count > 0 and len(ops) <= most:
            count -= 1
            beats = beats_of()
            for beat in range(1, beats + 1):
                idle, packed = gap(), fixed
                for draw, first, stride, values, mask, place in lanes:  # as `_packed`, without a call for each beat
                    packed |= ((draw() if draw else first + stride * int(number() * values)) & mask) << place
                op = MAKE(Op, (kind, packed, idle, 1 if beat == beats else 0, 0, "", (), step))
                ops.append(self._with_options(item, op) if options and beat == 1 else op)
        return ops

    def _write(self, item: Item) -> Op:
        payload = self._packed()
        return self._with_options(item, Op(item.op, payload, gap=self._draw["gap"](), step=self._step))

    def _packed(self) -> int:
        packed, number = self._fixed, self._number
        for draw, first, stride, count, mask, place in self._lanes:
            packed |= ((draw() if draw else first + stride * int(number() * count)) & mask) << place
        return packed

    def _with_options(self, item: Item, op: Op) -> Op:
        """Return `op` with the numbers drawn that an item has beside the gap before it."""
        if not item.options:
            return op
        more = {option.member: self._draw[key]() - option.least for key, option in item.options.items()}
        return op._replace(stall=more.get("stall", 0))

    def _drawn(self) -> list[Op]:
        ops = []
        for kind, draw, fixed, members in self._single:
            value, gap, stall = draw() if draw else fixed, 0, 0
            for member, drawn in members:
                if member == "gap":
                    gap = drawn()
                else:
                    stall = drawn()
            if value:
                ops.append(MAKE(Op, (kind, value, gap, 1, stall, "", (), self._step)))
        return ops

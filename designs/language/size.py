"""The size of a test in items: bounds before it is expanded, and a count while it is expanded.

An *item* is one beat of a packet, one strobe, one draw of a random block on a track without packets, or any other
single step. A ``ready`` and the ``stall`` right after it count as one item, and so do an ``idle`` and the ``pulse``
right after it, as in one draw; so a literal test (`literal`) is never larger than the test it came from. A loop or
random block that makes nothing counts as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dv_agent.designs.design import Design
from dv_agent.designs.language.distribution import DistributionError
from dv_agent.designs.language.loops.variables import loop_values
from dv_agent.designs.language.schema import (
    StimulusSchema,
    TrackSchema,
    Transaction,
    default_distribution,
    grammar_of,
    key_distribution,
)
from dv_agent.designs.language.stimulus import MAX_DEPTH, Location, Step, StimulusError, Test
from dv_agent.designs.language.values import integer, unknown_keys
from dv_agent.errors import UnknownNameError

MAX_SHARES = 6
ITEM = "an item is one beat, strobe, or other step, with loops and random blocks unrolled"

PAIRS = (("ready", "stall"), ("idle", "pulse"))
"""Pairs of kinds of operations that count as one item if the second follows the first."""
OF_THE_DESIGN = "the limit of this design"


class Size(NamedTuple):
    """Lower and upper bound on the items that a test or step expands to."""

    least: int
    most: int

    def times(self, count: int) -> Size:
        """Return the size of repetitions; at least 1, because a loop that makes nothing still takes processing time."""
        return Size(max(1, self.least * count), max(1, self.most * count))


_ONE, _SECOND = Size(1, 1), Size(0, 1)
_SECONDS = frozenset(second for _, second in PAIRS)
_LOOPS = ("repeat", "for", "random")


def _total(sizes: Iterable[Size]) -> Size:
    least, most = 0, 0
    for size in sizes:
        least, most = least + size.least, most + size.most
    return Size(least, most)


def check_size(design: Design, schema: StimulusSchema, test: Test) -> Size:
    """Return bounds on the items of `test`, from its counts alone: nothing is drawn or unrolled.

    Raises:
        StimulusError: the lower bound exceeds the limit of the design, or a loop whose size cannot be computed.
    """
    least, largest, most = 0, 0, design.limits.max_items
    by_track: dict[str, int] = {}
    place: Location | None = None
    for name, steps in test.tracks.items():
        measure = _Measure(design, schema.tracks[name], name)
        for index, step in enumerate(steps):
            size = measure.plain(step) or measure.step(step, ("tracks", name, index), 0)
            least, largest = least + size.least, largest + size.most
            by_track[name] = by_track.get(name, 0) + size.least
            if least > most and place is None:
                place = ("tracks", name, index)
    if place is not None:
        raise StimulusError(place, too_many(most, f"at least {least:,} in all, by track: {_shares(by_track)}"))
    return Size(least, largest)


def too_many(limit: int, reached: str, whose: str = OF_THE_DESIGN) -> str:
    """Return the message that a test is too large.

    Args:
        reached: the number of items counted.
        whose: which limit it is.
    """
    return f"the test expands to more than {limit} items, {whose}: {reached} ({ITEM})"


@dataclass
class Tally:
    """Counts items while a test is expanded.

    Attributes:
        limit: maximum number of items; `whose` names the limit.
        count: items so far.
        by_track: items so far, for each track.
        whole: bounds on the items of the whole test, if they are known.
    """

    limit: int
    whose: str = OF_THE_DESIGN
    count: int = 0
    by_track: dict[str, int] = field(default_factory=dict)
    whole: Size | None = None

    def add(self, track: str, where: Location, items: int = 1) -> None:
        """Count more items.

        Raises:
            StimulusError: they are too many.
        """
        count = self.count + items
        if count > self.limit:  # the first one too many is told
            items -= count - self.limit - 1
        self.count += items
        self.by_track[track] = self.by_track.get(track, 0) + items
        if count > self.limit:
            message = f"{self.count:,} were reached here, by track: {_shares(self.by_track)}"
            if self.whole:
                least, most = max(self.whole.least, self.count), self.whole.most
                message += f"; {least:,} to {most:,} in all" if least < most else f"; {most:,} in all"
            raise StimulusError(where, too_many(self.limit, message, self.whose))


def _shares(by_track: Mapping[str, int]) -> str:
    """Return the items of each track, the largest share first."""
    ranked = sorted(by_track.items(), key=lambda one: -one[1])
    shares = ", ".join(f"{name} {count:,}" for name, count in ranked[:MAX_SHARES])
    return f"{shares} and {len(ranked) - MAX_SHARES} more tracks" if len(ranked) > MAX_SHARES else shares


class _Measure:
    def __init__(self, design: Design, track: TrackSchema, name: str) -> None:
        self._design, self._track, self._name = design, track, name
        grammar = grammar_of(design, name)
        self._write = "" if grammar.packets else grammar.item_word(track.item)
        self._forms = tuple(grammar.item.forms) if grammar.item and grammar.packets else ()
        own = {*_LOOPS, track.item, self._write, *self._forms, *track.transactions}
        self._words = {one.key: _SECOND if one.key in _SECONDS else _ONE for one in grammar.words if one.key not in own}
        self._packet_keys = {track.item, "gap"} if grammar.packets and not own & {"gap"} else set()

    def plain(self, step: Step) -> Size | None:
        """Return the size of a single word or a packet, as nearly all steps are; None for all else."""
        if type(step) is not dict:
            return None
        if len(step) == 1:
            (word,) = step
            if size := self._words.get(word):
                return size
        return self._packet(step[self._track.item]) if self._is_packet(step) else None

    def _is_packet(self, step: Step) -> bool:
        return self._track.item in step and step.keys() <= self._packet_keys

    def step(self, step: Step, where: Location, depth: int) -> Size:
        if not isinstance(step, dict):
            raise StimulusError(where, f"expected a step, an object, found {str(step)[:40]!r}")
        if depth > MAX_DEPTH:
            raise StimulusError(where, f"loops nested deeper than {MAX_DEPTH}")
        if self._write and self._write in step:
            return Size(1, 1)
        for word, one in self._track.transactions.items():
            if word in step:
                return self._transaction(step, one, word, where, depth)
        if "repeat" in step:
            unknown_keys(step, ("repeat", "steps"), where)
            count = integer(step["repeat"], {}, (*where, "repeat"), 0, 1 << 62)
            return self._body(step, where, depth).times(count)
        if "for" in step:
            unknown_keys(step, ("for", "steps"), where)
            size = self._body(step, where, depth)
            for values in loop_values(step["for"], (*where, "for")).values():
                size = size.times(len(values))
            return size
        if "random" in step:
            return self._random(step["random"], (*where, "random"))
        return self._packet(step[self._track.item]) if self._track.item in step else self._single(step)

    def _transaction(self, step: Step, one: Transaction, word: str, where: Location, depth: int) -> Size:
        """Return the size of a transaction; if `times` is an expression, up to the limit of the design."""
        size = self._body({"steps": list(one.steps)}, (*where, word), depth)
        if isinstance(step.get("times"), str):
            return Size(1, size.times(self._design.limits.max_items).most)
        return size.times(integer(step.get("times", 1), {}, (*where, "times"), 0, 1 << 62))

    def _single(self, step: Step) -> Size:
        """Return the size of a step that is neither a loop nor a list of beats."""
        if any(word in step for word in self._forms):
            return Size(1, self._track.beats.max)
        return Size(0, 1) if any(second in step for _, second in PAIRS) else Size(1, 1)

    def _packet(self, beats: Any) -> Size:
        """Return the size of a packet, given by its beats; if `times` is an expression, up to the longest packet."""
        fewest, longest = self._track.beats.min, self._track.beats.max
        given = beats if isinstance(beats, list) else [beats]
        found = 0
        for one in given:
            count = one.get("times", 1) if isinstance(one, dict) else 1
            if isinstance(count, str):
                return Size(fewest, longest)
            found += count if isinstance(count, int) else 0
        found = min(max(found, 1), longest)
        return Size(found, found)

    def _body(self, step: Step, where: Location, depth: int) -> Size:
        steps = step.get("steps")
        if not isinstance(steps, list) or not steps:
            raise StimulusError((*where, "steps"), "expected a list of steps")
        return _total(self.step(inner, (*where, "steps", index), depth + 1) for index, inner in enumerate(steps))

    def _random(self, block: Any, where: Location) -> Size:
        if not isinstance(block, dict):
            raise StimulusError(where, 'expected an object such as {"count": 50}')
        profile = block.get("profile", "default")
        sizes = {"beats": Size(1, 1)}
        for key in ("count", "beats"):
            if key == "beats" and not grammar_of(self._design, self._name).packets:
                continue
            try:
                if key == "beats" and _has_expression(block.get(key)):
                    sizes[key] = Size(self._track.beats.min, self._track.beats.max)
                    continue
                if key in block:
                    # Only the size matters here; the caller reports a count beyond the limit.
                    if key == "count" and isinstance(block[key], int) and block[key] > self._design.limits.max_items:
                        return Size(block[key], block[key])
                    drawn = key_distribution(self._design, self._track, self._name, key, block[key])
                else:
                    drawn = default_distribution(self._design, self._track, self._name, str(profile), key)
            except (DistributionError, UnknownNameError) as error:
                raise StimulusError((*where, key), str(error)) from None
            sizes[key] = Size(drawn.low, drawn.high)
        count, beats = sizes["count"], sizes["beats"]
        return Size(max(1, count.least * beats.least), max(1, count.most * beats.most))


def _has_expression(data: Any) -> bool:
    if isinstance(data, dict | list):
        return any(map(_has_expression, data.values() if isinstance(data, dict) else data))
    return isinstance(data, str)

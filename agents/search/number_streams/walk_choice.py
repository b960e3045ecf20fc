"""Choice of the walks that the search agent sends through streams of numbers: by the new bins that each kind won."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.baselines.walks import LENGTHS, MOST_BITS, TURNS, walk
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.number_streams.step_cycles import StepCycles, SteppedNumbers, gone_through
from dv_agent.designs.language.schema import streams_of_numbers
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.prompts.view import Outcome

BITS = tuple(range(2, MOST_BITS + 1))
NUMBERS = 160
"""Numbers in a test."""
FORGET = 0.995
FLOOR = 0.01
SHARPNESS = 3.0
"""Exponent of the rates; above 1 the best kind of walk is taken more often than its share of what was won."""


class WalkKind(NamedTuple):
    """A kind of walk: places in `BITS`, `TURNS` and `LENGTHS`."""

    bits: int
    turns: int
    length: int


@dataclass(slots=True)
class _Won:
    """Recent new bins and cycles of the walks that share one property."""

    bins: float = 1.0
    cycles: float = 200.0

    @property
    def rate(self) -> float:
        return self.bins / self.cycles


def _fresh(count: int) -> list[_Won]:
    return [_Won() for _ in range(count)]


@dataclass
class WalkChoice:
    """What each size, number of turns and length of a walk has won; the three are learnt apart.

    Attributes:
        cycles: the steps that are still to come, of each size and number of turns.
    """

    cycles: StepCycles = field(default_factory=StepCycles)
    won: tuple[list[_Won], ...] = field(
        default_factory=lambda: tuple(_fresh(len(kinds)) for kinds in (BITS, TURNS, LENGTHS))
    )

    def choose(self, source: random.Random) -> WalkKind:
        """Return a kind of walk: the more new bins its properties won for each cycle, the likelier."""
        return WalkKind(*(_chosen(one, source) for one in self.won))

    def learn(self, kind: WalkKind, bins: int, cycles: int) -> None:
        """Add the result of one test."""
        for place, properties in zip(kind, self.won, strict=True):
            one = properties[place]
            one.bins, one.cycles = FORGET * one.bins + bins, FORGET * one.cycles + cycles

    def learn_steps(self, stepped: SteppedNumbers, outcome: Outcome, sites: MoveSites) -> None:
        """Note the steps that won a bin, so that the others come again first."""
        streams = _streams(sites)
        for name, step, _ in outcome.by_step:
            if streams.get(name):  # the steps of other tracks are no numbers of the walk
                self.cycles.won(stepped.at(step))


def _chosen(properties: Sequence[_Won], source: random.Random) -> int:
    most = max(one.rate for one in properties)
    weights = [max((one.rate / most) ** SHARPNESS, FLOOR) if most else 1.0 for one in properties]
    return source.choices(range(len(properties)), weights)[0]


def has_streams(sites: MoveSites) -> bool:
    """Return whether the design has a stream of numbers."""
    return any(_streams(sites).values())


def walking_test(
    sites: MoveSites, kind: WalkKind, cycles: StepCycles, source: random.Random
) -> tuple[Test, SteppedNumbers | None]:
    """Return a random test in which every stream of numbers walks, without gaps and resets, and the steps, if known."""
    test, stepped = random_test(sites.design, sites.schema, source), None
    tracks: dict[str, tuple[Step, ...]] = {
        name: steps for name, steps in test.tracks.items() if name in sites.design.grammars
    }
    bits, turns, length = BITS[kind.bits], TURNS[kind.turns], LENGTHS[kind.length]
    if isinstance(turns, int) and gone_through(bits, turns):
        stepped = cycles.drawn(bits, turns, length, NUMBERS, source)
    way: Mapping[str, Any] = walk(bits, turns, length)
    for name, fields in _streams(sites).items():
        if fields and stepped:
            tracks[name] = tuple(_walked(sites, name, stepped.numbers(), source))
        elif fields:
            tracks[name] = ({"random": {"count": NUMBERS, "gap": 0, **dict.fromkeys(fields, way)}},)
    return Test(seed=test.seed, tracks=tracks, memory=test.memory), stepped


def _walked(sites: MoveSites, name: str, numbers: Iterable[int], source: random.Random) -> Iterator[Step]:
    """Yield an item for each number, counted from a random one on; beyond the last one they go on at the other end."""
    grammar = sites.design.grammars[name]
    word = grammar.item_word(sites.schema.tracks[name].item)
    (field, spec), *_ = grammar.fields.items()
    first, span = source.randint(spec.low, spec.high), spec.high - spec.low + 1
    for number in numbers:
        yield {word: [{field: spec.low + (first + number - spec.low) % span}]}


def _streams(sites: MoveSites) -> dict[str, Sequence[str]]:
    design, tracks = sites.design, sites.schema.tracks
    return {name: streams_of_numbers(design, tracks[name], name) for name in design.grammars}

"""Streams of numbers, and walks over them: values that go on from one another, which uniform draws almost never do.

A track is a stream of numbers if its packets have one beat and a field of one wide lane, such as addresses. Two uniform
draws of 32 bits are no small step apart, so what a design derives from neighbours (strides, runs, wraps) stays out of reach
of them. Only the kind of the port, the width and the lanes are read.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from dv_agent.designs.language.schema import TrackSchema
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar

WIDE = 12
"""Bits from which on a field counts as wide."""
MOST_BITS = 12
"""Of a step; longer ones are no more than uniform draws."""
LENGTHS = (4, 8, 12, 16, 24, 32)
"""How many values the same steps make before new ones are drawn."""
TURNS: tuple[Any, ...] = (1, 2, [1, 2], [1, 4])
"""How many steps take turns."""


def streams_of_numbers(grammar: Grammar, track: TrackSchema) -> dict[str, FieldSpec]:
    """Return the wide fields of a stream of numbers; none on any other track."""
    if not grammar.packets or track.beats.max > 1:
        return {}
    fields: Mapping[str, FieldSpec] = grammar.fields
    return {name: spec for name, spec in fields.items() if spec.lanes == 1 and spec.width >= WIDE}


def walk(bits: int, turns: Any, length: int) -> dict[str, Any]:
    """Return a walk by steps of so many bits in two's complement, sign included."""
    half = 1 << (bits - 1)
    return {"walk": [-half, half - 1], "turns": turns, "for": [length, length + 1]}


def drawn_walk(source: random.Random) -> dict[str, Any]:
    """Return a walk of any of the kinds above."""
    return walk(source.randint(2, MOST_BITS), source.choice(TURNS), source.choice(LENGTHS))

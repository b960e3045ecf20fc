"""Bounded checking and mutual induction of many small questions, each asked alone with what is known of the others.

A question is a property of a circuit; they come in the order of what depends on what, so that what has been answered
makes the next one easy.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence

from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.unrolling import OutOfTimeError, Unrolling

_CONFLICTS = 3_000


def first_hits(
    circuit: Circuit, names: Sequence[str], hints: Collection[str], cycles: int, deadline: float
) -> dict[str, int]:
    """Return the properties hit in the first cycle from power-up in which any is -> that cycle.

    Args:
        hints: those of `names` that count as hit if it is not soon known that they are not.

    Raises:
        OutOfTimeError: no result in time.
    """
    part = circuit.reduced(names)
    with Unrolling(part, from_power_up=True, deadline=deadline) as model:
        for cycle in range(cycles if part.next else 1):
            found: dict[str, int] = {}
            literals = {name: model.literal(cycle, part.properties[name]) for name in names}
            for name, literal in literals.items():
                if name in found:
                    continue
                hint = name in hints
                answer = model.is_soon_possible([literal], _CONFLICTS) if hint else model.is_possible([literal])
                if answer is False:
                    model.always([-literal])
                    continue
                found[name] = cycle
                if answer:
                    hit = model.true_of([*literals.values()])
                    found |= {one: cycle for one, true in zip(literals, hit, strict=True) if true}
            if found:
                return found
    return {}


def proved_together(
    circuit: Circuit, names: Sequence[str], known: Sequence[str], depth: int, deadline: float
) -> list[str]:
    """Return a set of `names` that prove each other: if none is hit in `depth` cycles, none is in the next.

    With none of them hit in the first `depth` cycles from power-up, that proves them unreachable.

    Args:
        known: properties that are never hit.

    Raises:
        OutOfTimeError: no result in time; then nothing is proved.
    """
    part = circuit.reduced([*names, *known])
    with Unrolling(part, from_power_up=False, deadline=deadline) as model:
        for cycle in range(depth + 1):
            for name in known:
                model.always([-model.literal(cycle, part.properties[name])])
        before = {name: model.any_of([1]) for name in names}
        for name, quiet in before.items():
            for cycle in range(depth):
                model.always([-quiet, -model.literal(cycle, part.properties[name])])
        then = {name: model.literal(depth, part.properties[name]) for name in names}
        kept = list(names)
        while True:
            lost = set(_failing(model, kept, before, then, deadline))
            if not lost:
                return kept
            kept = [name for name in kept if name not in lost]


def _failing(
    model: Unrolling, kept: Sequence[str], before: dict[str, int], then: dict[str, int], deadline: float
) -> Iterator[str]:
    """Yield those of `kept` that the others do not prove, or not at once."""
    this = model.all_of([before[name] for name in kept])  # what is learned holds with these assumptions only
    lost: set[str] = set()
    for name in kept:
        if name in lost:
            continue
        answer = model.is_soon_possible([then[name], this], _CONFLICTS)
        if answer is False:
            model.always([-this, -then[name]])
            continue
        hit = {name}
        if answer:
            true = model.true_of([then[one] for one in kept])
            hit |= {one for one, wrong in zip(kept, true, strict=True) if wrong}
        yield from hit - lost
        lost |= hit
        if time.monotonic() > deadline:
            raise OutOfTimeError

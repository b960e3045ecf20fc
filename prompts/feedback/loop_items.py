"""The loop variables with which a step of a test made one of its items, without expanding it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

from dv_agent.designs.language.loops.variables import loop_values
from dv_agent.designs.language.stimulus import Step, StimulusError


def loop_variables(step: Step, number: int, items: Collection[str]) -> dict[str, int] | None:
    """Return the loop variables of item `number`, from 0, of a step; None if nobody can tell without expanding it.

    Args:
        items: the keywords of steps that are one item, such as a packet.
    """
    try:
        found = next(islice(_items([step], {}, items), number, None), None)
    except (StimulusError, ValueError, TypeError, KeyError):
        return None
    return dict(found) if found is not None else None


def _items(steps: Sequence[Any], scope: Mapping[str, int], items: Collection[str]) -> Iterator[Mapping[str, int]]:
    for step in steps:
        if any(word in step for word in items):
            yield scope
        elif "random" in step:
            for _ in range(int(step["random"]["count"])):
                yield scope
        elif "repeat" in step:
            for _ in range(int(step["repeat"])):
                yield from _items(step["steps"], scope, items)
        elif "for" in step and "steps" in step:
            loops = loop_values(step["for"], ("for",))
            for values in product(*loops.values()):
                yield from _items(step["steps"], {**scope, **dict(zip(loops, values, strict=True))}, items)
        elif not {"idle", "at", "after", "hold", "stall"} & step.keys():
            raise ValueError(f"{', '.join(step)}: a step whose items are not counted")

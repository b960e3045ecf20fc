"""How many values of the loop variables of a sweep are at fault: one is enough to refuse the whole test."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import product
from math import prod

from dv_agent.designs.language.size import Tally
from dv_agent.designs.language.stimulus import StimulusError
from dv_agent.designs.language.values import Scope
from dv_agent.designs.program import Op

REFUSED = "the whole test is refused"
Again = Callable[[Scope, Tally], Iterator[Op]]
"""Expands a step once more, with these values of some loop variables and with a count of items of its own."""


def with_count(error: StimulusError, loops: Mapping[str, Collection[int]], again: Again, limit: int) -> StimulusError:
    """Return the error of a step of a sweep; if it depends on loop variables, with the number of values at fault.

    Args:
        loops: the values of every loop variable around the step.
        again: expands the step.
        limit: on the items, and on the combinations, that are expanded to find out; beyond it no number is told.
    """
    names = [*error.variables]
    if not names or not all(name in loops for name in names):
        return StimulusError(error.location, error.reason)
    values = [dict.fromkeys(loops[name]) for name in names]
    total, tally = prod(map(len, values)), Tally(limit)
    faults = 0
    if 1 < total <= limit:
        faults = sum(_fails(again(dict(zip(names, one, strict=True)), tally), tally) for one in product(*values))
    told = f"{_of(faults, total, names)} at fault, so " if faults and tally.count <= limit else ""
    return StimulusError(error.location, f"{error.reason}; {told}{REFUSED}")


def _fails(ops: Iterator[Op], tally: Tally) -> bool:
    if tally.count > tally.limit:
        return False
    try:
        deque(ops, maxlen=0)
    except StimulusError:
        return True
    return False


def _of(faults: int, total: int, names: list[str]) -> str:
    what = f"values of {names[0]}" if len(names) == 1 else f"combinations of {', '.join(names)}"
    if faults == total:
        return f"all {total} {what} are"
    return f"{faults} of the {total} {what} {'is' if faults == 1 else 'are'}"

"""Bounded model checking of many properties at once, and mutual induction over those that were not hit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dv_agent.designs.trace import BoolColumn
from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.unrolling import OutOfTimeError, Unrolling


def hit_within(
    circuit: Circuit, names: Sequence[str], cycles: int, deadline: float, say: Callable[[str], None]
) -> tuple[dict[str, int], int]:
    """Return the properties that can be hit -> the cycle, and the number of cycles in which no other can be.

    Args:
        cycles: how many are looked at, from power-up.
        deadline: `time.monotonic` at which it ends early.
    """
    found: dict[str, int] = {}
    open_names = list(names)
    part = circuit.reduced(names)
    done = 0
    with Unrolling(part, from_power_up=True, deadline=deadline) as model:
        for cycle in range(cycles):
            try:
                hits = hits_in(model, part, open_names, cycle)
            except OutOfTimeError:
                break
            found |= dict.fromkeys(hits, cycle)
            open_names = [name for name in open_names if name not in found]
            done = cycle + 1
            say(f"bounded: {done} of {cycles} cycles, {len(found)} of {len(names)} properties hit")
            if not open_names:
                break
    return found, done


def hits_in(model: Unrolling, circuit: Circuit, names: Sequence[str], cycle: int) -> list[str]:
    """Return the properties that can be hit in a cycle; the solver then knows that the others cannot."""
    literals = {name: model.literal(cycle, circuit.properties[name]) for name in names}
    found: list[str] = []
    while literals:
        one_of = model.any_of(list(literals.values()))
        if not model.is_possible([one_of]):
            for one in literals.values():  # which the solver need not find out again
                model.always([-one])
            break
        true = [name for name, hit in zip(literals, model.true_of(list(literals.values())), strict=True) if hit]
        found += true
        literals = {name: one for name, one in literals.items() if name not in true}
    return found


def way_to(circuit: Circuit, name: str, cycle: int, deadline: float) -> BoolColumn:
    """Return bool[cycles, inputs]: inputs from power-up with which a property is hit in `cycle`, in which it can be.

    Raises:
        OutOfTimeError: not found in time.
    """
    with Unrolling(circuit, from_power_up=True, deadline=deadline) as model:
        if not model.is_possible([model.literal(cycle, circuit.properties[name])]):
            raise ValueError(f"{name} cannot be hit in cycle {cycle}")
        rows = [model.true_of(model.inputs(one)) for one in range(cycle + 1)]
    return np.array(rows, dtype=np.bool_).reshape(cycle + 1, circuit.inputs)


def inductive(circuit: Circuit, names: Sequence[str], depth: int, deadline: float) -> list[str]:
    """Return the largest set of `names` that prove each other: if none is hit in `depth` cycles, none is in the next.

    With none of them hit in the first `depth` cycles from power-up, that proves them unreachable.

    Raises:
        OutOfTimeError: no result in time; then nothing is proved.
    """
    kept = list(names)
    part = circuit.reduced(kept)
    with Unrolling(part, from_power_up=False, deadline=deadline) as model:
        # A literal for each property that, if true, demands that it was not hit before.
        before: dict[str, int] = {}
        for name in kept:
            quiet = model.any_of([1])
            for cycle in range(depth):
                model.always([-quiet, -model.literal(cycle, part.properties[name])])
            before[name] = quiet
        while kept:
            literals = [model.literal(depth, part.properties[name]) for name in kept]
            one_of = model.any_of(literals)
            if not model.is_possible([one_of, *(before[name] for name in kept)]):
                return kept
            hit = model.true_of(literals)
            kept = [name for name, wrong in zip(kept, hit, strict=True) if not wrong]
    return kept

"""Signals that have one value only: tied inputs, constants handed down the hierarchy, registers that nothing changes.

Only for two-state simulation, in which what was never written is 0. Conservative: a signal that anything not understood
may write is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dv_agent.designs.constants.instance_nodes import Instance, Place, Write
from dv_agent.designs.constants.known_values import Evaluator

MOST_ROUNDS = 8


def constant_signals(
    instances: Sequence[Instance], ties: Mapping[str, int],
    is_dead: Callable[[Evaluator], Callable[[Instance, Place], bool]],
) -> Evaluator:  # fmt: skip
    """Return an evaluator that knows the signals of one value.

    Args:
        instances: the top first.
        ties: input of the top -> its value.
        is_dead: of what an evaluator knows, returns a test of whether a place of an instance is never reached.
    """
    top, free = instances[0], _inputs_of(instances[0])
    known = {f"{top.path}.{name}": value for name, value in ties.items()}
    fixed = set(known) | {f"{top.path}.{name}" for name in free}
    for _ in range(MOST_ROUNDS):
        evaluator = Evaluator(known, top.body)
        dead = is_dead(evaluator)
        found = dict(known)
        writes: dict[str, list[Write]] = defaultdict(list)
        for one in instances:
            for write in one.writes:
                if write.place is None or not dead(one, write.place):
                    writes[write.signal].append(write)
        for one in instances:
            for signal, expression in one.inputs.items():
                value = 0 if expression is None else evaluator.value(expression)
                if value is not None and not writes[signal]:
                    found[signal] = value
            for signal in one.signals:
                if signal not in fixed and signal not in one.inputs:
                    value = _only_value(writes[signal], evaluator)
                    if value is not None:
                        found[signal] = value
        if found == known:
            break
        known = found
    return Evaluator(known, top.body)


def _inputs_of(top: Instance) -> list[str]:
    """Return the ports of the top that a testbench may drive."""
    return [port.name for port in top.body.portList if not str(getattr(port, "direction", ".In")).endswith(".Out")]


def _only_value(writes: Sequence[Write], evaluator: Evaluator) -> int | None:
    """Return the value that all writes agree on; 0 if there are none."""
    values = {0: True} if not writes else {}
    for write in writes:
        value = _value_of(write.value, evaluator)
        if value is None or (not write.whole and value):
            return None
        values[value] = values.get(value, True) and write.lasting
    if len(values) != 1:
        return None
    value, lasting = values.popitem()
    # Until a register is written it is 0.
    return value if lasting or value == 0 else None


def _value_of(value: Any, evaluator: Evaluator) -> int | None:
    if value is None:
        return None
    if isinstance(value, str):
        return evaluator.known.get(value)
    return evaluator.value(value)

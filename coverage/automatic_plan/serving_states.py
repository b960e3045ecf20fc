"""What state machines exclude: in which states a design accepts an input or offers an output, if nothing else matters.

A design that does one thing after the other cannot move two streams at once, nor one stream in consecutive cycles. Bins
for that could never be hit. Only what the RTL says in so many words is used: a ready or valid that is a function of one
state register of the top module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.language.expression import parse
from dv_agent.designs.language.expression_nodes import ExpressionError
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.reader.structure import Assignment, Module, StateMachine, Structure

_WORDS = ((re.compile(r"\|\|"), " or "), (re.compile(r"&&"), " and "), (re.compile(r"!(?!=)"), " not "))


@dataclass(frozen=True, slots=True)
class Serving:
    """A stream that is open only in some states of a machine.

    Attributes:
        register: the state register.
        open: states in which its ready (of an input) or its valid (of an output) is high.
        every: all states.
        once: whether each transfer leads to a state in which it is not open.
    """

    register: str
    open: frozenset[str]
    every: frozenset[str]
    once: bool

    def states_for(self, stream: Stream, doing: str) -> frozenset[str]:
        """Return the states in which the stream can be ``idle``, ``stalled`` or ``moves``."""
        closed = self.every - self.open
        if stream.driven:
            return {"idle": self.every, "stalled": closed}.get(doing, self.open)
        return closed if doing == "idle" else self.open


Servings = Mapping[str, Serving]
"""Stream key -> when it is open; streams of which that is not known are left out."""


def serving_states(design: Design, structure: Structure | None) -> Servings:
    """Return when the streams of `design` are open."""
    if structure is None or not structure.has(structure.top):
        return {}
    module = structure.module(structure.top)
    codes = {one.path: one.states for one in design.probes.values() if one.states}
    found: dict[str, Serving] = {}
    for machine in module.machines:
        states = codes.get(machine.state_register, {})
        for stream in design.streams if len(states) > 1 else ():
            signal = stream.ready if stream.driven else stream.valid
            held = _open_states(module, signal, machine.state_register, states) if signal else None
            if held is not None:
                once = all(_leaves(design, stream, machine, state, held) for state in held)
                found[stream.key] = Serving(machine.state_register, held, frozenset(states), bool(held) and once)
    return found


def together(servings: Servings, one: tuple[Stream, str], other: tuple[Stream, str]) -> bool:
    """Return whether two streams can do this in the same cycle, as far as is known. Args: (stream, what it does)."""
    first, second = servings.get(one[0].key), servings.get(other[0].key)
    if first is None or second is None or first.register != second.register:
        return True
    return bool(first.states_for(*one) & second.states_for(*other))


def _open_states(module: Module, signal: str, register: str, states: Mapping[str, int]) -> frozenset[str] | None:
    drivers = [one for one in module.assignments if signal in one.targets]
    if len(drivers) != 1 or not _is_function(drivers[0], register, states):
        return None
    text = drivers[0].right
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    try:
        expression = parse(text)
        return frozenset(name for name, code in states.items() if expression.evaluate({**states, register: code}))
    except ExpressionError:
        return None


def _is_function(one: Assignment, register: str, states: Mapping[str, int]) -> bool:
    plain = one.kind in ("continuous", "combinational") and not one.conditions
    return plain and register in one.sources and {*one.sources} <= {register, *states}


def _leaves(design: Design, stream: Stream, machine: StateMachine, state: str, held: frozenset[str]) -> bool:
    """Return whether a transfer in `state` leads to a state in which the stream is not open."""
    other = stream.valid if stream.driven else stream.ready
    resets = {reset.signal for reset in design.resets}
    for arc in machine.arcs:
        parts = {part.strip() for part in arc.condition.split("&&")}
        rest = {part for part in parts if part and part.lstrip("!~ ") not in resets}
        if arc.source == state and arc.target not in held and rest <= {other}:
            return True
    return False

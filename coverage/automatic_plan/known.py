"""What is known from the RTL about what can never be, so that no bin asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dv_agent.coverage.automatic_plan.serving_states import Servings, serving_states, together
from dv_agent.designs.design import Design
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.probes.look_up import looked_up
from dv_agent.designs.reader.structure import Structure

_BASE = re.compile(r"[\[{]")  # behind the name of a port, a slice or an element begins
_HANDSHAKES = {"idle": (False, None), "stalled": (True, False), "moves": (True, True)}
"""What a stream does -> (valid, ready); None: either."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the RTL excludes.

    Attributes:
        constant: signals of outputs that always have the same value.
        wired: output -> input that it is nothing else than.
        servings: streams that are open only in some states.
    """

    constant: frozenset[str] = frozenset()
    wired: Mapping[str, str] = field(default_factory=dict)
    servings: Servings = field(default_factory=dict)

    def once(self, stream: Stream) -> bool:
        """Return whether a stream cannot move in consecutive cycles."""
        return stream.key in self.servings and self.servings[stream.key].once

    def together(self, one: Stream, mine: str, other: Stream, his: str) -> bool:
        """Return whether two streams can do this in the same cycle, as far as is known."""
        (valid, ready), (other_valid, other_ready) = _HANDSHAKES[mine], _HANDSHAKES[his]
        if valid != other_valid and self._same(one.valid, other.valid):
            return False
        if None not in (ready, other_ready) and ready != other_ready and self._same(one.ready or "", other.ready or ""):
            return False
        return together(self.servings, (one, mine), (other, his))

    def _same(self, one: str, other: str) -> bool:
        return self.wired.get(one) == other or self.wired.get(other) == one


def known_from(design: Design, structure: Structure | None) -> Known:
    """Return what is known of `design`. Args: structure: of its RTL; None if that cannot be read."""
    if structure is None:
        return Known()
    answer = looked_up(design, structure)
    constant = frozenset(signal for signal in _signals(design) if _BASE.split(signal)[0] in answer.constant)
    return Known(constant, answer.wired, serving_states(design, structure))


def _signals(design: Design) -> Iterator[str]:
    for name, port in design.ports.items():
        for stream in port.streams(name):
            yield from (signal for signal, _ in stream.signals())
        yield from (spec.signal for spec in port.levels().values())

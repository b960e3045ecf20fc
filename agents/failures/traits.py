"""Comparison of two shrunk tests by their traits, to decide whether they show the same bug.

Certainty needs a fix of the RTL. But a shrunk test contains little more than its bug needs: the tracks, one or several
packets, pauses, fields that are not 0, the values of narrow fields such as a mode. Tests that share most of these
traits on the same check and port are taken for the same bug; a finding says how many tests were merged this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.program import Op, Program, unpack
from dv_agent.runners.checks.failure import CheckFailure

ALIKE = 0.6
"""Minimum share of all their traits that two tests of one bug have in common."""
NARROW = 3
"""Maximum width in bits of a field whose value is a trait; of wider fields only whether it is not 0."""


def traits_of(design: Design, program: Program) -> frozenset[str]:
    """Return the traits of a shrunk test."""
    return frozenset(one for track, ops in program.tracks.items() for one in _of_track(design, track, ops))


@dataclass(frozen=True, slots=True)
class Sign:
    """Signature of a failing test: its first failure, its traits, and whether shrinking was completed."""

    failure: CheckFailure
    traits: frozenset[str]
    whole: bool = True

    def like(self, other: Sign) -> bool:
        """Return whether both show the same bug; if the failing fields differ, they count as traits.

        A test that was not shrunk completely has extra traits, so only the traits of the other test are required.
        """
        if (self.failure.check, self.failure.port) != (other.failure.check, other.failure.port):
            return False
        first, second = self.traits, other.traits
        fields = [one.failure.field.split("[", maxsplit=1)[0] for one in (self, other)]
        if fields[0] != fields[1]:
            first, second = first | {f"shows in {fields[0]}"}, second | {f"shows in {fields[1]}"}
        if not self.whole and not other.whole:
            base = min(first, second, key=len)
        elif not self.whole or not other.whole:
            base = second if not self.whole else first
        else:
            base = first | second
        return first == second or len(first & second) >= ALIKE * len(base)


def _of_track(design: Design, track: str, ops: tuple[Op, ...]) -> Iterator[str]:
    grammar = design.grammars.get(track)
    item = grammar.item if grammar else None
    sent = [op for op in ops if item and op.kind == item.op]
    if item and item.packets:
        yield from (f"{track}: several packets" for _ in range(sum(op.last for op in sent) > 1))
        yield from (f"{track}: several beats in a packet" for op in sent if not op.last)
    for op in ops:
        if item and op.kind == item.op:
            yield from (f"{track}: {one}" for one in _values(item.fields, op.value))
        else:
            yield f"{track}: {op.kind}"
        if op.gap or op.stall:
            yield f"{track}: pauses"
        for name, payload in op.strobes:
            yield f"{track}: with {name}"
            yield from (f"{name}: {one}" for one in _values(design.grammars[name].fields, payload))
    if track in design.write_ports:
        yield f"{track}: used"


def _values(fields: Mapping[str, FieldSpec], payload: int) -> Iterator[str]:
    for name, value in unpack(fields, payload).items():
        if value and value != [0] * fields[name].lanes:
            yield f"{name}={value}" if fields[name].lanes == 1 and fields[name].width <= NARROW else name

"""Whether a bug report names the right place: the seeded change, or next to it on the way to the failing output.

The change is what differs between the broken RTL and the original: its lines, and the signals whose drivers,
conditions, declarations or connections are others. From these signals the influence is followed forward, inside the
cone of the failing output, over at most `DISTANCE` assignments. A place is right if its lines touch the changed lines
or an assignment within that distance, or if at least half of its signals lie within it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dv_agent.agents.toolbox.arguments import MAX_PLACE_LINES, MAX_PLACE_SIGNALS
from dv_agent.agents.tools.claims_and_reports import Place
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import read_text
from dv_agent.designs.reader.changes import changed_signals
from dv_agent.designs.reader.cone import cone_of, influence_of
from dv_agent.designs.reader.structure import Module, Structure
from dv_agent.runners.checks.failure import CheckFailure

DISTANCE = 2
"""Assignments (registers or logic) from the seeded change that a place may be away; module boundaries cost none."""


@dataclass(frozen=True)
class SeededChange:
    """What a seeded bug changed.

    Args:
        original, broken: the design without and with the bug, same files in the same order.
        original_rtl, broken_rtl: what was read from them.
    """

    original: Design
    broken: Design
    original_rtl: Structure
    broken_rtl: Structure

    @cached_property
    def lines(self) -> dict[str, frozenset[int]]:
        """File name of the broken RTL -> numbers of its changed lines; beside a gap, the lines around it."""
        files = zip(self.original.source_files(), self.broken.source_files(), strict=True)
        found = {new.name: frozenset(_changed(read_text(old), read_text(new))) for old, new in files}
        return {name: lines for name, lines in found.items() if lines}

    def distance(self, place: Place, failure: CheckFailure) -> int | None:
        """Assignments from the change to `place`, on the way to where `failure` shows; None where it is too far."""
        if not self.broken_rtl.has(place.module):
            return None
        module = self.broken_rtl.module(place.module)
        near = self._near(module, failure)
        found = [*self._of_lines(place, module, near), *_of_signals(place, near)]
        return min(found, default=None)

    def _near(self, module: Module, failure: CheckFailure) -> dict[str, int]:
        """Signal of the module -> distance, the least over its instances."""
        rtl = self.broken_rtl
        cone = cone_of(rtl, _roots(self.broken, rtl, failure))
        changed = changed_signals(self.original_rtl, rtl)
        distances = dict.fromkeys(changed, 0) | influence_of(rtl, changed, cone, DISTANCE)
        kinds, near = dict(rtl.hierarchy()), dict[str, int]()
        for (path, name), steps in distances.items():
            if kinds[path] == module.name:
                near[name] = min(near.get(name, steps), steps)
        return near

    def _of_lines(self, place: Place, module: Module, near: dict[str, int]) -> Iterator[int]:
        if not place.first_line:
            return
        lines = range(place.first_line, place.last_line + 1)
        if self.lines.get(module.file, frozenset()) & set(lines):
            yield 0
        for one in module.assignments:
            if one.line in lines:
                yield from (near[name] for name in one.targets if name in near)


def _of_signals(place: Place, near: dict[str, int]) -> Iterator[int]:
    hit = [near[name] for name in place.signals if name in near]
    if hit and 2 * len(hit) >= len(place.signals):
        yield min(hit)


def too_large(place: Place) -> bool:
    """Whether a place covers so much that naming it is no diagnosis."""
    return len(place.signals) > MAX_PLACE_SIGNALS or place.last_line - place.first_line >= MAX_PLACE_LINES


def _changed(old: str, new: str) -> Iterator[int]:
    before, after = old.splitlines(), new.splitlines()
    for kind, _, _, first, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "delete":
            yield from (one for one in (first, first + 1) if 1 <= one <= len(after))
        elif kind != "equal":
            yield from range(first + 1, end + 1)


def _roots(design: Design, rtl: Structure, failure: CheckFailure) -> tuple[str, ...]:
    """The outputs of the top module at which `failure` shows: those of its port, else all."""
    outputs = [one.name for one in rtl.module(rtl.top).ports if one.direction != "input"]
    streams = [one for one in design.streams if one.key == failure.port]
    wanted = {signal for one in streams for signal, _ in one.signals()}
    return tuple(one for one in outputs if one in wanted) or tuple(outputs)

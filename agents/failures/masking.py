"""Masking of a known bug: remove from a failing test the steps that this bug needs.

If a test still fails when every step with one trait of a known bug is removed, there is another bug as well.
Without this, a bug that most tests hit would hide all others on the same port.
"""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.agents.failures.traits import traits_of
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.program import Op, Program


def masked(design: Design, schema: StimulusSchema, test: Test, known: Program) -> Iterator[Test]:
    """Yield the expanded `test` without the steps that have one trait of `known`, for each trait in turn.

    Args:
        known: the shrunk test of a known bug.
    """
    try:
        literal = literal_test(design, schema, expand(design, schema, test), test.name)
        program = expand(design, schema, literal)
    except StimulusError:
        return
    mine = _by_step(design, program)
    wanted = {trait for traits in _by_step(design, known).values() for trait in traits}
    for trait in sorted(wanted):
        tracks = {
            name: tuple(step for index, step in enumerate(steps) if trait not in mine.get((name, index), frozenset()))
            for name, steps in literal.tracks.items()
        }
        kept = {name: steps for name, steps in tracks.items() if steps}
        if any(design.grammars[name].item for name in kept if name in design.grammars):
            yield literal.model_copy(update={"tracks": kept})


def _by_step(design: Design, program: Program) -> dict[tuple[str, int], frozenset[str]]:
    """Return (track, step) -> the traits of that step alone."""
    steps: dict[tuple[str, int], list[Op]] = {}
    for track, ops in program.tracks.items():
        for op in ops:
            steps.setdefault((track, op.step), []).append(op)
    return {
        (track, step): traits_of(design, Program({track: tuple(ops)}, program.max_cycles))
        for (track, step), ops in steps.items()
    }

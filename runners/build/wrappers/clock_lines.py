"""The clocks of the generated wrappers: one clock, or several, each with its period.

With one clock, a cycle is its period: the sample event at 40 %, the rising edge at 50 %, the falling edge at 100 %.

With several, a cycle of a trace is a *step*: an instant at which at least one clock rises. The register ``clock`` rises
with every step, the sample event is 0.4 ns before it, and ``rises`` tells which clocks rise then. All periods are whole
nanoseconds, so there is at least 1 ns between two steps; clocks that rise at one instant rise in one step, before
anything that they trigger is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.designs.design import Design
from dv_agent.designs.wiring.clocking import Clock

RISES = "rises"
_COMBINATIONAL = Clock()


def is_multiple(design: Design) -> bool:
    """Return whether the design has several clocks, so that the sample vector tells which of them rise."""
    return len(design.all_clocks) > 1


def only_period(design: Design) -> int:
    """Return the period, in ns, of a design with one clock, or of the cycles of a combinational one."""
    return next(iter(design.all_clocks.values()), _COMBINATIONAL).period_ns


def connections(design: Design) -> dict[str, str]:
    """Return signal -> register of the wrapper, for every clock of the top module."""
    if not is_multiple(design):
        return {clock.signal: "clock" for clock in design.all_clocks.values()}
    return {clock.signal: f"clock_{name}" for name, clock in design.all_clocks.items()}


def first_edges(clocks: Sequence[Clock]) -> list[int]:
    """Return the time of the first rising edge of each clock, in ns."""
    return [max(clock.period_ns // 2, 1) + clock.phase_ns for clock in clocks]


def steps(clocks: Sequence[Clock]) -> Iterator[tuple[bool, ...]]:
    """Yield for every step, without end, which clocks rise in it."""
    left = first_edges(clocks)
    while True:
        gap = min(left)
        rises = tuple(one == gap for one in left)
        yield rises
        left = [clock.period_ns if up else one - gap for clock, one, up in zip(clocks, left, rises, strict=True)]


def reset_edges(design: Design) -> int:
    """Return the cycles of the initial reset: the steps in which every clock has as many edges as asked for."""
    wanted = design.reset.cycles if design.reset else 1
    if not is_multiple(design):
        return wanted
    clocks = [*design.all_clocks.values()]
    seen, count = [0] * len(clocks), 0
    for rises in steps(clocks):
        seen = [old + up for old, up in zip(seen, rises, strict=True)]
        count += 1
        if min(seen) >= wanted:
            break
    return count


def declarations(design: Design) -> Iterator[str]:
    """Yield the registers that several clocks need besides ``clock`` and ``tick``."""
    clocks = [*design.all_clocks.values()]
    for name in design.all_clocks:
        yield f"  reg clock_{name} = 1'b0;"
    for index, (name, first) in enumerate(zip(design.all_clocks, first_edges(clocks), strict=True)):
        yield f"  integer left_{index} = {first};  // ns to the next rising edge of {name}"
    yield f"  reg [{len(clocks) - 1}:0] {RISES} = {len(clocks)}'d0;"
    yield "  integer step_ns = 0;"
    for name, clock in design.all_clocks.items():
        yield f"  always @(posedge clock_{name}) #{clock.period_ns / 2:.1f} clock_{name} = 1'b0;"


def choose_step(design: Design) -> Iterator[str]:
    """Yield the statements that find the next step: its distance, and the clocks that rise in it."""
    count = len(design.all_clocks)
    yield "    step_ns = left_0;"
    yield from (f"    if (left_{index} < step_ns) step_ns = left_{index};" for index in range(1, count))
    # The first clock in the most significant bit, so that it comes first in the text of a sample.
    yield f"    {RISES} = {{{', '.join(f'left_{index} == step_ns' for index in range(count))}}};"


def rise(design: Design) -> Iterator[str]:
    """Yield the statements of the step itself."""
    count = len(design.all_clocks)
    for index, (name, clock) in enumerate(design.all_clocks.items()):
        up = f"{RISES}[{count - 1 - index}]"
        yield f"    left_{index} = {up} ? {clock.period_ns} : left_{index} - step_ns;"
        yield f"    if ({up}) clock_{name} = 1'b1;"

"""The generated Verilog wrapper without clocks of its own: the worker gives it the edges and the drive vector."""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.runners.build.wrappers.clock_lines import RISES, first_edges, is_multiple, only_period
from dv_agent.runners.build.wrappers.layout import Layout
from dv_agent.runners.build.wrappers.nets import vector
from dv_agent.runners.build.wrappers.wrapper import TOP, between_vectors, power_up


def bare_wrapper_text(design: Design, layout: Layout) -> str:
    """Return the Verilog-2005 text of module ``dv_wrapper``; apart from clocks and vectors as `wrapper_text`."""
    drive, sample = vector(layout.drive_width), vector(layout.sample_width)
    names = [*design.all_clocks] if is_multiple(design) else []
    several = f" input {vector(len(names))}clocks, input {vector(len(names))}{RISES}," if names else ""
    lines = [
        "`timescale 1ns/1ps",
        f"module {TOP}(input clock,{several} input {drive}drive_next, output {sample}sample);",
        *(f"  wire clock_{name} = clocks[{index}];" for index, name in enumerate(names)),
        f"  reg {drive}drive = {power_up(layout)};",
        "  always @(posedge clock) drive <= drive_next;",
        *between_vectors(design, layout),
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def clocks_text(design: Design) -> str:
    """Return C++ that tells of the clocks: their number, and periods and first rising edges in half nanoseconds."""
    clocks = [*design.all_clocks.values()]
    several = is_multiple(design)
    halves = [clock.period_ns for clock in clocks] if several else [only_period(design)]
    firsts = [2 * first for first in first_edges(clocks)] if several else [only_period(design)]
    return (
        f"{'#define DV_CLOCKS' if several else ''}\n"
        f"constexpr int kClocks = {len(halves)};\n"
        f"constexpr unsigned long long kPeriods[] = {{{', '.join(map(str, halves))}}};\n"
        f"constexpr unsigned long long kFirst[] = {{{', '.join(map(str, firsts))}}};\n"
    )

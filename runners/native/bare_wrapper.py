"""The generated Verilog wrapper without a clock of its own: the worker gives it the edges and the drive vector."""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.runners.build.wrappers.layout import Layout
from dv_agent.runners.build.wrappers.nets import vector
from dv_agent.runners.build.wrappers.wrapper import TOP, between_vectors, power_up


def bare_wrapper_text(design: Design, layout: Layout) -> str:
    """Return the Verilog-2005 text of module ``dv_wrapper``; apart from clock and vectors as `wrapper_text`."""
    drive, sample = vector(layout.drive_width), vector(layout.sample_width)
    lines = [
        "`timescale 1ns/1ps",
        f"module {TOP}(input clock, input {drive}drive_next, output {sample}sample);",
        f"  reg {drive}drive = {power_up(layout)};",
        "  always @(posedge clock) drive <= drive_next;",
        *between_vectors(design, layout),
        "endmodule",
    ]
    return "\n".join(lines) + "\n"

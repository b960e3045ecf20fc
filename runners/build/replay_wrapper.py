"""The generated Verilog wrapper that drives recorded inputs into a design and compares its outputs with the record.

A trace holds every pin of every port. So no drivers are needed to find out whether a design with a bug behaves as
the clean one did: its inputs are the recorded ones, and as long as every output is as recorded, the
drivers would have done the same. Python does not run meanwhile, so this is twice as fast as playing a program.

The file ``rows`` in the working folder holds the rows in binary, most significant bit first, padded at the front to
whole bytes. Each of the first `masked` rows is followed by a row of the same size in which a 1 marks a bit that was X.
"""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.design import Design
from dv_agent.runners.build.layout import Layout, driven_signals
from dv_agent.runners.build.wrapper import TOP, derived_signals, instance, vector

ROWS = "rows"
RUNNING, SAME, OTHER = range(3)  # values of `verdict`


def replay_wrapper_text(design: Design, layout: Layout) -> str:
    """Return the Verilog-2005 text of module ``dv_wrapper``; a pure function of its arguments.

    `count` and `masked` must be set at the first rise of `tick`, 10 % of a period before the first edge. `beat`
    changes every 256 cycles and at the end, when `verdict` holds the result.
    """
    width = layout.sample_width
    wires = (f"  wire {vector(bits)}p_{signal};" for signal, (_, bits) in layout.sample.items())
    lines = [
        "`timescale 1ns/1ps",
        f"module {TOP};",
        f"  wire {vector(width)}sample;",
        f"  reg {vector(width)}row = {width}'b{_power_up(design, layout)};",
        f"  reg {vector(width)}next, mask;",
        "  reg clock = 1'b0, tick = 1'b0, beat = 1'b0;",
        "  reg [1:0] verdict = 2'd0;",
        "  integer count = 0, masked = 0, n, file, got;",
        *wires,
        f"  assign sample = {{{', '.join(f'p_{signal}' for signal in layout.sample)}}};",
        *_inputs(design, layout),
        *derived_signals(layout),
        *_cycles(design, width),
        *instance(design, layout),
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _power_up(design: Design, layout: Layout) -> str:
    """Return the state at power-up: all pins low, reset active."""
    active = "1" if design.reset.active == "high" else "0"
    pins = layout.sample.items()
    return "".join(active if signal == design.reset.signal else "0" * bits for signal, (_, bits) in pins)


def _inputs(design: Design, layout: Layout) -> Iterator[str]:
    driven = set(driven_signals(design))
    for signal, (first, bits) in layout.sample.items():
        if signal in driven:
            high = layout.sample_width - 1 - first
            yield f"  assign p_{signal} = row[{high}:{high - bits + 1}];"


def _cycles(design: Design, width: int) -> Iterator[str]:
    period = design.clock.period_ns
    yield "  // As in the other wrapper: sampled at 40 % of a period, driven right after the edge at 50 %."
    yield "  always @(posedge clock) row <= next;"
    yield "  initial begin"
    yield "    next = row;"
    yield f"    for (n = -{design.reset.cycles}; verdict == 2'd0; n = n + 1) begin"
    yield f"      #{period * 0.4:.1f} tick = 1'b1;"
    yield "      if (n >= 0 && sample !== row) verdict = 2'd2;"
    yield f"      #{period * 0.1:.1f};"
    yield f'      if (n == -{design.reset.cycles}) file = $fopen("{ROWS}", "rb");'
    yield "      if (n + 1 == count && verdict == 2'd0) verdict = 2'd1;"
    yield "      if (n + 1 >= 0 && verdict == 2'd0) begin"
    yield "        got = $fread(next, file);"
    yield "        if (n + 1 < masked) begin"
    yield "          got = $fread(mask, file);"
    yield f"          next = next | (mask & {{{width}{{1'bx}}}});"
    yield "        end"
    yield "      end"
    yield "      if (verdict != 2'd0 || n[7:0] == 8'd255) beat = ~beat;"
    yield "      clock = 1'b1;"
    yield f"      #{period * 0.5:.1f} clock = 1'b0;"
    yield "    end"
    yield "  end"

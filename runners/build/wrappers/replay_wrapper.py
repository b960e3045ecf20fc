"""The generated Verilog wrapper that drives recorded inputs into a design and compares its outputs with the record.

A trace holds every pin of every port. So no drivers are needed to find out whether a design with a bug behaves as
the clean one did: its inputs are the recorded ones, and as long as every output is as recorded, the
drivers would have done the same. Python does not run meanwhile, so this is twice as fast as playing a program.

The file ``rows`` in the working folder holds the rows in binary, most significant bit first, padded at the front to
whole bytes. Each of the first `masked` rows is followed by a row of the same size in which a 1 marks a bit that was X.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dv_agent.designs.design import Design
from dv_agent.runners.build.wrappers.clock_lines import (
    choose_step,
    declarations,
    is_multiple,
    only_period,
    reset_edges,
    rise,
)
from dv_agent.runners.build.wrappers.layout import Layout, driven_signals
from dv_agent.runners.build.wrappers.nets import pin, vector
from dv_agent.runners.build.wrappers.wrapper import TOP, derived_signals, instance, probes, sampled, ties

ROWS = "rows"
RUNNING, SAME, OTHER = range(3)  # values of `verdict`


def replay_wrapper_text(design: Design, layout: Layout) -> str:
    """Return the Verilog-2005 text of module ``dv_wrapper``; a pure function of its arguments.

    `count` and `masked` must be set at the first rise of `tick`, 10 % of a period before the first edge. `beat`
    changes every 256 cycles and at the end, when `verdict` holds the result.
    """
    width = layout.sample_width
    lines = [
        "`timescale 1ns/1ps",
        f"module {TOP};",
        f"  wire {vector(width)}sample;",
        f"  reg {vector(width)}row = {width}'b{_power_up(design, layout)};",
        f"  reg {vector(width)}next, mask;",
        "  reg clock = 1'b0, tick = 1'b0, beat = 1'b0;",
        "  reg [1:0] verdict = 2'd0;",
        "  integer count = 0, masked = 0, n, file, got;",
        *(declarations(design) if layout.rises else ()),
        *(f"  {net.declaration}" for net in layout.nets.values()),
        *derived_signals(layout),
        *probes(layout),
        f"  assign sample = {{{sampled(layout)}}};",
        *_inputs(design, layout),
        *ties(design),
        *_cycles(design, width),
        *instance(design, layout),
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _power_up(design: Design, layout: Layout) -> str:
    """Return the state at power-up: resets active, all other inputs at rest."""
    high = {reset.signal for reset in design.resets if reset.active == "high"}
    known: dict[str, str] = dict.fromkeys(high, "1")
    for port in design.ports.values():
        place, rest = 0, port.at_rest()
        for spec in port.held().values():
            known[spec.signal] = format(rest >> place & ((1 << spec.bits) - 1), f"0{spec.bits}b")
            place += spec.bits
    pins = "".join(known.get(signal, "0" * bits) for signal, (_, bits) in layout.sample.items())
    return pins + "0" * len(layout.rises)


def _inputs(design: Design, layout: Layout) -> Iterator[str]:
    driven = {signal for signal, _ in driven_signals(design)}
    for signal, (first, bits) in layout.sample.items():
        if signal in driven:
            high = layout.sample_width - 1 - first
            yield f"  assign {pin(signal)} = row[{high}:{high - bits + 1}];"


def _cycles(design: Design, width: int) -> Iterator[str]:
    first = reset_edges(design)
    before, between, after = _timing(design)
    yield "  // As in the other wrapper: sampled at 40 % of a period, driven right after the edge at 50 %."
    yield "  always @(posedge clock) row <= next;"
    yield "  initial begin"
    yield "    next = row;"
    yield f"    for (n = -{first}; verdict == 2'd0; n = n + 1) begin"
    yield from before
    yield "      if (n >= 0 && sample !== row) verdict = 2'd2;"
    yield f"      {between}"
    yield f'      if (n == -{first}) file = $fopen("{ROWS}", "rb");'
    yield "      if (n + 1 == count && verdict == 2'd0) verdict = 2'd1;"
    yield "      if (n + 1 >= 0 && verdict == 2'd0) begin"
    yield "        got = $fread(next, file);"
    yield "        if (n + 1 < masked) begin"
    yield "          got = $fread(mask, file);"
    yield f"          next = next | (mask & {{{width}{{1'bx}}}});"
    yield "        end"
    yield "      end"
    yield "      if (verdict != 2'd0 || n[7:0] == 8'd255) beat = ~beat;"
    yield from after
    yield "    end"
    yield "  end"


def _timing(design: Design) -> tuple[Iterable[str], str, Iterable[str]]:
    """Return the statements before the sample event of a cycle, the wait until its edge, and those of the edge."""
    if is_multiple(design):
        # The clock falls a little before the next step, so that it can rise again.
        return (
            (*choose_step(design), "      #(step_ns - 0.6) clock = 1'b0;", "      #0.2 tick = 1'b1;"), "#0.4;",
            (*rise(design), "      clock = 1'b1;"),
        )  # fmt: skip
    period = only_period(design)
    return (
        (f"      #{period * 0.4:.1f} tick = 1'b1;",), f"#{period * 0.1:.1f};",
        ("      clock = 1'b1;", f"      #{period * 0.5:.1f} clock = 1'b0;"),
    )  # fmt: skip

"""The generated Verilog wrapper around a design: clock, drive register, sample vector.

Time within one period: the sample event at 40 %, the rising edge (and then
the new drive values) at 50 %, the falling edge at 100 %; `clock_lines` tells of several clocks. Python wakes up once
a cycle, at the sample event: it reads what the design will see at the edge
and puts the next drive values into a staging register, which the wrapper
copies after the edge. So no value between Python and the simulator can race an edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.rtl_files import parameter_texts
from dv_agent.runners.build.wrappers.clock_lines import (
    RISES,
    choose_step,
    connections,
    declarations,
    is_multiple,
    only_period,
    rise,
)
from dv_agent.runners.build.wrappers.layout import Layout, carriers, riders
from dv_agent.runners.build.wrappers.nets import pin, vector

TOP = "dv_wrapper"
_PROBE = "probe_"


def wrapper_text(design: Design, layout: Layout) -> str:
    """Return the Verilog-2005 text of module ``dv_wrapper``; a pure function of its arguments.

    Writes that a beat carries are gated here, with valid and ready of that beat,
    because Python cannot react within a cycle. Such a write wins over
    a plain one of the same cycle (whose driver then repeats it), and the
    first port in file order wins over later ones.
    """
    lines = ["`timescale 1ns/1ps", f"module {TOP};", *_vectors(layout), *_clock(design)]
    return "\n".join([*lines, *between_vectors(design, layout), "endmodule"]) + "\n"


def between_vectors(design: Design, layout: Layout) -> Iterator[str]:
    """Return what is between `drive` and `sample`: the drivers' wires, the pins, and the design."""
    wires = {piece.key: f"d{i}" for i, piece in enumerate(layout.drive)}
    yield from (f"  wire {vector(piece.width)}{wires[piece.key]};  // {' '.join(piece.key)}" for piece in layout.drive)
    yield f"  assign {{{', '.join(wires.values())}}} = drive;"
    yield from (f"  {net.declaration}" for net in layout.nets.values())
    yield from derived_signals(layout)
    yield from probes(layout)
    yield f"  assign sample = {{{sampled(layout)}}};"
    yield from _drivers(design, wires)
    yield from ties(design)
    yield from instance(design, layout)
    if design.assumptions == "ignored":
        # Off (4), for all types of assertions (255), for the directive `assume` (4); IEEE 1800-2017, 20.12.
        yield "`ifdef VERILATOR"
        yield "  initial $assertcontrol(4, 255, 4);"
        yield "`endif"


def power_up(layout: Layout) -> str:
    """Return the state of the drive vector at power-up: reset active if there is one, everything else at rest."""
    _reset, *others = layout.drive
    rest = "".join(format(piece.at_rest, f"0{piece.width}b") for piece in others)
    return f"{layout.drive_width}'b1{rest}"


def sampled(layout: Layout) -> str:
    """Return the parts of the sample vector, in order."""
    parts = (_PROBE + signal if signal in layout.probes else pin(signal) for signal in layout.sample)
    return ", ".join([*parts, *([RISES] if layout.rises else [])])


def probes(layout: Layout) -> Iterator[str]:
    """Yield a wire for each register inside the design that is sampled."""
    for name, path in layout.probes.items():
        yield f"  wire {vector(layout.sample[name][1])}{_PROBE}{name} = dut.{path};"


def ties(design: Design) -> Iterator[str]:
    """Yield the assignments of the constant parts of ports; a port that is constant as a whole needs none."""
    for signal, value in design.ties.items():
        if signal.width is not None:
            yield f"  assign {pin(signal)} = {signal.width}'d{value};"


def _vectors(layout: Layout) -> Iterator[str]:
    for name in ("drive_next", "drive"):
        yield f"  reg {vector(layout.drive_width)}{name} = {power_up(layout)};"
    yield f"  wire {vector(layout.sample_width)}sample;"


def _clock(design: Design) -> Iterator[str]:
    yield "  reg clock = 1'b0;"
    yield "  reg tick = 1'b0;"
    yield from _steps(design) if is_multiple(design) else _periods(only_period(design))
    # In a process of its own: inside "initial", Verilator treats "<=" as "=", and the design would see the new
    # values one cycle early.
    yield "  always @(posedge clock) drive <= drive_next;"
    yield "  reg [8*1024-1:0] waves;"
    yield '  initial if ($value$plusargs("waves=%s", waves)) begin'
    yield "    $dumpfile(waves);"
    yield f"    $dumpvars(0, {TOP});"
    yield "  end"


def _periods(period: int) -> Iterator[str]:
    yield "  initial forever begin"
    yield f"    #{period * 0.4:.1f} tick = ~tick;"
    yield f"    #{period * 0.1:.1f} clock = 1'b1;"
    yield f"    #{period * 0.5:.1f} clock = 1'b0;"
    yield "  end"


def _steps(design: Design) -> Iterator[str]:
    yield from declarations(design)
    yield "  initial forever begin"
    yield from choose_step(design)
    yield "    #(step_ns - 0.6) clock = 1'b0;"
    yield "    #0.2 tick = ~tick;"
    yield "    #0.4;"
    yield from rise(design)
    yield "    clock = 1'b1;"
    yield "  end"


def _drivers(design: Design, wires: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    for reset in design.resets:
        invert = "~" if reset.active == "low" else ""
        yield f"  assign p_{reset.signal} = {invert}{wires[('reset',)]};"
    for stream in design.streams:
        if stream.rides:
            yield from _ridden(design, stream, wires)
        elif stream.driven:
            yield from _driven(stream, wires)
        else:
            if stream.ready is not None:
                yield f"  assign {pin(stream.ready)} = {wires[(*stream.path, 'ready')]};"
            yield from _fields(stream.returns, wires.get((*stream.path, "returns"), ""))
    for name, port in design.ports.items():
        yield from _fields(port.held(), wires.get((name, "held"), ""))


def _driven(stream: Stream, wires: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    yield f"  assign {pin(stream.valid)} = {wires[(*stream.path, stream.offer)]};"
    if stream.last is not None:
        yield f"  assign {pin(stream.last)} = {wires[(*stream.path, 'last')]};"
    yield from _fields(stream.fields, wires.get((*stream.path, "payload"), ""))


def _fields(fields: Mapping[str, FieldSpec], payload: str) -> Iterator[str]:
    place = 0
    for spec in fields.values():
        yield f"  assign {pin(spec.signal)} = {payload}[{place + spec.bits - 1}:{place}];"
        place += spec.bits


def derived_signals(layout: Layout) -> Iterator[str]:
    """Yield the declarations of the signals that are no pins."""
    for one in layout.derived:
        value = " | ".join(pin(signal) for signal in one.of)
        yield f"  wire {pin(one.signal)} = {f'~({value})' if one.inverted else value};"


def _ridden(design: Design, stream: Stream, wires: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    number = [one.key for one in riders(design)].index(stream.key)
    fired: list[str] = []
    beats = carriers(design, stream)
    for place, beat in enumerate(beats):
        fired.append(f"f{number}_{place}")
        attached = wires[(*beat.path, "attached", stream.port)]
        ready = pin(beat.ready) if beat.ready else "1'b1"
        # Case equality: a ready of X must not become a write of X.
        yield f"  wire {fired[-1]} = {attached} & ({pin(beat.valid)} === 1'b1) & ({ready} === 1'b1);"
    offers = " | ".join([wires[(*stream.path, stream.offer)], *fired])
    held_back = f"({offers}) & ({pin(stream.unless)} === 1'b0)" if stream.unless else offers
    yield f"  assign {pin(stream.valid)} = {held_back};"
    if not stream.fields:
        return
    choice = wires[(*stream.path, "payload")]
    for wire, beat in reversed(list(zip(fired, beats, strict=True))):
        choice = f"{wire} ? {wires[(*beat.path, 'attached', stream.port, 'payload')]} : {choice}"
    yield f"  wire {vector(stream.bits)}s{number} = {choice};"
    yield from _fields(stream.fields, f"s{number}")


def instance(design: Design, layout: Layout) -> Iterator[str]:
    """Return the instance ``dut`` of the design under test, every port on the wire ``p_<port>`` or held constant."""
    parameters = ", ".join(f".{name}({value})" for name, value in parameter_texts(design.parameters))
    yield f"  {design.top} {f'#({parameters}) ' if parameters else ''}dut ("
    wires = connections(design) | {net: f"p_{net}" for net in layout.nets}
    # Without a size a constant has 32 bits; see `loose_inputs.is_fitting_tie` for widths.
    wires |= {
        signal.base: str(value) if value < 1 << 31 else f"64'd{value}"
        for signal, value in design.ties.items()
        if signal.width is None
    }
    yield ",\n".join(f"    .{name}({wire})" for name, wire in wires.items())
    yield "  );"

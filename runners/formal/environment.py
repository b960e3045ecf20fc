"""The environment of a proof: a generated wrapper in which the inputs of the design take every value that they may.

It is the wrapper that simulations use, with another drive vector: each of its bits is free in every cycle, except for
what the drivers always keep to, which `assumptions` tells in words. It allows more than any test does, so what cannot
be reached in it cannot be reached by a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.designs.design import Design
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.properties.monitor import MONITOR, Monitor
from dv_agent.runners.build.wrappers.clock_lines import reset_edges
from dv_agent.runners.build.wrappers.layout import Layout
from dv_agent.runners.build.wrappers.nets import pin, vector
from dv_agent.runners.build.wrappers.wrapper import between_vectors, power_up
from dv_agent.runners.formal.playable.drivers import WORDS, Beats, playable, words_width

FORMAL_TOP = "dv_formal"
_DEBT = 4  # bits of a count of requests without an answer


def environment_text(
    design: Design, layout: Layout, monitor: Monitor, *, wide: bool = False, more: Sequence[str] = (),
    beats: Beats | None = None,
) -> str:  # fmt: skip
    """Return the Verilog of module `FORMAL_TOP`: the design, its drivers and `monitor`.

    Args:
        wide: whether offers need not stay, and answers need no request. Then a state in which registers have changed
            already and inputs not yet, which a simulator passes through, is one of the states of the proof too.
        more: further lines.
        beats: if given, the inputs do only what a test can do; see `playable.drivers`.

    Its inputs are ``clock``, ``free`` (one bit for each of the drive vector) and ``unknown`` (those of the monitor).
    """
    drive, sample = vector(layout.drive_width), vector(layout.sample_width)
    ports = [f"input {drive}free", f"input {vector(max(monitor.unknown, 1))}unknown"]
    if beats is not None and words_width(design):
        ports.append(f"input {vector(words_width(design))}{WORDS}")
    hits = vector(max(len(monitor.properties), 1))
    lines = [
        f"module {FORMAL_TOP}(input clock, {', '.join(ports)}, output {hits}hit, output {sample}seen);",
        f"  wire {sample}sample;",
        "  assign seen = sample;",
        *(_clocked(design, layout, wide, beats) if design.all_clocks else _settled(drive)),
        *between_vectors(design, layout),
        f"  {MONITOR} monitor (.clock(clock), .started(started), .unknown(unknown), .hit(hit)",
        *(f"    , .i{index}({_part(layout, name)})" for index, (name, _) in enumerate(monitor.signals)),
        "  );",
        *more,
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def assumptions(design: Design, *, wide: bool = False) -> tuple[str, ...]:
    """Return what a proof assumes of the inputs, in words. Args: wide: see `environment_text`."""
    said = []
    if not design.all_clocks:
        said.append("the design is combinational: each input takes every value")
    elif design.reset:
        names = ", ".join(f"{one.signal} (active {one.active})" for one in design.resets)
        said.append(f"every test begins with {reset_edges(design)} cycles of {names}, and may reset again at any time")
    else:
        said.append("there is no reset")
    said += [f"{signal} is always {value}" for signal, value in design.ties.items()]
    said += [] if wide else _kept_rules(design)
    begin = "0, as in the simulator that counts code" if wide else "any value"
    said.append(
        f"all other inputs take any value in any cycle, and registers without an initial value begin with {begin}"
    )
    return tuple(said)


def _kept_rules(design: Design) -> list[str]:
    said = [
        f"{one.key}: valid stays high and its payload stable until the transfer or a reset" for one in _patient(design)
    ]
    owed = _owed(design)
    return said + [f"{answer.key}: offered only while a request of {ask.key} is not answered" for ask, answer in owed]


def _part(layout: Layout, signal: str) -> str:
    first, width = layout.sample[signal]
    high = layout.sample_width - 1 - first
    return f"sample[{high}:{high - width + 1}]"


def _patient(design: Design) -> list[Stream]:
    """Return the streams whose driver holds an offer until it is accepted; of buses nothing is assumed."""
    return [
        one
        for one in design.streams
        if one.driven
        and one.ready is not None
        and design.ports[one.port].words() is None
        and not design.ports[one.port].derived(one.port)
    ]


def _owed(design: Design) -> list[tuple[Stream, Stream]]:
    """Return (requests, answers) of the ports that answer from test memory, where every request is answered alone."""
    return [
        (memory.ask, memory.answer)
        for name, memory in design.memories.items()
        if memory.answer is not None and design.ports[name].words() is None
    ]


def _settled(drive: str) -> Iterator[str]:
    yield f"  wire {drive}drive = free;"
    yield "  wire started = 1'b1;"


def _clocked(design: Design, layout: Layout, wide: bool, beats: Beats | None) -> Iterator[str]:
    edges = reset_edges(design)
    width = max(edges.bit_length(), 1)
    drive = vector(layout.drive_width)
    yield f"  reg {vector(width)}age = {width}'d0;"
    yield f"  wire started = age == {width}'d{edges};"
    yield f"  always @(posedge clock) age <= started ? age : age + {width}'d1;"
    yield f"  reg {drive}drive = {power_up(layout)};"
    yield f"  wire {drive}wanted;"
    yield f"  wire last_edge = age + {width + 1}'d1 >= {width + 1}'d{edges};"
    yield f"  always @(posedge clock) drive <= last_edge ? wanted : {power_up(layout)};"
    yield from _wanted(design, layout, wide=wide) if beats is None else playable(design, layout, beats)


def _wanted(design: Design, layout: Layout, *, wide: bool) -> Iterator[str]:
    """Yield the next drive vector: free, but an offer that was not accepted stays, and nothing is answered unasked."""
    top = layout.drive_width - 1
    yield f"  wire in_reset = drive[{top}];"
    yield f"  wire resets = {f'free[{top}]' if design.reset else '1' + chr(39) + 'b0'};"
    asked = {}
    for number, (ask, answer) in enumerate([] if wide else _owed(design)):
        yield from _debt(f"owed{number}", ask, answer)
        asked[answer.path] = f"owed{number}_next"
    held = {} if wide else {one.path: one for one in _patient(design)}
    place = layout.drive_width
    for piece in layout.drive:
        place -= piece.width
        part = f"[{place + piece.width - 1}:{place}]"
        stream = held.get(piece.key[:-1])
        if piece.key == ("reset",):
            yield f"  assign wanted{part} = resets;"
        elif stream is not None and piece.key[-1] in ("valid", "last", "payload"):
            waits = f"({pin(stream.valid)} & ~{pin(stream.ready or '')} & ~in_reset & ~resets)"
            new = f"free{part}"
            if piece.key[-1] == "valid" and stream.path in asked:
                new = f"(free{part} & ({asked[stream.path]} != {_DEBT}'d0))"
            yield f"  assign wanted{part} = {waits} ? drive{part} : {new};"
        else:
            yield f"  assign wanted{part} = free{part};"


def _debt(name: str, ask: Stream, answer: Stream) -> Iterator[str]:
    """Yield a count of the requests without an answer; at its maximum it stays there until a reset."""
    fires = [f"({pin(one.valid)} & {pin(one.ready) if one.ready else '1' + chr(39) + 'b1'})" for one in (ask, answer)]
    most = f"{_DEBT}'d{(1 << _DEBT) - 1}"
    yield f"  reg {vector(_DEBT)}{name} = {_DEBT}'d0;"
    more = f"{name} + {{{_DEBT - 1}'d0, {fires[0]}}} - {{{_DEBT - 1}'d0, {fires[1]}}}"
    yield f"  wire {vector(_DEBT)}{name}_next = (in_reset | resets) ? {_DEBT}'d0 : {name} == {most} ? {most} : {more};"
    yield f"  always @(posedge clock) {name} <= {name}_next;"

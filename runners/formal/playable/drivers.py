"""The drivers of a test as Verilog: the next drive vector is free only as far as a test of our language can make it.

`environment` allows more, so that its proofs hold for every test; what is reached here, a test reaches. Buses are idle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.designs.design import Design
from dv_agent.designs.ports.port import Memory
from dv_agent.designs.ports.stream import Stream
from dv_agent.runners.build.wrappers.layout import Layout, Piece
from dv_agent.runners.build.wrappers.nets import pin, vector

Beats = Mapping[str, tuple[int, int]]
"""Port of packets -> least and greatest number of beats of a packet."""
WORDS = "words"
"""Input of the words of memories, which is read at power-up."""
WORDS_BITS = 2
_QUEUE = 4


def playable(design: Design, layout: Layout, beats: Beats) -> Iterator[str]:
    """Yield the logic of `wanted`, the next drive vector, from ``free``, ``drive``, ``started`` and the pins.

    What a reset takes back is offered again behind it, in its first cycle. A reset comes only when no responder refuses
    requests, and no source offers a beat of packets that nothing but a count ends: what becomes of those would depend
    on more than a cycle.
    """
    top = layout.drive_width - 1
    yield f"  wire in_reset = drive[{top}];"
    calm = [f"~{_waits(one)}" for one in _sources(design) if one.ready and _counted(one, beats)]
    calm += [f"({pin(memory.ask.ready or '')} | in_reset)" for memory in _memories(design).values()]
    asked = f"free[{top}]{''.join(f' & {one}' for one in calm)}"
    yield f"  wire resets = {asked if design.reset else _zeros(1)};"
    yield f"  reg [{top}:0] taken_back = {_zeros(layout.drive_width)};"
    yield "  always @(posedge clock) taken_back <= in_reset ? taken_back : drive;"
    first = 0
    for number, memory in enumerate(_memories(design).values()):
        yield from _queue(number, memory, first)
        first += _size(memory) * memory.word.bits
    for one in _sources(design):
        yield from _length(one, *beats.get(one.port, (1, 1)))
        if one.ready is not None:
            yield from _taken_back(one, open_packet=one.last is not None)
    place = layout.drive_width
    for piece in layout.drive:
        place -= piece.width
        part = f"[{place + piece.width - 1}:{place}]"
        yield f"  assign wanted{part} = {_next(design, layout, piece, part)};"


def words_width(design: Design) -> int:
    """Return the bits of the input `WORDS`."""
    return sum(_size(memory) * memory.word.bits for memory in _memories(design).values())


def _size(memory: Memory) -> int:
    """Return how many words of a memory differ: an address beyond finds one of them again."""
    return 1 << min(WORDS_BITS, next(iter(memory.ask.fields.values())).bits)


def _memories(design: Design) -> dict[str, Memory]:
    return {
        name: memory
        for name, memory in design.memories.items()
        if design.ports[name].driver == "responder" and memory.answer is not None
    }


def _sources(design: Design) -> list[Stream]:
    return [one for one in design.streams if design.ports[one.port].driver == "source"]


def _waits(one: Stream) -> str:
    return f"({pin(one.valid)} & ~{pin(one.ready or '')} & ~in_reset)"


def _fires(one: Stream) -> str:
    return f"({pin(one.valid)} & {pin(one.ready or '')} & ~in_reset)"


def _zeros(width: int) -> str:
    return f"{width}'b{'0' * width}"


def _next(design: Design, layout: Layout, piece: Piece, part: str) -> str:
    """Return the next value of a piece of the drive vector."""
    rest, what = f"{piece.width}'b{piece.at_rest:0{piece.width}b}", piece.key[-1]
    if piece.key == ("reset",):
        return "resets"
    if what == "held":
        known = design.ports[piece.key[0]].driver == "pins"
        return f"resets ? {rest} : free{part}" if known else rest
    stream = next((one for one in design.streams if one.path == piece.key[:-1]), None)
    if stream is None:  # a write that a beat carries: a plain write can do the same
        return rest
    made = _of_stream(design, layout, stream, what, part)
    return f"resets ? {rest} : {made}" if made else rest


def _of_stream(design: Design, layout: Layout, one: Stream, what: str, part: str) -> str:
    """Return the next value of a part of a stream, out of reset; empty if it stays at rest."""
    driver = design.ports[one.port].driver
    number = next((place for place, name in enumerate(_memories(design)) if name == one.port), None)
    if number is not None:
        return _answering(number, one, what, part, f"free[{_place(layout, one)}]" if one.driven else "")
    if driver == "sink":
        return f"free{part}" if what == "ready" else ""
    if driver not in ("source", "strobe"):
        return ""
    waits = _waits(one) if one.ready is not None else _zeros(1)
    again = _again(one) if one.ready is not None else _zeros(1)
    if what == one.offer:
        return f"{waits} | {again} | free{part}"
    width = _width(part)
    facts = design.ports[one.port].driver_facts()
    idle = ("1" if facts.get("ones") else "0") * width
    silent = f"(in_reset ? {width}'b{idle} : drive{part})" if facts.get("hold") else f"{width}'b{idle}"
    new = f"({_ends(one)} | free{part} & {_may_end(one)})" if what == "last" and driver == "source" else f"free{part}"
    return f"{waits} ? drive{part} : {again} ? taken_back{part} : free[{_place(layout, one)}] ? {new} : {silent}"


def _length(one: Stream, least: int, most: int) -> Iterator[str]:
    """Yield the number of accepted beats of the open packet, and whether the next beat may, and must, end it."""
    if one.last is None:
        return
    name, bits = f"beats_{one.column}", max(most, least).bit_length()
    yield f"  reg {vector(bits)}{name} = {bits}'d0;"
    after = f"{pin(one.last)} ? {bits}'d0 : {name} + {bits}'d1"
    fires = _fires(one) if one.ready is not None else f"({pin(one.valid)} & ~in_reset)"
    yield f"  wire {vector(bits)}{name}_next = (in_reset | resets) ? {bits}'d0 : {fires} ? {after} : {name};"
    yield f"  always @(posedge clock) {name} <= {name}_next;"
    yield f"  wire {_may_end(one)} = {name}_next >= {bits}'d{max(least, 1) - 1};"
    yield f"  wire {_ends(one)} = {name}_next == {bits}'d{max(most, 1) - 1};"


def _taken_back(one: Stream, *, open_packet: bool) -> Iterator[str]:
    """Yield whether a reset has taken back a beat that is offered again: the first one of a packet."""
    name = f"owed_{one.column}"
    first = f" & beats_{one.column} == 0" if open_packet else ""
    yield f"  reg {name} = 1'b0;"
    yield f"  always @(posedge clock) {name} <= resets & (in_reset ? {name} : {_waits(one)}{first});"
    yield f"  wire {_again(one)} = in_reset & {name};"


def _again(one: Stream) -> str:
    return f"again_{one.column}"


def _counted(one: Stream, beats: Beats) -> bool:
    return one.last is None and beats.get(one.port, (1, 1))[0] > 1


def _may_end(one: Stream) -> str:
    return f"may_end_{one.column}"


def _ends(one: Stream) -> str:
    return f"ends_{one.column}"


def _answering(number: int, one: Stream, what: str, part: str, offers: str) -> str:
    """Return the next value of a part of a responder: requests are taken and answered as it does."""
    if what == "ready":
        ready, asks = pin(one.ready or ""), pin(one.valid)
        stays = f"({ready} & ~{_fires(one)} & ~in_reset)"
        refuses = f"(~{ready} & ~{asks} & ~in_reset)"
        return f"owed{number}_next < 3'd{_QUEUE} & ((in_reset & started) | {stays} | ~{refuses} & free{part})"
    offered = f"({_waits(one)} | ({offers} & owed{number}_next != 3'd0))"
    if what in ("valid", "last"):
        return offered
    return f"{_waits(one)} ? drive{part} : {offered} ? word{number} : {_zeros(_width(part))}"


def _queue(number: int, memory: Memory, first: int) -> Iterator[str]:
    """Yield the requests without an answer, and the word of the answer that comes next."""
    ask, answer = memory.ask, memory.answer
    assert answer is not None
    address = next(iter(ask.fields.values()))
    bits = min(WORDS_BITS, address.bits)
    low = f"{pin(address.signal)}[{bits - 1}:0]"
    width = memory.word.bits
    words = [f"memory{number}_{index}" for index in range(_size(memory))]
    for index, word in enumerate(words):
        part = f"{WORDS}[{first + (index + 1) * width - 1}:{first + index * width}]"
        yield f"  reg {vector(width)}{word} = {_zeros(width)};"
        yield f"  always @(posedge clock) {word} <= age == 0 ? {part} : {word};"
    yield f"  reg [2:0] owed{number} = 3'd0;"
    yield f"  reg {vector(bits * _QUEUE)}queue{number} = {_zeros(bits * _QUEUE)};"
    yield f"  wire [2:0] kept{number} = owed{number} - {{2'b0, {_fires(answer)}}};"
    yield f"  wire {vector(bits * _QUEUE)}shifted{number} = {_fires(answer)} ? queue{number} >> {bits} : queue{number};"
    yield f"  wire {vector(bits * _QUEUE)}entry{number} = {{{_zeros(bits * (_QUEUE - 1))}, {low}}};"
    added = f"{_fires(ask)} ? shifted{number} | entry{number} << (kept{number} * {bits}) : shifted{number}"
    yield f"  wire {vector(bits * _QUEUE)}queue{number}_next = (in_reset | resets) ? {_zeros(bits * _QUEUE)} : {added};"
    count = f"kept{number} + {{2'b0, {_fires(ask)}}}"
    yield f"  wire [2:0] owed{number}_next = (in_reset | resets) ? 3'd0 : {count};"
    yield f"  always @(posedge clock) queue{number} <= queue{number}_next;"
    yield f"  always @(posedge clock) owed{number} <= owed{number}_next;"
    chosen = words[-1]
    for index, word in reversed([*enumerate(words)][:-1]):
        chosen = f"queue{number}_next[{bits - 1}:0] == {bits}'d{index} ? {word} : {chosen}"
    yield f"  wire {vector(memory.word.bits)}word{number} = {chosen};"


def _place(layout: Layout, one: Stream) -> int:
    """Return the bit of ``free`` that offers a beat or a write."""
    place = layout.drive_width
    for piece in layout.drive:
        place -= piece.width
        if piece.key == (*one.path, one.offer):
            return place
    raise ValueError(f"{one.key} has no driver")


def _width(part: str) -> int:
    high, low = part[1:-1].split(":")
    return int(high) - int(low) + 1

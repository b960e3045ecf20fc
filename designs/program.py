"""Program: a test after expansion, as the drivers execute it.

A test is short and may hold loops; a program is a flat list of operations such as beats. It is a pure
function of the design, the test and its seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dv_agent.designs.ports.field_spec import FieldSpec

RESET_TRACK = "reset"


class Op(NamedTuple):
    """One operation of a driver. The `Grammar` of a track gives the allowed kinds; these are the built-in ones.

    ========  ==================  =====================================================================
    kind      track               meaning
    ========  ==================  =====================================================================
    send      source              after `gap` idle cycles, offer the beat `value` until it is accepted
    write     strobe              after `gap` idle cycles, strobe `value` for one cycle
    set       pins                after `gap` cycles, change the levels to `value`, and wait 1 + `stall` cycles
    hold      pins                do nothing for `value` cycles
    idle      source strobe reset do nothing for `value` cycles
    ready     sink                ready high for `value` cycles
    stall     sink                ready low for `value` cycles
    accept    sink                ready high until `value` transfers were accepted
    serve     responder           answer the next `value` requests `gap` cycles later than the earliest,
                                  after holding the request's ready low for `stall` cycles each
    pulse     reset               reset active for `value` cycles
    after     any                 wait until `port` has accepted `value` transfers since the test began
    at        any                 wait until cycle `value` of the test
    ========  ==================  =====================================================================

    Attributes:
        value: packed payload, number of cycles, or count.
        gap: idle cycles before; for ``serve``, added latency in cycles.
        last: 1 where a ``send`` ends its packet (always 1 on ports without packets).
        stall: cycles of low ready before each request (``serve``), more cycles to wait (``set``); 1 if ready is low
            during a wait (``after``, ``at``).
        port: the port whose transfers ``after`` counts.
        strobes: (strobe port, packed payload) pairs fired in the same cycle in which a ``send`` is accepted.
        step: index of the top-level step of the track that this came from.
    """

    kind: str
    value: int = 0
    gap: int = 0
    last: int = 1
    stall: int = 0
    port: str = ""
    strobes: tuple[tuple[str, int], ...] = ()
    step: int = 0


MAKE = tuple.__new__
"""``MAKE(Op, members)`` makes an operation in half the time of its own constructor."""


@dataclass(frozen=True, slots=True)
class Program:
    """The operations of all drivers: one track for each port (and one named ``reset``).

    A track that ended is silent: sources and strobes idle, sinks ready, responders
    answer at once, reset inactive. The test ends when all tracks ended and there was no
    transfer for the design's `quiet_cycles`, or at `max_cycles`.

    Attributes:
        tracks: port name or ``reset`` -> operations.
        memories: responder port -> words (unsigned), answered by address modulo length.
        max_cycles: maximum number of simulated cycles.
    """

    tracks: dict[str, tuple[Op, ...]]
    max_cycles: int
    memories: dict[str, tuple[int, ...]] = field(default_factory=dict)


def pack(fields: Mapping[str, FieldSpec], values: dict[str, tuple[int, ...]]) -> int:
    """Return the payload as one integer: fields in declaration order, the first in the least significant bits.

    Args:
        values: field name -> one value for each lane, each within the field's range.
    """
    packed, place = 0, 0
    for name, spec in fields.items():
        width = spec.width
        mask = (1 << width) - 1
        for value in values[name]:
            packed |= (value & mask) << place
            place += width
    return packed


Lanes = tuple[str, int, int, int, int]
"""Name, least and greatest value, lanes and width of a field."""


def lanes_of(fields: Mapping[str, FieldSpec]) -> tuple[Lanes, ...]:
    """Return what `plain_payload` needs of each field."""
    return tuple((name, one.low, one.high, one.lanes, one.width) for name, one in fields.items())


def plain_payload(fields: Sequence[Lanes], data: Mapping[str, Any]) -> int | None:
    """Return the packed payload if `data` holds plain numbers in range, as nearly all do; None for all else."""
    packed = place = 0
    for name, low, high, lanes, width in fields:
        given = data.get(name)
        if type(given) is not list:
            given = [given] * lanes
        elif len(given) != lanes:
            return None
        mask = (1 << width) - 1
        for value in given:
            if type(value) is not int or not low <= value <= high:
                return None
            packed |= (value & mask) << place
            place += width
    return packed


def unpack(fields: Mapping[str, FieldSpec], packed: int) -> dict[str, Any]:
    """Unpack a payload; the inverse of `pack`: scalars for fields of one lane, else lists."""
    values: dict[str, Any] = {}
    for name, spec in fields.items():
        lanes = []
        for _ in range(spec.lanes):
            lanes.append(signed_word(packed & ((1 << spec.width) - 1), spec))
            packed >>= spec.width
        values[name] = lanes if spec.lanes > 1 else lanes[0]
    return values


def signed_word(word: int, spec: FieldSpec) -> int:
    """Return the value of one lane, from its bits."""
    return word - (1 << spec.width) if word > spec.high else word

"""Ports as fields of design.yaml: lanes of vectors, slices of structures, elements of arrays, pieces of wide ports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from dv_agent.designs.elaboration.interface import PortShape
from dv_agent.designs.recognition.names import identifier

WIDEST = 64
MOST_LANES = 64
MOST_ELEMENTS = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a port that one field can hold: `low` is its lowest bit in `signal` without the slice."""

    name: str
    signal: str
    low: int
    width: int
    lanes: int = 1
    signed: bool = False
    whole: bool = True

    def data(self) -> dict[str, Any]:
        """Return the field as design.yaml has it."""
        bits = self.width * self.lanes
        high = self.low + bits - 1
        slice_ = "" if self.whole else f"[{high}]" if bits == 1 else f"[{high}:{self.low}]"
        more = ({"lanes": self.lanes} if self.lanes > 1 else {}) | ({"signed": True} if self.signed else {})
        return {"signal": f"{self.signal}{slice_}", "width": self.width, **more}


def fields_of(port: PortShape, name: str) -> dict[str, dict[str, Any]]:
    """Return the fields of a whole port, by names that begin with `name`."""
    return {piece.name: piece.data() for piece in pieces(port, name)}


def pieces(port: PortShape, name: str) -> Iterator[Piece]:
    """Yield the parts of a port, every bit once."""
    elements = list(product(*(range(abs(left - right) + 1) for left, right in port.unpacked)))
    for place in elements:
        signal = port.name + "".join(f"{{{index}}}" for index in place)
        own = name + "".join(f"_{index}" for index in place)
        yield from _element(port, signal, identifier(own, "data"))


def slice_of(port: PortShape, name: str, index: int, count: int) -> Iterator[Piece]:
    """Yield the parts of copy `index` of `count`, of which a port is packed."""
    bits = port.width // count
    inner = port.packed[1:] if len(port.packed) > 1 and port.packed[0] == count else ()
    yield from _vector(port, port.name, name, index * bits, bits, inner, whole=count == 1)


def _element(port: PortShape, signal: str, name: str) -> Iterator[Piece]:
    if port.members and len(port.members) > 1:
        for member in port.members:
            own = identifier(f"{name}_{member.name}", "data")
            yield from _vector(port, signal, own, member.low, member.width, (), whole=False, signed=member.signed)
        return
    yield from _vector(port, signal, name, 0, port.width, port.packed, whole=True, signed=port.signed)


def _vector(port: PortShape, signal: str, name: str, low: int, bits: int, packed: tuple[int, ...], *, whole: bool,
            signed: bool | None = None) -> Iterator[Piece]:  # fmt: skip
    is_signed = port.signed if signed is None else signed
    split = _lanes(bits, packed)
    if split:
        lanes, width = split
        yield Piece(name, signal, low, width, lanes, is_signed and width > 1, whole)
        return
    for number, start in enumerate(range(0, bits, WIDEST)):
        width = min(WIDEST, bits - start)
        yield Piece(identifier(f"{name}_{number}", "data"), signal, low + start, width, whole=False)


def _lanes(bits: int, packed: tuple[int, ...]) -> tuple[int, int] | None:
    """Return (lanes, width) if one field can hold so many bits: by the innermost dimensions, else in equal parts."""
    inner = 1
    for size in reversed(packed[1:]):
        inner *= size
        if inner < bits and inner <= WIDEST and bits // inner <= MOST_LANES and bits % inner == 0:
            return bits // inner, inner
    if bits <= WIDEST:
        return 1, bits
    for width in (32, 64, 16, 8):
        if bits % width == 0 and bits // width <= MOST_LANES:
            return bits // width, width
    return None

"""The shapes of ports: width, dimensions, members of structures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyslang.ast import SymbolKind as S

from dv_agent.designs.elaboration.compilation import Sources
from dv_agent.designs.elaboration.interface import Direction, Member, PortShape

_DIRECTIONS: dict[str, Direction] = {"In": "input", "Out": "output", "InOut": "inout", "Ref": "inout"}


def port_shapes(sources: Sources, body: Any) -> Iterator[PortShape]:
    """Yield the shape of each port of an instance's body, in declaration order."""
    for port in body.portList:
        file, _, line = sources.where(port.location).rpartition(":")
        place: dict[str, Any] = {"name": port.name or "?", "file": file, "line": int(line or 0)}
        if port.kind == S.InterfacePort:
            kind = getattr(port.interfaceDef, "name", "interface")
            yield PortShape(**place, direction="interface", width=0, type=str(kind))
            continue
        direction = _DIRECTIONS[str(port.direction).rpartition(".")[2]]
        yield _shape(place, direction, port.type)


def _shape(place: dict[str, Any], direction: Direction, kind: Any) -> PortShape:
    unpacked = []
    plain = kind.canonicalType
    while plain.isUnpackedArray and plain.hasFixedRange:
        unpacked.append((plain.fixedRange.left, plain.fixedRange.right))
        plain = plain.arrayElementType.canonicalType
    integral = plain.isIntegral
    return PortShape(
        **place, direction=direction, width=int(plain.bitWidth) if integral else 0, packed=tuple(_packed(plain)),
        unpacked=tuple(unpacked), signed=bool(integral and plain.isSigned), members=tuple(_members(plain)),
        type=str(kind)[:200],
    )  # fmt: skip


def _packed(kind: Any) -> Iterator[int]:
    kind = kind.canonicalType
    while kind.isPackedArray:
        yield int(kind.fixedRange.width)
        kind = kind.arrayElementType.canonicalType
    if kind.isIntegral and not kind.isScalar and kind.bitWidth > 1:
        yield int(kind.bitWidth)


def _members(kind: Any) -> Iterator[Member]:
    if kind.isStruct and not kind.isUnpackedStruct:
        yield from _leaves(kind, "", 0)


def _leaves(kind: Any, before: str, low: int) -> Iterator[Member]:
    for one in kind:
        if one.kind != S.Field:
            continue
        name, inner = f"{before}{one.name}", one.type.canonicalType
        if inner.isStruct and not inner.isUnpackedStruct:
            yield from _leaves(inner, f"{name}_", low + one.bitOffset)
        else:
            yield Member(name=name, low=low + one.bitOffset, width=int(inner.bitWidth), signed=inner.isSigned)

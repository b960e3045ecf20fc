"""``design.json`` of an exported project: pins, streams and ports of a design, as its drivers and checks need them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import DROP, PortModel
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.rtl_files import TextParameter, TypeParameter
from dv_agent.errors import UsageError
from dv_agent.runners.build.wrappers.layout import driven_ports, riders
from dv_agent.runners.checks.protocol import rest_levels

AXI_LITE = "axi_lite"
KINDS = ("source", "sink", "strobe", "responder", "pins", "observe", AXI_LITE)


def require_exportable(design: Design) -> None:
    """Check that the drivers of a project can drive the design.

    Raises:
        UsageError: it has several clocks or none, another bus than AXI4-Lite, or signals that are parts of a port.
    """
    for name, port in design.ports.items():
        if port.kind not in KINDS:
            raise UsageError(
                f"{name} is a port of kind {port.kind}: only {', '.join(KINDS)} can be exported as a cocotb project"
            )
    if len(design.all_clocks) != 1:
        raise UsageError(f"{design.name} has {len(design.all_clocks)} clocks: a cocotb project is made for one")
    named = [*design.ties, *(signal for one in design.streams for signal, _ in one.signals())]
    named += [spec.signal for port in design.ports.values() for spec in port.levels().values()]
    for signal in named:
        if not signal.isidentifier():
            raise UsageError(f"{signal} is a part of a port of the top module: only whole ports can be exported")
    for parameter, value in design.parameters.items():
        if isinstance(value, TypeParameter):
            raise UsageError(f"parameter {parameter} is a type: that cannot be exported")


def design_data(design: Design, sources: list[str], includes: list[str]) -> dict[str, Any]:
    """Return the content of ``design.json``.

    Args:
        sources, includes: the RTL files and include folders, relative to the folder of the RTL.
    """
    streams = {one.key: _stream(design, one) for one in design.streams}
    pins = {signal for one in design.streams for signal, _ in one.signals()}
    pins |= {spec.signal for port in design.ports.values() for spec in port.levels().values()}
    (clock,) = design.all_clocks.values()
    return {
        "name": design.name, "top": design.top, "clock": clock.signal,
        "reset": [{"pin": one.signal, "active_high": one.active == "high"} for one in design.resets],
        "reset_cycles": design.reset.cycles if design.reset else 4, "quiet_cycles": design.limits.quiet_cycles,
        "sources": sources, "includes": includes, "standard": "-g2005" if design.plain_verilog else "-g2012",
        "defines": {name: 1 if text is None else text for name, text in design.defines.items()},
        "parameters": {name: one if isinstance(one, int) else f'"{one.text}"' for name, one in _values(design)},
        "ties": dict(design.ties), "ports": list(_ports(design)), "streams": streams, "sampled": sorted(pins),
        "always_known": sorted(_always_known(design)), "at_rest": _at_rest(design),
    }  # fmt: skip


def _values(design: Design) -> Iterator[tuple[str, int | TextParameter]]:
    for name, one in design.parameters.items():
        if not isinstance(one, TypeParameter):
            yield name, one


def _stream(design: Design, one: Stream) -> dict[str, Any]:
    off = design.exceptions.get(one.port, {})
    return {
        "driven": one.driven, "valid": one.valid, "ready": one.ready or "", "last": one.last or "",
        "fields": {name: _field(spec) for name, spec in one.fields.items()}, "caused": one.caused,
        "may_drop": DROP in off, "off": sorted(off),
    }  # fmt: skip


def _field(spec: FieldSpec) -> dict[str, Any]:
    return {"pin": spec.signal, "width": spec.width, "lanes": spec.lanes, "signed": spec.signed}


def _fields(fields: Mapping[str, FieldSpec]) -> dict[str, Any]:
    return {name: _field(spec) for name, spec in fields.items()}


def _ports(design: Design) -> Iterator[dict[str, Any]]:
    """Yield what the driver of each driven port needs, in the order in which they are planned."""
    for name, port in driven_ports(design):
        yield {"kind": port.kind, "name": name, **_facts(design, name, port)}


def _facts(design: Design, name: str, port: PortModel) -> dict[str, Any]:
    if held := port.held():
        rest = dict(zip((spec.signal for spec in held.values()), rest_levels(port), strict=True))
        return {"fields": _fields(held), "rest": rest}
    streams = port.streams(name)
    if port.kind == AXI_LITE:
        return {"parts": {one.part: _part(one) for one in streams}}
    hold, ones = (bool(port.driver_facts().get(name)) for name in ("hold", "ones"))
    if len(streams) > 1:
        ask, answer = streams
        return {"request": _part(ask), "response": _part(answer)}
    (one,) = streams
    facts = {"valid": one.valid, "ready": one.ready or "", "last": one.last or "", "fields": _fields(one.fields)}
    ridden = {write.port: {"valid": write.valid, "fields": _fields(write.fields)} for write in riders(design, one)}
    return {**facts, "hold": hold, "ones": ones, "riders": ridden if one.carries else {}}


def _part(one: Stream) -> dict[str, Any]:
    return {
        "stream": one.key, "valid": one.valid, "ready": one.ready or "", "last": one.last or "",
        "fields": _fields(one.fields),
    }  # fmt: skip


def _always_known(design: Design) -> Iterator[str]:
    """Yield the pins that may not be X outside of reset: what the design drives of handshakes, and flags."""
    for one in design.streams:
        if "unknown" not in design.exceptions.get(one.port, {}):
            if not one.driven:
                yield one.valid
            elif one.ready:
                yield one.ready
    for name, port in design.ports.items():
        if design.reset and "unknown" not in design.exceptions.get(name, {}):
            yield from (spec.signal for spec in port.observed().values() if spec.bits == 1)


def _at_rest(design: Design) -> dict[str, int]:
    levels: dict[str, int] = {}
    for port in design.ports.values():
        levels |= dict(zip((spec.signal for spec in port.held().values()), rest_levels(port), strict=True))
    return levels

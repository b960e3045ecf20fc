"""The ports that two designs have in common, and words about those that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.text.wording import counted


@dataclass(frozen=True, slots=True)
class CommonPorts:
    """What of two designs can be compared.

    Attributes:
        results: stream -> names of the fields that both designs drive, ``last`` included.
        levels: (port, field) of the outputs with a value in every cycle.
        tracks: the tracks that mean the same for both.
        notes: one line about each port that differs.
    """

    results: Mapping[str, tuple[str, ...]]
    levels: tuple[tuple[str, str], ...]
    tracks: frozenset[str]
    notes: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether there is any output to compare."""
        return bool(self.results or self.levels)


def common_ports(golden: Design, changed: Design) -> CommonPorts:
    """Return what can be compared of `changed` with `golden`."""
    names = [name for name in golden.ports if name in changed.ports]
    here = {one.key: one for one in golden.streams}
    there = {one.key: one for one in changed.streams}
    results = {
        key: _common(one, there[key]) for key, one in here.items() if key in there and one.driven == there[key].driven
    }
    levels = tuple(
        (name, field)
        for name in names
        for field, spec in golden.ports[name].observed().items()
        if _same(spec, changed.ports[name].observed().get(field))
    )
    tracks = {name for name in golden.grammars if name in changed.grammars and _driven_alike(golden, changed, name)}
    kept = {key: fields for key, fields in results.items() if not here[key].driven or fields}
    return CommonPorts(kept, levels, frozenset(tracks), tuple(_notes(golden, changed, tracks)))


def _results(stream: Stream) -> Mapping[str, FieldSpec]:
    """Return the fields of a stream that the design drives."""
    return stream.returns if stream.driven else stream.fields


def _common(one: Stream, other: Stream) -> tuple[str, ...]:
    fields = [name for name, spec in _results(one).items() if _same(spec, _results(other).get(name))]
    framed = not one.driven and one.last is not None and other.last is not None
    return (*fields, *(["last"] if framed else []))


def _same(one: FieldSpec, other: FieldSpec | None) -> bool:
    return other is not None and (one.width, one.lanes, one.signed) == (other.width, other.lanes, other.signed)


def _driven_alike(golden: Design, changed: Design, name: str) -> bool:
    """Return whether a step of track `name` drives the same values into both designs."""
    one, other = golden.grammars[name], changed.grammars[name]
    fields, others = list(one.fields.items()), list(other.fields.items())
    alike = all(a == b and _same(x, y) for (a, x), (b, y) in zip(fields, others, strict=False))
    return golden.ports[name].kind == changed.ports[name].kind and len(fields) == len(others) and alike


def _notes(golden: Design, changed: Design, tracks: set[str]) -> Iterator[str]:
    for name, port in golden.ports.items():
        if name not in changed.ports:
            yield f"port {name} ({port.kind}) is only in the golden design, and is not compared"
        elif port.kind != changed.ports[name].kind:
            yield f"port {name} is {port.kind} in the golden design and {changed.ports[name].kind} in the other one"
        else:
            yield from _about_fields(golden, changed, name)
            if name in golden.grammars and name not in tracks:
                yield f"port {name} takes other values in the two designs, so the tests leave it silent"
    for name, port in changed.ports.items():
        if name not in golden.ports:
            silent = ", and the tests leave it silent" if name in changed.grammars else ""
            yield f"port {name} ({port.kind}) is not in the golden design{silent}"


def _about_fields(golden: Design, changed: Design, name: str) -> Iterator[str]:
    one, other = _fields(golden, name), _fields(changed, name)
    for field in dict.fromkeys((*one, *other)):
        if field not in other:
            yield f"port {name}: field {field} is only in the golden design"
        elif field not in one:
            yield f"port {name}: field {field} is not in the golden design"
        elif not _same(one[field], other[field]):
            widths = one[field].bits, other[field].bits
            bits = counted(widths[0], "bit")
            yield f"port {name}: field {field} has {bits} in the golden design, {widths[1]} in the other one"


def _fields(design: Design, name: str) -> dict[str, FieldSpec]:
    port = design.ports[name]
    streams = port.streams(name)
    found = {
        f"{one.part}.{field}" if one.part else field: spec for one in streams for field, spec in one.fields.items()
    }
    return found | port.levels()

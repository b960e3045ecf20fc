"""Stream: one handshake of a port, described independently of the kind of port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.wiring.signal_slice import Bit, Signal


class StreamSpec(Frozen):
    """A valid/ready stream in design.yaml: a transfer happens at a rising edge with both high.

    Without a ready, it happens at every rising edge with valid high.
    """

    valid: Bit
    ready: Bit | None = None
    last: Bit | None = Field(default=None, description="signal that ends a packet, if packets exist")
    fields: dict[Identifier, FieldSpec]


@dataclass(frozen=True, slots=True)
class Stream:
    """One handshake of one port. A transfer happens at a rising edge with valid (and ready, if there is one) high.

    Attributes:
        port: name of the port.
        part: which stream of the port, such as ``request``; empty where the port has only one.
        driven: whether the testbench drives valid, last and payload and the design drives ready; else the reverse.
        valid, ready, last: signals; `ready` is None if every cycle with valid is a transfer.
        packets: whether its transfers are the beats of a test's packets.
        carries: whether a beat may carry writes to streams with `rides`; such a stream has a ready.
        rides: whether a write may happen in the same cycle in which a beat that carries it is accepted.
        unless: a signal of the design that holds the testbench's valid back while it is not 0.
        caused: whether the design asserts valid only after an input has caused it, so that a reset clears it.
        loose: field -> field that must not be 0 for it to count; where it does not, it may be X and may change.
            An empty name: a rule of its own says when it counts.
        returns: fields of the opposite direction that count in the cycle of a transfer, such as ``prdata``.
    """

    port: str
    part: str
    driven: bool
    valid: Signal
    ready: Signal | None
    last: Signal | None
    fields: Mapping[str, FieldSpec]
    packets: bool = False
    carries: bool = False
    rides: bool = False
    caused: bool = False
    unless: Signal | None = None
    returns: Mapping[str, FieldSpec] = field(default_factory=dict)
    loose: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> tuple[str, ...]:
        """The port, and the part if there is one."""
        return (self.port, self.part) if self.part else (self.port,)

    @property
    def key(self) -> str:
        """Its name in traces, programs and ``after``, such as ``in`` or ``ld.request``."""
        return ".".join(self.path)

    @property
    def column(self) -> str:
        """Its name in event tables, such as ``in`` or ``ld_request``."""
        return "_".join(self.path)

    @property
    def offer(self) -> Literal["valid", "enable"]:
        """The name of its valid: ``enable`` if there is no ready."""
        return "enable" if self.ready is None else "valid"

    @property
    def bits(self) -> int:
        """Width of the packed payload in bits."""
        return sum(spec.bits for spec in self.fields.values())

    @property
    def returned_bits(self) -> int:
        """Width of the packed fields of the opposite direction in bits."""
        return sum(spec.bits for spec in self.returns.values())

    def offered(self) -> Iterator[tuple[Signal, int]]:
        """Return (signal, bits) of valid, last and payload."""
        yield self.valid, 1
        if self.last is not None:
            yield self.last, 1
        yield from ((spec.signal, spec.bits) for spec in self.fields.values())

    def signals(self) -> Iterator[tuple[Signal, int]]:
        """Return (signal, bits) of all its signals."""
        valid, *payload = self.offered()
        yield valid
        if self.ready is not None:
            yield self.ready, 1
        yield from payload
        if self.unless is not None:
            yield self.unless, 1
        yield from ((spec.signal, spec.bits) for spec in self.returns.values())


def handshake(port: str, part: str, spec: StreamSpec, *, driven: bool, packets: bool = False, caused: bool = False,
              carries: bool = False) -> Stream:  # fmt: skip
    """Return the stream that `spec` describes."""
    carries = carries and spec.ready is not None
    return Stream(port, part, driven, spec.valid, spec.ready, spec.last, spec.fields, packets, carries, False, caused)

"""The noun Stream: one handshake of a port, in words that no kind of port owns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.ports.field_spec import FieldSpec


class StreamSpec(Frozen):
    """A valid/ready stream of design.yaml: a transfer happens at a rising edge with both high."""

    valid: Identifier
    ready: Identifier
    last: Identifier | None = Field(default=None, description="signal that ends a packet, if packets exist")
    fields: dict[Identifier, FieldSpec]


@dataclass(frozen=True, slots=True)
class Stream:
    """One handshake of one port. A transfer happens at a rising edge with valid (and ready, if there is one) high.

    Attributes:
        port: name of the port.
        part: which stream of the port, such as ``request``; empty where the port has only one.
        driven: whether we drive valid, last and payload and the design ready; else it is the other way round.
        valid, ready, last: signals; `ready` is None where every offer is a transfer.
        packets: whether its transfers are the beats of a test's packets.
        carries: whether a beat may carry writes to streams that `rides`; such a stream has a ready.
        rides: whether a write may happen in the very cycle in which a beat that carries it is accepted.
        caused: whether the design offers nothing before an input has caused it, so that a reset silences it.
    """

    port: str
    part: str
    driven: bool
    valid: str
    ready: str | None
    last: str | None
    fields: Mapping[str, FieldSpec]
    packets: bool = False
    carries: bool = False
    rides: bool = False
    caused: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """Port, and part if there is one."""
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
        """What its valid is called: ``enable`` where nobody can refuse it."""
        return "enable" if self.ready is None else "valid"

    @property
    def bits(self) -> int:
        """Bits of the packed payload."""
        return sum(spec.bits for spec in self.fields.values())

    def offered(self) -> Iterator[tuple[str, int]]:
        """(signal, bits) of valid, last and payload."""
        yield self.valid, 1
        if self.last is not None:
            yield self.last, 1
        yield from ((spec.signal, spec.bits) for spec in self.fields.values())

    def signals(self) -> Iterator[tuple[str, int]]:
        """(signal, bits) of all its signals."""
        valid, *payload = self.offered()
        yield valid
        if self.ready is not None:
            yield self.ready, 1
        yield from payload


def handshake(port: str, part: str, spec: StreamSpec, *, driven: bool, packets: bool = False, caused: bool = False,
              carries: bool = False) -> Stream:  # fmt: skip
    """The stream that `spec` describes."""
    return Stream(port, part, driven, spec.valid, spec.ready, spec.last, spec.fields, packets, carries, False, caused)

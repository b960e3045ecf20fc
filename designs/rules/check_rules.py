"""Checks as data: what design.yaml says about values after reset, codes, latency, capacity and waiting."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from dv_agent.designs.bounds import Count
from dv_agent.designs.frozen import Frozen, Identifier

StreamName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[a-z]+)?$", max_length=80)]
Cycles = Annotated[int, Field(ge=0, le=1_000_000)]


class Latency(Frozen):
    """When outputs appear. An output appears in the first cycle in which valid offers it.

    Attributes:
        to: the output stream.
        source: the input stream (``from`` in the file) of which the n-th transfer causes the n-th output. Where the
            reference model expects outputs, it knows their causes, and `source` is not needed.
        least: cycles from the transfer of the cause until the output appears, at least.
        most: ... at most, if nothing before it has kept the design busy: see `after`.
        after: an output may also appear so many cycles after the output before it was transferred.
    """

    to: StreamName
    source: StreamName | None = Field(default=None, alias="from")
    least: Cycles = 1
    most: Cycles | None = None
    after: Cycles | None = None

    @model_validator(mode="after")
    def _bounds_belong_together(self) -> Latency:
        if (self.most is None) != (self.after is None):
            raise ValueError("`most` and `after` are one bound: an output appears by the later of both; give both")
        if self.most is not None and self.most < self.least:
            raise ValueError(f"`most` is {self.most}, less than `least`, {self.least}")
        return self


class Capacity(Frozen):
    """How much the design holds: outputs that are due (their inputs are accepted) and not transferred.

    Attributes:
        accepts: the input stream.
        holds: the output stream.
        least: the design refuses an offer on `accepts` only while it holds at least so many.
        most: it never holds more.
        source: as in `Latency`.
    """

    accepts: StreamName
    holds: StreamName
    least: Count = 0
    most: Count | None = None
    source: StreamName | None = Field(default=None, alias="from")


class Patience(Frozen):
    """How long an offer may wait while all outputs are taken at once.

    Attributes:
        offer: the input stream.
        most: cycles in a row in which the offer is refused, with ready high on every output.
    """

    offer: StreamName
    most: Cycles


class CheckRules(Frozen):
    """The checks that design.yaml adds to the scoreboard and to the rules of handshakes.

    Attributes:
        reset: output -> the value it has after the first edge in reset, until the first edge without it.
        codes: output -> the values that it may have outside of reset.
    """

    reset: dict[Identifier, Count] = Field(default_factory=dict)
    codes: dict[Identifier, tuple[Count, ...]] = Field(default_factory=dict)
    latency: tuple[Latency, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    patience: tuple[Patience, ...] = ()

    @property
    def streams(self) -> frozenset[str]:
        """Names of all streams that the rules speak of."""
        named = {one.to for one in self.latency} | {one.source for one in self.latency if one.source}
        named |= {name for one in self.capacity for name in (one.accepts, one.holds, one.source) if name}
        return frozenset(named | {one.offer for one in self.patience})

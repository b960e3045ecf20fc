"""One named field of a payload: its signal, its lanes, its range."""

from __future__ import annotations

from functools import cached_property

from pydantic import Field, model_validator

from dv_agent.designs.frozen import Frozen
from dv_agent.designs.wiring.signal_slice import Signal


class FieldSpec(Frozen):
    """One named field of a port's payload.

    A field with `lanes` > 1 is a vector: lane 0 is in the least significant bits of `signal`.
    """

    signal: Signal
    width: int = Field(ge=1, le=64, description="bits of one lane")
    lanes: int = Field(default=1, ge=1, le=64)
    signed: bool = False

    @model_validator(mode="after")
    def _slice_has_its_width(self) -> FieldSpec:
        if self.signal.width not in (None, self.bits):
            raise ValueError(f"{str(self.signal)!r} has {self.signal.width} bits, the field {self.bits}")
        return self

    @cached_property
    def bits(self) -> int:
        """Width of the whole signal in bits."""
        return self.width * self.lanes

    @cached_property
    def low(self) -> int:
        """Minimum value of one lane."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @cached_property
    def high(self) -> int:
        """Maximum value of one lane."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

"""One named field of a payload: its signal, its lanes, its range."""

from __future__ import annotations

from pydantic import Field

from dv_agent.designs.frozen import Frozen, Identifier


class FieldSpec(Frozen):
    """One named field of a port's payload.

    A field with `lanes` > 1 is a vector: lane 0 is in the least significant bits of `signal`.
    """

    signal: Identifier
    width: int = Field(ge=1, le=64, description="bits of one lane")
    lanes: int = Field(default=1, ge=1, le=64)
    signed: bool = False

    @property
    def bits(self) -> int:
        """Width of the whole signal in bits."""
        return self.width * self.lanes

    @property
    def low(self) -> int:
        """Minimum value of one lane."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Maximum value of one lane."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

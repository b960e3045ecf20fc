"""One named field of a payload: its pin, its lanes, its range."""

from __future__ import annotations

from pydantic import Field

from dv_agent.designs.frozen import Frozen, Identifier


class FieldSpec(Frozen):
    """One named field of a port's payload.

    A field with `lanes` > 1 is a vector: lane 0 stands in the least significant bits of `signal`.
    """

    signal: Identifier
    width: int = Field(ge=1, le=64, description="bits of one lane")
    lanes: int = Field(default=1, ge=1, le=64)
    signed: bool = False

    @property
    def bits(self) -> int:
        """Bits of the whole signal."""
        return self.width * self.lanes

    @property
    def low(self) -> int:
        """Least value of one lane."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Greatest value of one lane."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

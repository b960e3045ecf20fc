"""Clocks, resets and inputs held constant, as design.yaml describes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dv_agent.designs.frozen import Frozen, Identifier

MAIN = "clk"
"""The name of the only clock of a design that does not name its clocks."""


class Clock(Frozen):
    """A clock: the first rising edge comes half a period after the start, or `phase_ns` later."""

    signal: Identifier = "clk"
    period_ns: int = Field(default=10, ge=2, le=1_000_000)
    phase_ns: int = Field(default=0, ge=0, le=1_000_000)


class FurtherReset(Frozen):
    """A reset that is asserted together with the first one."""

    signal: Identifier
    active: Literal["high", "low"] = "high"
    asynchronous: bool = False


class Reset(FurtherReset):
    """The reset; every test starts with `cycles` cycles of it.

    It changes right after a rising edge, as all inputs do; an asynchronous one acts before the next edge already. With
    several clocks, a reset within a test lasts until each has risen `cycles` times, too.
    """

    signal: Identifier = "rst"
    cycles: int = Field(default=4, ge=1, le=1000)

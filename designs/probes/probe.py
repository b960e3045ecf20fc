"""Probe: a register inside the design that is sampled in every cycle, such as the state of a state machine."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dv_agent.designs.frozen import Frozen, Identifier

_PART = r"[A-Za-z_][A-Za-z0-9_$]{0,127}(\[[0-9]{1,5}\])?"
# It becomes part of generated Verilog, so nothing but a name can be written.
HierarchicalPath = Annotated[str, Field(pattern=rf"^{_PART}(\.{_PART}){{0,31}}$", max_length=1_000)]


class Probe(Frozen):
    """A signal below the top module; its value is a column of the event table ``cycle``, under the name of the probe.

    Attributes:
        path: names of instances and blocks below the top module, and of the signal, joined by dots.
        states: names of its values, for a state machine.
    """

    path: HierarchicalPath
    width: int = Field(ge=1, le=63)
    states: dict[Identifier, Annotated[int, Field(ge=0, lt=1 << 63)]] = Field(default_factory=dict)

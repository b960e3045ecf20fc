"""Monitor: generated Verilog that watches the signals of a trace and tells in each cycle which properties are hit."""

from __future__ import annotations

from dataclasses import dataclass

MONITOR = "dv_monitor"


@dataclass(frozen=True, slots=True)
class Monitor:
    """A module `MONITOR` with the ports ``clock``, ``started``, ``i0``, ``i1``, ..., ``unknown`` and ``hit``.

    Attributes:
        text: its Verilog.
        signals: the signals of the trace on ``i0``, ``i1``, ..., with their bits; probes too.
        unknown: bits of ``unknown``: values that no signal gives; a proof lets them be anything.
        properties: name of each bit of ``hit``, the lowest bit first.
    """

    text: str
    signals: tuple[tuple[str, int], ...]
    unknown: int
    properties: tuple[str, ...]

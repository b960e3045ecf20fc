"""The noun Excerpt: a few cycles of a waveform around a failure, as data (``failures/<n>/excerpt.json``)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from dv_agent.designs.bounds import Count
from dv_agent.designs.frozen import Frozen

MAX_CYCLES = 400
Role = Literal["reset", "valid", "ready", "last", "enable", "data"]


class WaveSignal(Frozen):
    """One signal, or one lane of it, over the window.

    Attributes:
        port: the stream it belongs to, such as ``in`` or ``ld.request``, or the observe port; empty for reset.
        name: ``valid``, ``ready``, ``last``, or the name of the field with its lane, as in ``m[1]``.
        signal: the pin of the design.
        values: one a cycle, signed where the field is signed; 0 where unknown.
        unknown: one a cycle, whether a bit was X or Z; empty where none ever was.
    """

    port: str
    name: str
    signal: str
    kind: Literal["bit", "bus"]
    role: Role
    values: tuple[int, ...]
    unknown: tuple[bool, ...] = ()

    def unknown_at(self, place: int) -> bool:
        """Whether the value in the window's cycle `place` is unknown."""
        return bool(self.unknown) and self.unknown[place]


class Excerpt(Frozen):
    """Values as sampled just before each rising edge; ports in the order of the design, observed ones last.

    Attributes:
        start: first cycle of the window, counted as in a trace.
        cycles: how many cycles the window holds.
        failing_cycle: where the failure shows; None where it has no cycle of its own.
        failing_port, failing_field: what it shows on, as in `CheckFailure`.
        ports: port or stream -> kind of the port.
        transfers: port -> cycles of the window in which a transfer was accepted.
    """

    schema_version: Literal[1] = 1
    design: str
    start: Count
    cycles: int = Field(ge=0, le=MAX_CYCLES)
    failing_cycle: Count | None = None
    failing_port: str = ""
    failing_field: str = ""
    ports: dict[str, str]
    signals: tuple[WaveSignal, ...]
    transfers: dict[str, tuple[int, ...]]

    @model_validator(mode="after")
    def _lengths_agree(self) -> Excerpt:
        for signal in self.signals:
            if len(signal.values) != self.cycles or len(signal.unknown) not in (0, self.cycles):
                raise ValueError(f"{signal.port}.{signal.name}: expected one value a cycle, {self.cycles} in all")
        return self

"""A sink port: the design drives valid and payload, the testbench drives ready."""

from __future__ import annotations

from typing import ClassVar, Literal

from dv_agent.designs.ports.grammar import Grammar, RandomOp, Timing, Word
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.stream import Stream, StreamSpec, handshake

_LANGUAGE = """\
* sink: {"ready": 3} and {"stall": 9} hold ready high or low for so many cycles; {"accept": 4} is ready for 4 transfers.
"""


class SinkPort(PortModel, StreamSpec):
    """A port on which the design drives valid and payload, and the testbench drives ready, if there is one."""

    kind: Literal["sink"]
    label: ClassVar[str] = "driven by the design"
    driver: ClassVar[str] = "sink"
    plural: ClassVar[str] = "sinks"
    silence: ClassVar[str] = "ready"

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return its one stream, of results."""
        return (handshake(name, "", self, driven=False, caused=True),)

    def grammar(self) -> Grammar | None:
        """Return the grammar of ready: when it is high; None without a ready."""
        if self.ready is None:
            return None
        return Grammar(
            counts="ready/stall pairs",
            timing=(Timing("ready", default=1), Timing("stall")),
            words=(Word("ready", passive=True), Word("stall"), Word("accept")),
            random=(RandomOp("ready", "ready"), RandomOp("stall", "stall")),
            inserted=("stall", "ready", "accept"),
            directed=({"accept": 1}, {"stall": 20}, {"ready": 3}),
            joined=({"stall": 10},),
            stalls=True,
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on the steps that drive ready."""
        del packet, writes
        return _LANGUAGE

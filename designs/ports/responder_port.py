"""A responder: the design asks, we answer from test memory."""

from __future__ import annotations

from typing import ClassVar, Literal

from dv_agent.designs.ports.grammar import Grammar, RandomOp, Timing, Word
from dv_agent.designs.ports.port import Memory, PortModel
from dv_agent.designs.ports.stream import Stream, StreamSpec, handshake

_LANGUAGE = """\
* responder: {"serve": 4, "latency": 7, "stall": 2}: the next 4 requests are each held 2 cycles and answered 7 cycles later
  than possible. The test's "memory": {"PORT": [words]} gives the contents.
"""  # noqa: E501


class ResponderPort(PortModel):
    """The design asks on one stream; we answer, in order, on another from test memory.

    `request` carries one field, the address; `response` carries one field, the data.
    """

    kind: Literal["responder"]
    request: StreamSpec
    response: StreamSpec
    label: ClassVar[str] = "memory"
    driver: ClassVar[str] = "responder"
    plural: ClassVar[str] = "responders"
    silence: ClassVar[str] = "answering at once"

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Requests and answers. The design may ask of itself, right after reset."""
        return (
            handshake(name, "request", self.request, driven=False),
            handshake(name, "response", self.response, driven=True),
        )

    def memory(self, name: str) -> Memory:
        """What is asked and answered."""
        return Memory(*self.streams(name))

    def grammar(self) -> Grammar:
        """How requests are answered."""
        return Grammar(
            counts="answers",
            timing=(Timing("latency"), Timing("stall")),
            words=(Word("serve", "items", {"latency": "gap", "stall": "stall"}),),
            random=(RandomOp("serve", 1, {"gap": "latency", "stall": "stall"}),),
            directed=({"serve": 2, "latency": 7, "stall": 2},),
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """How requests are answered, and from what."""
        del packet, writes
        return _LANGUAGE

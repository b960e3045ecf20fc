"""A responder port: the design sends requests, the testbench answers from test memory."""

from __future__ import annotations

from typing import ClassVar, Literal

from dv_agent.designs.ports.grammar import Grammar, RandomOp, Timing, Word
from dv_agent.designs.ports.port import Memory, PortModel
from dv_agent.designs.ports.stream import Stream, StreamSpec, handshake

_LANGUAGE = """\
* responder: {"serve": 4, "latency": 7, "stall": 2}: the next 4 requests are each held 2 cycles and answered 7 cycles later
  than possible, counted from each one's own acceptance; an earlier answer still goes first. "memory": {"PORT": [words]}
  beside "tracks" gives the contents.
  A reset drops requests that wait for their answer; what is left of "serve" goes on behind it.
"""  # noqa: E501


class ResponderPort(PortModel):
    """A port of requests from the design, which the testbench answers in order, on another stream, from test memory.

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
        """Return the streams of requests and answers. A request needs no cause: it may come right after reset."""
        return (
            handshake(name, "request", self.request, driven=False),
            handshake(name, "response", self.response, driven=True),
        )

    def memory(self, name: str) -> Memory:
        """Return the memory with its streams of requests and answers."""
        ask, answer = self.streams(name)
        return Memory(ask, answer, next(iter(answer.fields.values())))

    def grammar(self) -> Grammar:
        """Return the grammar of how requests are answered."""
        return Grammar(
            counts="answers",
            timing=(Timing("latency"), Timing("stall")),
            words=(Word("serve", "items", {"latency": "gap", "stall": "stall"}),),
            random=(RandomOp("serve", 1, {"gap": "latency", "stall": "stall"}),),
            directed=({"serve": 2, "latency": 7, "stall": 2},),
            stalls=True,
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on how requests are answered, and from which words."""
        del packet, writes
        return _LANGUAGE

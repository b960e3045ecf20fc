"""A memory port: the design asks for words of a memory and may write them; the testbench is the memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from dv_agent.designs.ports.buses.memory_bus import LANGUAGE, ServingPort
from dv_agent.designs.ports.buses.roles import MEMORY
from dv_agent.designs.ports.buses.rules import Known, Rule
from dv_agent.designs.ports.buses.signals_by_role import places
from dv_agent.designs.ports.buses.views.accesses import asked_of_memory
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import Memory, Words
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import Signals, Transfers

Answer = Literal["with_ready", "next", "rvalid"]


class MemoryPort(ServingPort):
    """Requests of the design to a memory, whose words are those of the test; an address beyond them starts again at 0.

    Attributes:
        answer: when the word that was read is there: together with ``ready``; in the cycle after the request; or with
            ``rvalid``. Left out: by the signals that there are.
        answers_writes: whether a write gets an ``rvalid`` too.
    """

    kind: Literal["memory"]
    answer: Answer | None = None
    answers_writes: bool = Field(default=True)
    driver: ClassVar[str] = "memory"
    roles = MEMORY

    @model_validator(mode="after")
    def _answer_has_its_signals(self) -> MemoryPort:
        if not self.has("rdata") and not self.has("wdata"):
            raise ValueError("signals: neither rdata nor wdata")
        needed = {"with_ready": ("ready", "rdata"), "next": ("rdata",), "rvalid": ("rvalid",)}[self.answered]
        if self.answer and (missing := [role for role in needed if not self.has(role)]):
            raise ValueError(f"answer: {self.answer} needs {' and '.join(missing)}")
        return self

    @property
    def answered(self) -> Answer:
        """When the word is there."""
        if self.answer:
            return self.answer
        return "rvalid" if self.has("rvalid") else "with_ready" if self.has("ready") and self.has("rdata") else "next"

    @property
    def writes(self) -> str:
        """The field that is not 0 if a request writes: ``write`` or ``strb``; empty if all write, or none does."""
        return next((role for role in ("write", "strb") if self.has(role)), "")

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return requests, and answers if they have a valid."""
        fields = self.named(addr="addr", write="write", strb="strb", data="wdata")
        ready = self.pin("ready") if self.has("ready") else None
        returns = self.named(rdata="rdata") if self.answered == "with_ready" else {}
        loose: dict[str, str] = {
            name: self.writes for name in ("data", "strb") if name in fields and self.writes not in ("", name)
        }
        request = Stream(name, "request", False, self.pin("valid"), ready, None, fields, returns=returns, loose=loose)
        if self.answered != "rvalid":
            return (request,)
        return request, Stream(name, "response", True, self.pin("rvalid"), None, None, self.named(data="rdata"))

    def held(self) -> Mapping[str, FieldSpec]:
        """Return the word that was read, if nothing else says when it is there."""
        return self.named(**{self.pin("rdata"): "rdata"}) if self.answered == "next" and self.has("rdata") else {}

    def memory(self, name: str) -> Memory:
        """Return the memory."""
        request, *response = self.streams(name)
        return Memory(request, response[0] if response and response[0].fields else None, self.word)

    def words(self) -> Words:
        """Return the words that the design may ask for; it may repeat those of the test."""
        return Words(*self.span, self.step, self.has("rdata"), self.has("wdata"))

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return reads and writes."""
        late = signals[self.pin("rdata")] if self.held() else None
        answers = accepted.get(f"{name}.response")
        return asked_of_memory(
            name, accepted[f"{name}.request"], self.writes, late, answers, self.has("rdata"), self.answers_writes
        )

    def protocol(self, name: str) -> tuple[Rule, ...]:
        """Return that what is written is known; that a request stays until it is taken is a rule of its stream."""
        return (Known(f"{name}.writes", (("data", self.pin("wdata")),)),) if self.has("wdata") else ()

    def driver_facts(self) -> dict[str, Any]:
        """Return how it is answered, and how an address becomes a place in the memory."""
        return {
            "payload": places(self.streams("")[0].fields), "answer": self.answered, "writes": self.writes,
            "answers_writes": self.answers_writes, "reads": self.has("rdata"), "word": self.word.bits,
            "step": self.step,
        }  # fmt: skip

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on how requests are answered, and from which words."""
        del packet, writes
        return LANGUAGE.replace("KIND", "memory")

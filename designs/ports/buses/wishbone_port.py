"""A Wishbone port: the design is the slave, with classic or with pipelined cycles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from dv_agent.designs.ports.buses.completer import OVERLAP, CompleterPort
from dv_agent.designs.ports.buses.roles import WISHBONE
from dv_agent.designs.ports.buses.rules import Answers, OneOf, OnlyWhile, Rule
from dv_agent.designs.ports.buses.signals_by_role import Fields, no_pin, places
from dv_agent.designs.ports.buses.views.accesses import answered_at_once, answered_in_order
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import Derived
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.trace import Signals, Transfers
from dv_agent.designs.wiring.signal_slice import Signal

_LANGUAGE = """\
* wishbone: {"write": {"addr": 4, "data": 5, "strb": 15}, "gap": 2} and {"read": {"addr": 4}} are accesses, one after
  the other; "gap" is idle cycles before; "strb" is sel. Pipelined buses also take "overlap": 1 (the next step does not
  wait for the answer). {"access": {"write": 1, FIELDS}} names every field. {"idle": 5} waits.
"""
_ANSWERS = ("ack", "err", "rty")


class WishbonePort(CompleterPort):
    """A bus of requests with ``cyc`` and ``stb``, each ended by ``ack``, ``err`` or ``rty``.

    Attributes:
        pipelined: whether a request is taken at once unless there is a ``stall``, and answered later; else ``stb``
            stays until the answer. Left out: whether there is a ``stall``.
    """

    kind: Literal["wishbone"]
    pipelined: bool | None = None
    driver: ClassVar[str] = "wishbone"
    roles = WISHBONE
    idle_in_reads: ClassVar[tuple[str, ...]] = ()

    @property
    def is_pipelined(self) -> bool:
        """Whether its cycles are pipelined."""
        return self.has("stall") if self.pipelined is None else self.pipelined

    @property
    def may_write(self) -> bool:
        """Whether there is a write enable."""
        return self.has("we")

    @property
    def may_read(self) -> bool:
        """Whether there is anything to read."""
        return self.has("dat_o") or not self.has("we")

    @property
    def first_part(self) -> str:
        """The stream of requests."""
        return "request" if self.is_pipelined else ""

    def payload(self) -> Fields:
        """Return address, data and byte selects."""
        return self.named(addr="adr", data="dat_i", strb="sel")

    def controls(self) -> Fields:
        """Return whether the next access may overlap, on a pipelined bus."""
        return {OVERLAP: no_pin(OVERLAP, 1)} if self.is_pipelined else {}

    @property
    def _answers(self) -> tuple[Signal, ...]:
        return tuple(self.pin(role) for role in _ANSWERS if self.has(role))

    def _done(self, name: str) -> Signal:
        """Return the signal that ends an access: ``ack``, or one that is high with each of the answers."""
        return self._answers[0] if len(self._answers) == 1 else Signal(f"dv_{name}_done")

    def _free(self, name: str) -> Signal:
        return Signal(f"dv_{name}_free")

    def derived(self, name: str) -> tuple[Derived, ...]:
        """Return "any answer", and "no stall", where the bus has such signals."""
        found = [Derived(self._done(name), self._answers)] if len(self._answers) > 1 else []
        if self.is_pipelined and self.has("stall"):
            found.append(Derived(self._free(name), (self.pin("stall"),), inverted=True))
        return tuple(found)

    def streams(self, name: str) -> tuple[Stream, ...]:
        """Return one stream of accesses; of a pipelined bus, one of requests and one of answers."""
        request = {**self.named(write="we"), **self.payload()}
        status = self.named(error="err", retry="rty")
        stb = self.pin("stb")
        if not self.is_pipelined:
            returns = {**self.named(rdata="dat_o"), **status}
            return (Stream(name, "", True, stb, self._done(name), None, request, returns=returns),)
        ready = self._free(name) if self.has("stall") else None
        data = self.named(data="dat_o")
        return (
            Stream(name, "request", True, stb, ready, None, request),
            Stream(name, "response", False, self._done(name), None, None, {**data, **status}, caused=True,
                   loose=dict.fromkeys(data, "")),
        )  # fmt: skip

    def held(self) -> Mapping[str, FieldSpec]:
        """Return ``cyc``, and what is constant."""
        return {self.pin(role): self.signals[role] for role in self._held_roles}

    @property
    def _held_roles(self) -> tuple[str, ...]:
        return tuple(role for role in ("cyc", "cti", "bte", "lock") if self.has(role))

    def views(self, name: str, accepted: Mapping[str, Transfers], signals: Signals) -> dict[str, Transfers]:
        """Return reads and writes."""
        del signals
        if self.is_pipelined:
            return answered_in_order(name, accepted[f"{name}.request"], accepted[f"{name}.response"])
        return answered_at_once(name, accepted[name], selects=True)

    def protocol(self, name: str) -> tuple[Rule, ...]:
        """Return that each request has one answer, of one kind, and that what is read is known."""
        found: list[Rule] = [*super().protocol(name)]
        if len(self._answers) > 1:
            found.append(OneOf(self._answers))
        if self.is_pipelined:
            found.append(Answers((f"{name}.request",), f"{name}.response"))
        else:
            found.append(OnlyWhile(self._answers, self.pin("stb")))
        return (*found, *self.known(name, f"{name}.response" if self.is_pipelined else name, "dat_o"))

    def driver_facts(self) -> dict[str, Any]:
        """Return the fields of an access, of the payload and of the held signals."""
        held = [[role, self.signals[role].bits] for role in self._held_roles]
        payload = places(self.streams("")[0].fields)
        return {**super().driver_facts(), "payload": payload, "levels": held, "pipelined": self.is_pipelined}

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Return the lines on accesses."""
        del packet, writes
        return _LANGUAGE

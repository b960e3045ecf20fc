"""A bus whose completer (slave) is the design: what the tests of all such buses have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, model_validator

from dv_agent.designs.ports.buses.rules import Known, ReadsBack, Rule
from dv_agent.designs.ports.buses.signals_by_role import BusPort, Fields, no_pin
from dv_agent.designs.ports.grammar import Form, Grammar, Item, Option, Timing, Word
from dv_agent.designs.ports.port import Words

Range = tuple[int, int]
_FEW, _MANY = 16, 64  # words
OVERLAP = "overlap"
"""Field of an access: 1 if the next step need not wait for its answer."""


class CompleterPort(BusPort):
    """A bus on which the test asks for accesses and the design answers them."""

    reads_back: bool | tuple[Range, ...] = Field(
        default=False, description="where a read gives what was written before: all addresses, or [first, last] ranges"
    )
    label: ClassVar[str] = "accessed by the test"
    plural: ClassVar[str] = "buses"
    silence: ClassVar[str] = "idle"
    options: ClassVar[Mapping[str, Option]] = {}
    idle_in_reads: ClassVar[tuple[str, ...]] = ("strb",)

    @model_validator(mode="after")
    def _ranges_rise(self) -> CompleterPort:
        for first, last in self.plain_ranges:
            if first > last:
                raise ValueError(f"reads_back: [{first}, {last}] is empty; write [first, last] with first <= last")
        return self

    @property
    def plain_ranges(self) -> tuple[Range, ...]:
        """The ranges of addresses that hold what was written."""
        if isinstance(self.reads_back, bool):
            first, last = self.span
            return ((first, last + self.step - 1),) if self.reads_back else ()
        return self.reads_back

    def payload(self) -> Fields:
        """Return the fields of an access that are pins of the design."""
        raise NotImplementedError

    def controls(self) -> Fields:
        """Return further fields of an access, which say how it is made; each is named after itself."""
        return {}

    def item(self) -> Item:
        """Return the step that makes one access, and its forms ``write`` and ``read``."""
        fields = {"write": no_pin("write", 1), **self.payload(), **self.controls()}
        free = {name: self.idle(name) for name in fields if name not in ("write", "addr", "data")}
        nothing: dict[str, int] = {name: 0 for name in ("data", *self.idle_in_reads) if name in fields}
        forms = {}
        if self.may_write:
            forms["write"] = Form({"write": 1}, free)
        if self.may_read:
            forms["read"] = Form({"write": 0, **nothing}, {name: free[name] for name in free if name not in nothing})
        return Item("access", fields, packets=False, part=self.first_part, options=self.options, forms=forms)

    @property
    def first_part(self) -> str:
        """The part whose transfers are the accesses, if the bus has several streams."""
        return ""

    @property
    def may_write(self) -> bool:
        """Whether the bus can write."""
        return True

    @property
    def may_read(self) -> bool:
        """Whether the bus can read."""
        return True

    def idle(self, name: str) -> int:
        """Return the value of a field that a step leaves out."""
        return (1 << self.bytes) - 1 if name == "strb" else 0

    def words(self) -> Words:
        """Return the words that accesses reach."""
        return Words(*self.span, self.step, self.may_read, self.may_write)

    def grammar(self) -> Grammar:
        """Return the grammar of accesses and idle cycles."""
        item = self.item()
        return Grammar(
            counts="accesses",
            timing=tuple(Timing(key) for key in ("gap", *item.options)),
            words=(Word("idle", passive=True),),
            item=item,
            defaults={name: data for name, data in self._drawn().items() if name in item.fields},
        )

    def _drawn(self) -> dict[str, Any]:
        """Return the distributions of random accesses: words that exist, mostly whole, and few refinements."""
        whole = (1 << self.bytes) - 1
        return {
            "write": [0, 1] if self.may_write and self.may_read else int(self.may_write),
            "addr": self._addresses(),
            "strb": {"weights": [[whole, 3], [[0, whole], 1]]},
            "prot": 0,
            OVERLAP: {"weights": [[0, 1], [1, 1]]},
            "aw_delay": {"weights": [[0, 4], [[1, 5], 1]]},
            "w_delay": {"weights": [[0, 4], [[1, 5], 1]]},
        }

    def _addresses(self) -> dict[str, Any]:
        """Return the distribution of addresses: of many words, half of the accesses go to the first few."""
        first, last = self.span
        every = {"range": [first, last], "step": self.step}
        few = {"range": [first, min(last, first + (_FEW - 1) * self.step)], "step": self.step}
        return every if (last - first) // self.step < _MANY else {"weights": [[few, 1], [every, 1]]}

    def protocol(self, name: str) -> tuple[Rule, ...]:
        """Return the rule of plain registers, if it was asked for."""
        return (
            (ReadsBack(name, self.plain_ranges, self.step, self.bytes, self.word.width),) if self.plain_ranges else ()
        )

    def known(self, name: str, transfers: str, data: str, *others: str) -> tuple[Rule, ...]:
        """Return that what the design returns is known: the data of reads, and other roles in all `transfers`."""
        always = tuple((role, self.pin(role)) for role in others if self.has(role))
        found: list[Rule] = [Known(transfers, always)] if always else []
        return (*found, Known(f"{name}.reads", (("data", self.pin(data)),))) if self.has(data) else tuple(found)

    def driver_facts(self) -> dict[str, Any]:
        """Return where each field of an access lies in its packed payload: [first bit, bits]."""
        found, low = {}, 0
        for field, spec in self.item().fields.items():
            found[field] = [low, spec.bits]
            low += spec.bits
        return {"item": found}

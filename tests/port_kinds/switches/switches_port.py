"""Switches: inputs without any handshake, which the test sets now and then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from dv_agent.designs.frozen import Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar, Item, Timing, Word
from dv_agent.designs.ports.port import PortModel

_LANGUAGE = """\
* switches: {"set": {fields}, "gap": 2} changes them from then on; {"idle": 5} waits.
"""


class SwitchesPort(PortModel):
    """We hold every field at the value that was set last, zero at first."""

    kind: Literal["switches"]
    fields: dict[Identifier, FieldSpec]
    label: ClassVar[str] = "held by the test"
    driver: ClassVar[str] = "switches"
    plural: ClassVar[str] = "switches"
    silence: ClassVar[str] = "unchanged"

    def held(self) -> Mapping[str, FieldSpec]:
        """All of its fields."""
        return self.fields

    def grammar(self) -> Grammar:
        """Changes and pauses."""
        return Grammar(
            counts="changes",
            timing=(Timing("gap"),),
            words=(Word("idle", passive=True),),
            item=Item("set", self.fields, packets=False),
        )

    @classmethod
    def language(cls, packet: str, writes: bool) -> str:
        """Changes."""
        del packet, writes
        return _LANGUAGE

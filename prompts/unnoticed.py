"""Changes of the RTL that the tests so far would not notice, as a prompt tells them; made by ``dv-agent mutate``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dv_agent.designs.frozen import Frozen

MOST = 16


class Unnoticed(Frozen):
    """One change that nothing noticed.

    Attributes:
        place: file and line.
        change: the change in words.
        diff: the lines that it removes and adds.
        missing: what would notice it: a ``check``, or ``stimulus`` for a check that is there.
        shown: how it shows at the pins.
    """

    place: str = Field(max_length=200)
    change: str = Field(max_length=300)
    diff: str = Field(default="", max_length=800)
    missing: Literal["check", "stimulus"]
    shown: str = Field(default="", max_length=400)


Changes = Annotated[tuple[Unnoticed, ...], Field(max_length=MOST)]

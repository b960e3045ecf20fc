"""What is asked of the child process that looks into elaborated RTL, and what it answers."""

from __future__ import annotations

from pydantic import Field

from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.frozen import Frozen


class Wanted(Frozen):
    """A register of a module, and the names of its states."""

    module: str
    name: str
    states: tuple[str, ...]


class Question(Frozen):
    """What to look up, in which RTL."""

    request: Request
    wanted: tuple[Wanted, ...]


class Found(Frozen):
    """One register of one instance.

    Attributes:
        path: below the top module.
        codes: value of each state.
    """

    module: str
    name: str
    path: str
    width: int
    codes: dict[str, int]


class Answer(Frozen):
    """What the RTL holds.

    Attributes:
        found: the registers that were wanted, in the order of the hierarchy; those that are not there are left out.
        constant: outputs of the top that nothing but constants drives, with the parameters as they are.
        wired: output of the top -> input that it is nothing else than.
    """

    found: tuple[Found, ...] = ()
    constant: tuple[str, ...] = ()
    wired: dict[str, str] = Field(default_factory=dict)

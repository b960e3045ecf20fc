"""What is asked of the child process that looks registers up in elaborated RTL, and what it answers."""

from __future__ import annotations

from pydantic import TypeAdapter

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


ANSWER: TypeAdapter[tuple[Found, ...]] = TypeAdapter(tuple[Found, ...])

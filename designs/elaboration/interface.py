"""What elaboration finds: the ports of the top with their shapes, and what the RTL does with them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dv_agent.designs.frozen import Frozen

Direction = Literal["input", "output", "inout", "interface"]


class Member(Frozen):
    """One leaf of a packed structure: `low` is its lowest bit in the port.

    Attributes:
        name: the path of members, joined by ``_``, such as ``aw_addr``.
    """

    name: str
    low: int = Field(ge=0)
    width: int = Field(ge=1)
    signed: bool = False


class PortShape(Frozen):
    """One port of the top.

    Attributes:
        width: bits of one element (all packed dimensions).
        packed: sizes of the packed dimensions, outermost first; empty for one bit.
        unpacked: (left, right) of each unpacked dimension, outermost first.
        members: leaves of a packed structure; empty for plain vectors.
        type: the type as written in messages.
    """

    name: str
    direction: Direction
    width: int = Field(ge=0)
    packed: tuple[int, ...] = ()
    unpacked: tuple[tuple[int, int], ...] = ()
    signed: bool = False
    members: tuple[Member, ...] = ()
    type: str = ""
    file: str = ""
    line: int = 0


class ResetFact(Frozen):
    """An input that resets registers, by the RTL.

    Attributes:
        asynchronous: whether it stands in the edge lists of the blocks.
        registers: number of blocks that it resets.
    """

    port: str
    active: Literal["high", "low"]
    asynchronous: bool
    registers: int


class Parameter(Frozen):
    """A parameter of the top with its value, as text."""

    name: str
    value: str
    type: bool = False


class Interface(Frozen):
    """The elaborated top.

    Attributes:
        clocks: input -> number of clocked blocks that wait for its edges, most first.
        falling: inputs that only falling edges are waited for.
        resets: by number of blocks, most first.
        sampled_by: input -> clocks of the registers that it reaches without a register between.
        driven_by: output -> clocks of the registers that reach it without a register between.
        through: output -> inputs that reach it without a register between.
        unset: output -> a few registers behind it, at any distance, that no reset and no initial value sets.
        floating: output -> inouts behind it, at any distance, which nobody drives from outside.
        tops: all modules that no other module instantiates.
        modules: all modules.
        notes: what the elaborator complains about, although it could go on; each with file and line.
        files: the files that the top needs, in the order given.
        assumptions: file and line of each ``assume`` statement: what the RTL expects of its inputs.
        loops: signals that follow themselves in the same cycle, each with file and line.
        verilog: whether the ``.v`` files had to be read with the keywords of Verilog-2005.
    """

    top: str
    file: str
    line: int
    ports: tuple[PortShape, ...]
    parameters: tuple[Parameter, ...] = ()
    clocks: dict[str, int] = Field(default_factory=dict)
    falling: tuple[str, ...] = ()
    resets: tuple[ResetFact, ...] = ()
    sampled_by: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    driven_by: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    through: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    unset: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    floating: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    tops: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verilog: bool = False
    registers: int = 0
    assumptions: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()


class Refusal(Frozen):
    """Why the RTL cannot be elaborated; `message` begins with file and line where they are known."""

    message: str

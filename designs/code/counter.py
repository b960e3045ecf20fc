"""Counters of code coverage: where in the RTL one stands, and what it counts. The noun between simulator and plan."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from dv_agent.designs.bounds import Count, PlainText
from dv_agent.designs.frozen import Frozen

CodeKind = Literal["line", "branch", "expression", "toggle"]
CODE_KINDS: tuple[CodeKind, ...] = get_args(CodeKind)
MAX_COUNTERS = 400_000
Lines = tuple[tuple[int, int], ...]
"""Inclusive ranges of line numbers, ascending."""


class CodeCounter(Frozen):
    """One counter of an instance.

    Attributes:
        index: its place in the bit set of a test; None if it shares the counter of another instance of its module.
        file, line, column: its place in the sources, as the simulator names it.
        module: the module, without a suffix for its parameters.
        instance: hierarchical name below the wrapper, such as ``dut.fifo``.
        comment: what it counts: ``if``, ``else``, ``(a==0) => 0``, ``count[3]:0->1``.
        lines: the lines that were executed if it counted; empty for expressions and toggles.
        dead: why nothing can make it count, such as a parameter; empty if something may, or nobody looked.
        conditions: the conditions on the way to it, outermost first.
    """

    index: Count | None
    kind: CodeKind
    file: PlainText
    line: Count
    column: Count
    module: PlainText
    instance: PlainText
    comment: PlainText
    lines: Annotated[Lines, Field(max_length=10_000)] = ()
    dead: PlainText = ""
    conditions: Annotated[tuple[PlainText, ...], Field(max_length=20)] = ()

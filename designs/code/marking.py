"""Marks of points of code coverage: statements put into copies of the RTL, so that a proof can ask whether one runs.

A mark stands at the beginning of a branch. A branch that is a single statement is put between ``begin`` and ``end``,
and an ``if`` without ``else`` gets one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from dv_agent.designs.bounds import Count
from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.code.judging import question_about
from dv_agent.designs.design import Design
from dv_agent.designs.files.limited_child import run_limited
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import BuildError

MARK_SECONDS = 120.0
Mark = Callable[[int, str], str]
Spot = tuple[int, int]
"""Line and column, from 1; columns count bytes."""


class MarkedBranch(Frozen):
    """A branch that a counter counts.

    Attributes:
        counter: its number among those asked about.
        file: the real path of the file.
        first, last: where the statements begin and end.
        without_else: of the ``else`` that an ``if`` does not have: where that ``if`` begins and ends; `first` and
            `last` are then those of its statements.
        condition: what must hold besides; empty: nothing.
        after: whether it is no statement but an item of a module, behind which an always block can stand.
    """

    counter: Count
    file: str
    first: tuple[Count, Count]
    last: tuple[Count, Count]
    without_else: tuple[tuple[Count, Count], tuple[Count, Count]] | None = None
    condition: Annotated[str, Field(max_length=20_000)] = ""
    after: bool = False


class Unread(Frozen):
    """A concurrent assertion, a property or a sequence: a proof does without it; `statement`: it stands in a block."""

    file: str
    first: tuple[Count, Count]
    last: tuple[Count, Count]
    statement: bool = False


class MarkedBranches(Frozen):
    """The branches of the counters that have one, and what is left out of the marked files.

    Attributes:
        unsettled: numbers of the counters that may count what does not last: see `unsettled_logic`.
    """

    branches: tuple[MarkedBranch, ...] = ()
    unread: tuple[Unread, ...] = ()
    unsettled: tuple[Count, ...] = ()


ANSWER = TypeAdapter(MarkedBranches)


def marked_branches(design: Design, counters: Sequence[CodeCounter]) -> MarkedBranches:
    """Return the branches that `counters` count; nothing if slang cannot elaborate the design.

    Counters of signals have none.
    """
    question = question_about(design, counters)
    try:
        said = run_limited(
            "dv_agent.designs.code.mark_child", question.model_dump_json().encode(), MARK_SECONDS, "reading the RTL"
        )
        return ANSWER.validate_json(said)
    except (BuildError, ValidationError):
        return MarkedBranches()


def marked_text(text: str, branches: Sequence[MarkedBranch], mark: Mark, unread: Sequence[Unread] = ()) -> str:
    """Return the text of a file with a mark in each of its `branches`.

    Args:
        text: one character for each byte.
        mark: the statement for the number of a counter and a condition.
        unread: what is replaced by blanks.
    """
    inside: dict[tuple[Spot, Spot], list[str]] = defaultdict(list)
    instead: dict[tuple[Spot, Spot], list[str]] = defaultdict(list)
    behind: dict[Spot, list[str]] = defaultdict(list)
    for one in branches:
        statement = mark(one.counter, one.condition)
        if one.after:
            behind[one.last].append(f"always_comb begin {statement} end")
        elif one.without_else:
            # Put between begin and end, so that the new else goes to no other if.
            inside[one.first, one.last] += []
            instead[one.without_else].append(statement)
        else:
            inside[one.first, one.last].append(statement)
    starts = _line_starts(text)
    for gone in unread:
        begin, end = _offset(starts, gone.first), _offset(starts, gone.last)
        blank = re.sub(r"[^\n]", " ", text[begin:end])
        text = text[:begin] + (";" + blank[1:] if gone.statement else blank) + text[end:]
    # (place, what comes first at one place, text): of several ends the innermost, which began last.
    edits: list[tuple[int, tuple[int, int], str]] = []
    for (first, last), marks in inside.items():
        begin, end = _offset(starts, first), _offset(starts, last)
        edits += [(begin, (1, 0), f"begin {' '.join(marks)} "), (end, (-begin, 1), " end")]
    for (first, last), marks in instead.items():
        edits.append((_offset(starts, last), (-_offset(starts, first), 0), f" else begin {' '.join(marks)} end"))
    edits += [(_offset(starts, last), (1, 1), f" {' '.join(blocks)}") for last, blocks in behind.items()]
    pieces, done = [], 0
    for place, _, new in sorted(edits):
        pieces += [text[done:place], new]
        done = place
    return "".join([*pieces, text[done:]])


def _line_starts(text: str) -> list[int]:
    return [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n")]


def _offset(starts: Sequence[int], spot: Spot) -> int:
    return starts[spot[0] - 1] + spot[1] - 1


def marked_files(design: Design, found: MarkedBranches, mark: Mark) -> Mapping[str, str]:
    """Return name of `Design.compiled_names` -> its text with marks, for each file that is changed.

    Raises:
        BuildError: a file cannot be read.
    """
    texts = {}
    for name, file in zip(design.compiled_names(), design.source_files(), strict=True):
        mine = [one for one in found.branches if Path(one.file) == file.resolve()]
        unread = [one for one in found.unread if Path(one.file) == file.resolve()]
        if mine or unread:
            try:
                text = file.read_bytes().decode("latin-1")
            except OSError as error:
                raise BuildError(f"{file}: {error.strerror}") from None
            texts[name] = marked_text(text, mine, mark, unread)
    return texts

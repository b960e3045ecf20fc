"""Reduced models of the lines of ``turns.jsonl``, for reading many runs: other keys of a line are not built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from dv_agent.agents.budget import Spent
from dv_agent.agents.models.chat_model import CallUsage
from dv_agent.agents.proposal import Usage
from dv_agent.agents.records.reader import RecordLines, check_order
from dv_agent.designs.bounds import Count, Stops
from dv_agent.designs.files.json_file import check_json, parse_line

LONG = 1 << 20
"""Lines longer than this, in bytes, are first checked against all JSON rules; ordinary records seldom need it."""


class _Part(BaseModel):
    """Base class for models of some keys of an object; other keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Named(_Part):
    name: str = ""


class _Check(_Part):
    check: str


class _Refusal(_Part):
    error: str = ""


class TestFigures(_Part):
    """Figures of a `dv_agent.agents.turn.TestRecord`."""

    __test__ = False

    test: _Named
    index: Count
    cycles: Count = 0
    end: str = "refused"
    new_bins: Annotated[tuple[str, ...], Stops] = ()
    hits: Annotated[tuple[int, ...], Stops] = ()  # checked later against the plan; a bound here only costs time
    failures: Annotated[tuple[_Check, ...], Stops] = ()


class TurnFigures(_Part):
    """Figures of a `dv_agent.agents.turn.TurnRecord`."""

    kind: Literal["turn"]
    turn: Count
    tests: Annotated[tuple[TestFigures, ...], Stops]
    usage: Usage = Usage()
    dropped: dict[str, Count] = Field(default_factory=dict)
    tool_uses: Annotated[tuple[_Refusal, ...], Stops] = ()
    spent: Spent = Spent()


class _Reply(_Part):
    attempts: Annotated[tuple[CallUsage, ...], Stops] = ()
    cached: bool = False


class ReplyFigures(_Part):
    """Figures of a `dv_agent.agents.records.schema.ReplyLine`."""

    kind: Literal["reply"]
    reply: _Reply
    failure: str = ""


Figures = TurnFigures | ReplyFigures
_LINE: TypeAdapter[Figures] = TypeAdapter(Annotated[Figures, Field(discriminator="kind")])


def figure_lines(lines: RecordLines) -> Iterator[Figures]:
    """Yield the figures of every complete line of a known kind.

    Raises:
        InputFileError: with file and line, as `dv_agent.agents.records.reader.typed_lines`; if a key occurs twice in
            one object, its last value is used.
    """
    turns = tests = 0
    for number, _, line in lines:
        if len(line) > LONG:
            check_json(lines.path, line, number)
        record = parse_line(lines.path, number, line, _LINE)
        if isinstance(record, TurnFigures):
            check_order(lines.path, number, record.turn, [test.index for test in record.tests], turns, tests)
            turns, tests = turns + 1, tests + len(record.tests)
        if record is not None:
            yield record

"""The figures of ``turns.jsonl``, for whoever reads a thousand runs: all else in a line is passed over unbuilt."""

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
"""Lines of more bytes are held to all rules of JSON first: no honest one makes that slow."""


class _Part(BaseModel):
    """Some keys of an object."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Named(_Part):
    name: str = ""


class _Check(_Part):
    check: str


class _Refusal(_Part):
    error: str = ""


class TestFigures(_Part):
    """Of a `dv_agent.agents.turn.TestRecord`."""

    __test__ = False

    test: _Named
    index: Count
    cycles: Count = 0
    end: str = "refused"
    new_bins: Annotated[tuple[str, ...], Stops] = ()
    hits: Annotated[tuple[int, ...], Stops] = ()  # compared with the plan, where a bound would only cost time
    failures: Annotated[tuple[_Check, ...], Stops] = ()


class TurnFigures(_Part):
    """Of a `dv_agent.agents.turn.TurnRecord`."""

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
    """Of a `dv_agent.agents.records.schema.ReplyLine`."""

    kind: Literal["reply"]
    reply: _Reply
    failure: str = ""


Figures = TurnFigures | ReplyFigures
_LINE: TypeAdapter[Figures] = TypeAdapter(Annotated[Figures, Field(discriminator="kind")])


def figure_lines(lines: RecordLines) -> Iterator[Figures]:
    """The figures of every whole line of a known kind.

    Raises:
        InputFileError: with file and line, as `dv_agent.agents.records.reader.typed_lines`; a key that stands twice
            in one object counts as it stands last.
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

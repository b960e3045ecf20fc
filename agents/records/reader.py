"""Reading a run folder back, whatever happened to the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dv_agent.agents.records.lines import RecordLines
from dv_agent.agents.records.writer import ReplyLine, RunHeader
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.designs.files.documents import complaint, read_text, require_inside
from dv_agent.designs.files.plain_words import plain_words
from dv_agent.errors import InputFileError, UsageError


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as its folder tells it.

    Attributes:
        turns: finished turns.
        replies: calls of a model, in order, failed ones included.
        size: bytes of ``turns.jsonl`` up to the end of its last whole line.
    """

    folder: Path
    header: RunHeader
    turns: tuple[TurnRecord, ...]
    replies: tuple[ReplyLine, ...]
    size: int

    @property
    def paid(self) -> tuple[ReplyLine, ...]:
        """Replies whose turn was never finished: the next turn begins with them."""
        return tuple(line for line in self.replies if line.turn == len(self.turns) and not line.failure)

    @property
    def failed(self) -> tuple[ReplyLine, ...]:
        """Calls that ended without a reply."""
        return tuple(line for line in self.replies if line.failure)

    def test(self, index: int) -> TestRecord:
        """Test number `index` of the run.

        Raises:
            UsageError: there is none.
        """
        for turn in self.turns:
            for test in turn.tests:
                if test.index == index:
                    return test
        count = sum(len(turn.tests) for turn in self.turns)
        raise UsageError(f"{self.folder} has no test {index}; it has tests 0 to {count - 1}")


def read_run(folder: Path) -> RecordedRun:
    """Read a run folder; a last line that a kill cut in half is left out.

    Raises:
        InputFileError: no run folder, or a line that is not what this version writes.
    """
    path = folder / "run.json"
    if not folder.is_dir():
        raise InputFileError(folder, "no such run folder")
    for name in ("run.json", "turns.jsonl"):
        require_inside(folder / name, folder)
    try:
        header = RunHeader.model_validate_json(read_text(path))
    except ValidationError as error:
        raise InputFileError(path, f"not a run.json of this version: {complaint(error)}") from None
    turns: list[TurnRecord] = []
    replies: list[ReplyLine] = []
    size = 0
    for number, end, data in _lines(folder / "turns.jsonl"):
        size = end
        try:
            if data.get("kind") == "turn":
                turns.append(TurnRecord.model_validate({key: part for key, part in data.items() if key != "kind"}))
            elif data.get("kind") == "reply":
                replies.append(_whole(ReplyLine.model_validate(data), replies))
        except ValidationError as error:
            message = f"not a line of this version: {plain_words(error.errors()[0])}"
            raise InputFileError(folder / "turns.jsonl", message, number) from None
    return RecordedRun(folder, header, tuple(turns), tuple(replies), size)


def _whole(line: ReplyLine, before: list[ReplyLine]) -> ReplyLine:
    """`line` with the messages that stand in the line before it."""
    if not line.since or not before:
        return line
    return line.model_copy(update={"messages": before[-1].messages[: line.since] + line.messages, "since": 0})


def _lines(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Line number, offset of its end, and data of every whole line."""
    for number, end, line in RecordLines(path):
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputFileError(path, f"not JSON: {error}", number) from None
        if not isinstance(data, dict):
            raise InputFileError(path, "expected an object", number)
        yield number, end, data

"""Reader of run folders; accepts interrupted runs and treats the content as untrusted.

Sizes, counts and depth are bounded, only regular files are read, numbers must be in range, and every defect raises one
`InputFileError` with file and line. ``turns.jsonl`` is read line by line, to limit memory: `typed_lines` returns whole
records, `RecordLines` with `parse_line` and a smaller model returns parts of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from dv_agent.agents.failures.excerpt import Excerpt
from dv_agent.agents.failures.finding import Finding
from dv_agent.agents.records.packing.packed_lines import Unpacker
from dv_agent.agents.records.schema import COVERAGE, FAILURES, HEADER, NEWEST, TURNS, ReplyLine, RunHeader
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.designs.bounds import Digest
from dv_agent.designs.files.json_file import check_json, open_plain, parse_line, read_json, read_partly
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.stimulus import Test
from dv_agent.errors import InputFileError, UsageError
from dv_agent.runners.checks.failure import CheckFailure

MAX_LINE = 64_000_000
"""Maximum length of a line, bytes."""
MAX_FILE = 512_000_000
"""Maximum size of ``turns.jsonl``, bytes. A default run of a model with tools needs about ten million at most."""
MAX_UNPACKED = 2_000_000_000
"""Maximum size of all its lines when they are unpacked, bytes."""
MOST_LINES = 200_000
MOST_TESTS = 200_000
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_KINDS: dict[str, TypeAdapter[TurnRecord | ReplyLine]] = {
    "turn": TypeAdapter(TurnRecord),
    "reply": TypeAdapter(ReplyLine),
}


@dataclass(slots=True)
class RecordLines:
    """Iterates over (line number, offset of its end, bytes); yields nothing if the file does not exist.

    Attributes:
        half: after iteration, whether the last line was incomplete because of a kill; this line is not yielded.
    """

    path: Path
    half: bool = False

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield the lines, unpacked, with only one in memory at a time.

        Raises:
            InputFileError: not a regular file, unreadable, too large, too many lines, or a line that is too long or
                cannot be unpacked.
        """
        if not self.path.exists() and not self.path.is_symlink():
            return
        end = unpacked = 0
        unpacker = Unpacker(MAX_LINE)
        with open_plain(self.path, MAX_FILE) as file:
            for number in range(1, MOST_LINES + 2):
                try:
                    line = file.readline(MAX_LINE)
                except OSError as error:
                    raise InputFileError(self.path, f"cannot be read: {error.strerror}", number) from None
                self.half = bool(line) and not line.endswith(b"\n")
                if len(line) == MAX_LINE and self.half:
                    raise InputFileError(self.path, f"a line of more than {MAX_LINE:,} bytes", number)
                if not line or self.half:
                    return
                if number > MOST_LINES:
                    raise InputFileError(self.path, f"more than {MOST_LINES:,} lines")
                end += len(line)
                try:
                    whole = unpacker.unpack(line)
                except ValueError as error:
                    raise InputFileError(self.path, str(error), number) from None
                unpacked += len(whole)
                if unpacked > MAX_UNPACKED:
                    raise InputFileError(self.path, f"more than {MAX_UNPACKED:,} bytes when unpacked", number)
                yield number, end, whole


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line; `record` is None if its kind is unknown to this version.

    Attributes:
        number: line number, counted from 1.
        end: offset of its end in the file, bytes.
    """

    number: int
    end: int
    record: TurnRecord | ReplyLine | None


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as read from its folder.

    Attributes:
        turns: finished turns.
        replies: calls of a model, in order, including failed ones.
        size: bytes of ``turns.jsonl`` up to the end of its last complete line.
        ends: for each turn, bytes of ``turns.jsonl`` up to its end.
    """

    folder: Path
    header: RunHeader
    turns: tuple[TurnRecord, ...]
    replies: tuple[ReplyLine, ...]
    size: int
    ends: tuple[int, ...] = ()

    @property
    def paid(self) -> tuple[ReplyLine, ...]:
        """Return replies whose turn was not finished: the next turn uses them first."""
        return tuple(line for line in self.replies if line.turn == len(self.turns) and not line.failure)

    @property
    def failed(self) -> tuple[ReplyLine, ...]:
        """Return calls that ended without a reply."""
        return tuple(line for line in self.replies if line.failure)

    def test(self, index: int) -> TestRecord:
        """Return test number `index` of the run.

        Raises:
            UsageError: the run has no such test.
        """
        for turn in self.turns:
            for test in turn.tests:
                if test.index == index:
                    return test
        count = sum(len(turn.tests) for turn in self.turns)
        known = f"it has tests 0 to {count - 1}" if count else "no test ran"
        raise UsageError(f"{self.folder} has no test {index}; {known}")


@dataclass(frozen=True, slots=True)
class RecordedFailure:
    """The content of one folder ``failures/<test number>``; fields are None where a file is missing."""

    index: int
    failure: CheckFailure | None
    test: Test | None
    shrunk: Test | None
    excerpt: Excerpt | None
    finding: Finding | None
    has_waves: bool


class _PlanOf(Frozen):
    """The keys of ``coverage.json`` that can be read without the plan."""

    schema_version: Literal[1] = 1
    plan_hash: Digest


def read_header(folder: Path) -> RunHeader:
    """Read ``run.json``; the id of a run defaults to the name of its folder.

    Raises:
        InputFileError: not a run folder, or a file that no version up to this one writes.
    """
    if not folder.is_dir():
        raise InputFileError(folder, "no such run folder")
    header = read_json(folder / HEADER, RunHeader, newest=NEWEST)
    return header if header.id else header.model_copy(update={"id": folder.resolve().name})


def read_run(folder: Path) -> RecordedRun:
    """Read a whole run; an incomplete last line (after a kill) is ignored.

    Raises:
        InputFileError: not a run folder, or a line that no version up to this one writes.
    """
    header = read_header(folder)
    turns: list[TurnRecord] = []
    replies: list[ReplyLine] = []
    ends: list[int] = []
    size = 0
    for line in typed_lines(RecordLines(folder / TURNS)):
        size = line.end
        if isinstance(line.record, TurnRecord):
            turns.append(line.record)
            ends.append(size)
        elif line.record:
            replies.append(_whole(line.record, replies))
    return RecordedRun(folder, header, tuple(turns), tuple(replies), size, tuple(ends))


def read_whole_run(folder: Path) -> RecordedRun:
    """Read a run of which no test may be missing.

    Raises:
        InputFileError: as `read_run`; or its turns are fewer tests than run.json counts.
    """
    run = read_run(folder)
    require_all_tests(folder, run.header, sum(len(turn.tests) for turn in run.turns))
    return run


def require_all_tests(folder: Path, header: RunHeader, tests: int) -> None:
    """Check that the turns of a run hold as many tests as its header counts; a run that was killed may hold more.

    Raises:
        InputFileError: they hold fewer.
    """
    if tests < header.tests:
        raise InputFileError(
            folder / TURNS, f"holds {tests:,} of the {header.tests:,} tests that {HEADER} counts; the rest is lost"
        )


def typed_lines(lines: RecordLines) -> Iterator[TypedLine]:
    """Yield every complete line as typed data; check that turns and tests are numbered from 0 without gaps.

    Raises:
        InputFileError: with file and line.
    """
    turns = tests = 0
    for number, end, line in lines:
        kind = check_json(lines.path, line, number).get("kind")
        if not isinstance(kind, str):
            raise InputFileError(lines.path, "kind: expected the kind of the line, such as turn", number)
        record: TurnRecord | ReplyLine | None = None
        if kind in _KINDS:
            record = parse_line(lines.path, number, line, _KINDS[kind])
        if isinstance(record, TurnRecord):
            check_order(lines.path, number, record.turn, [test.index for test in record.tests], turns, tests)
            turns, tests = turns + 1, tests + len(record.tests)
        yield TypedLine(number, end, record)


def check_order(path: Path, number: int, turn: int, indices: list[int], turns: int, tests: int) -> None:
    """Check that turns and tests are numbered from 0 without gaps.

    Args:
        turn, indices: number of the turn and numbers of its tests.
        turns, tests: number of turns and tests before it.

    Raises:
        InputFileError: the numbers are wrong, or there are too many.
    """
    if turn != turns:
        raise InputFileError(path, f"turn {turn} stands where turn {turns} belongs", number)
    if indices != list(range(tests, tests + len(indices))):
        wrong = next(one for place, one in enumerate(indices, tests) if one != place)
        raise InputFileError(path, f"test {wrong} stands out of its order; tests count up from 0", number)
    if tests + len(indices) > MOST_TESTS:
        raise InputFileError(path, f"more than {MOST_TESTS:,} tests", number)


def read_plan_hash(folder: Path) -> str:
    """Return the hash of the plan that ``coverage.json`` was recorded against; empty if there is no such file.

    Raises:
        InputFileError: the file exists but is invalid.
    """
    path = folder / COVERAGE
    return read_partly(path, _PlanOf).plan_hash if is_there(path) else ""


def read_failures(folder: Path, most: int) -> tuple[RecordedFailure, ...]:
    """Read the first `most` folders of failing tests, each with the files that it has.

    Raises:
        InputFileError: a file exists but is invalid.
    """
    room = folder / FAILURES
    if room.is_symlink():
        raise InputFileError(room, "a link; put the folder itself in its place")
    names = [one.name for one in islice(room.iterdir(), MOST_TESTS)] if room.is_dir() else []
    numbers = sorted(int(name) for name in names if _NUMBER.fullmatch(name))
    return tuple(_failure(room / str(number), number) for number in numbers[:most])


def is_there(path: Path) -> bool:
    """Return whether `path` exists, also as a broken link."""
    return path.exists() or path.is_symlink()


def _failure(room: Path, index: int) -> RecordedFailure:
    if room.is_symlink():
        raise InputFileError(room, "a link; put the folder itself in its place")
    paths = {name: room / f"{name}.json" for name in ("failure", "test", "shrunk", "excerpt", "finding")}
    there = {name: path for name, path in paths.items() if is_there(path)}
    return RecordedFailure(
        index=index,
        failure=read_json(there["failure"], CheckFailure) if "failure" in there else None,
        test=read_json(there["test"], Test) if "test" in there else None,
        shrunk=read_json(there["shrunk"], Test) if "shrunk" in there else None,
        excerpt=read_json(there["excerpt"], Excerpt) if "excerpt" in there else None,
        finding=read_json(there["finding"], Finding) if "finding" in there else None,
        has_waves=(room / "waves.fst").is_file(),
    )


def _whole(line: ReplyLine, before: list[ReplyLine]) -> ReplyLine:
    """Return `line` with the messages that it shares with the line before it."""
    if not line.since or not before:
        return line
    return line.model_copy(update={"messages": before[-1].messages[: line.since] + line.messages, "since": 0})

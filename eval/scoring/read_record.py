"""Reading the records of a trial for its score: only what a score needs is kept, the rest is passed over unbuilt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dv_agent.agents.budget import Spent
from dv_agent.agents.models.chat_model import CallUsage
from dv_agent.agents.proposal import Usage
from dv_agent.agents.records.writer import RunHeader
from dv_agent.designs.files.documents import complaint
from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.data_model import KillSheet

Model = TypeVar("Model", bound=BaseModel)


class _Part(BaseModel):
    """Some keys of an object."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Named(_Part):
    name: str = ""


class _Check(_Part):
    check: str


class _Refusal(_Part):
    error: str = ""


class TestLine(_Part):
    """What a score needs of a `dv_agent.agents.turn.TestRecord`."""

    __test__ = False

    test: _Named
    index: int = Field(ge=0)
    cycles: int = Field(default=0, ge=0)
    end: str = "refused"
    new_bins: tuple[str, ...] = ()
    hits: tuple[int, ...] = ()
    failures: tuple[_Check, ...] = ()


class TurnLine(_Part):
    """What a score needs of a `dv_agent.agents.turn.TurnRecord`."""

    kind: Literal["turn"]
    tests: tuple[TestLine, ...]
    usage: Usage = Usage()
    dropped: dict[str, int] = Field(default_factory=dict)
    tool_uses: tuple[_Refusal, ...] = ()
    spent: Spent


class _Reply(_Part):
    attempts: tuple[CallUsage, ...] = ()
    cached: bool = False


class ReplyLine(_Part):
    """What a score needs of a `dv_agent.agents.records.writer.ReplyLine`."""

    kind: Literal["reply"]
    reply: _Reply
    failure: str = ""


class _PlanOf(_Part):
    plan_hash: str


_LINE: TypeAdapter[TurnLine | ReplyLine] = TypeAdapter(Annotated[TurnLine | ReplyLine, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """The bytes of the records of a trial; None for a file that is not there."""

    room: Path
    header: bytes
    turns: bytes
    coverage: bytes
    kills: bytes | None
    trial: bytes | None

    def digest(self, *more: str) -> str:
        """SHA-256 (hexadecimal) over all of them, and over `more`."""
        total = hashlib.sha256()
        for part in (self.header, self.turns, self.coverage, self.kills, self.trial, *(one.encode() for one in more)):
            total.update(b"-" if part is None else f"{len(part)}\n".encode() + hashlib.sha256(part).digest())
        return total.hexdigest()


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """The records of a trial as data; `room` is its folder."""

    room: Path
    header: RunHeader
    turns: tuple[TurnLine, ...]
    replies: tuple[ReplyLine, ...]
    kills: KillSheet | None
    plan_hash: str


def read_files(room: Path) -> TrialFiles:
    """The files in the folder of a trial.

    Raises:
        InputFileError: one that a score needs cannot be read.
    """
    run = room / "run"
    return TrialFiles(
        room=room,
        header=_bytes(run / "run.json"),
        turns=_maybe(run / "turns.jsonl") or b"",
        coverage=_bytes(run / "coverage.json"),
        kills=_maybe(room / "kills.json"),
        trial=_maybe(room / "trial.json"),
    )


def parse_files(files: TrialFiles) -> TrialFacts:
    """Check and read them.

    Raises:
        InputFileError: with file, and line where there are lines.
    """
    run = files.room / "run"
    lines = tuple(_lines(run / "turns.jsonl", files.turns))
    return TrialFacts(
        room=files.room,
        header=validated(RunHeader, files.header, run / "run.json"),
        turns=tuple(one for one in lines if isinstance(one, TurnLine)),
        replies=tuple(one for one in lines if isinstance(one, ReplyLine)),
        kills=None if files.kills is None else validated(KillSheet, files.kills, files.room / "kills.json"),
        plan_hash=validated(_PlanOf, files.coverage, run / "coverage.json").plan_hash,
    )


def validated(model: type[Model], data: bytes, path: Path) -> Model:
    """`data` as `model`.

    Raises:
        InputFileError: it is not that, and where.
    """
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise InputFileError(path, complaint(error)) from None


def _lines(path: Path, data: bytes) -> Iterator[TurnLine | ReplyLine]:
    """Every line of a known kind; a last line that a kill cut in half is left out."""
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            yield _LINE.validate_json(line)
        except ValidationError as error:
            if error.errors()[0]["type"] != "union_tag_invalid":  # a kind of line that a later version adds
                raise InputFileError(path, f"not a line of this version: {complaint(error)}", number) from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror}") from None


def _maybe(path: Path) -> bytes | None:
    return _bytes(path) if path.is_file() else None

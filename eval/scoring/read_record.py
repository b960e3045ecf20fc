"""Reader of the records that the score of a trial needs, and the digest over their files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dv_agent.agents.records.figures import ReplyFigures, TurnFigures, figure_lines
from dv_agent.agents.records.reader import (
    MAX_FILE,
    RecordLines,
    is_there,
    read_header,
    read_plan_hash,
    require_all_tests,
)
from dv_agent.agents.records.schema import COVERAGE, HEADER, TURNS, RunHeader
from dv_agent.designs.files.json_file import open_plain, read_json
from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.data_model import KillSheet
from dv_agent.eval.evaluation.trial_folder import KILLS, MUTANTS, RUN, TRIAL


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """The records of a trial as data; `room` is its folder."""

    room: Path
    header: RunHeader
    turns: tuple[TurnFigures, ...]
    replies: tuple[ReplyFigures, ...]
    kills: KillSheet | None
    plan_hash: str


def read_facts(room: Path) -> TrialFacts:
    """Read and check the records of a trial.

    Raises:
        InputFileError: names the file, and the line in a file of lines.
    """
    run, turns, replies = room / RUN, list[TurnFigures](), list[ReplyFigures]()
    for line in figure_lines(RecordLines(run / TURNS)):
        if isinstance(line, TurnFigures):
            turns.append(line)
        else:
            replies.append(line)
    header = read_header(run)
    require_all_tests(run, header, sum(len(turn.tests) for turn in turns))
    if not is_there(run / COVERAGE):
        raise InputFileError(run / COVERAGE, "no such file")
    return TrialFacts(
        room=room,
        header=header,
        turns=tuple(turns),
        replies=tuple(replies),
        kills=read_json(room / KILLS, KillSheet) if is_there(room / KILLS) else None,
        plan_hash=read_plan_hash(run),
    )


def digest_of(room: Path, *more: str) -> str:
    """Return the SHA-256 (hexadecimal) over the files that a score is computed from, and over `more`.

    Raises:
        InputFileError: one of them cannot be read.
    """
    total, header, turns = hashlib.sha256(), room / RUN / HEADER, room / RUN / TURNS
    total.update(_digest(header))
    total.update(_digest(turns) if is_there(turns) else _of_bytes(b""))
    for path in (room / RUN / COVERAGE, room / KILLS, room / TRIAL):
        total.update(_digest(path) if is_there(path) else b"-")
    for path in (room / MUTANTS / name for name in ("mutate.json", "selection.json", "mutants.jsonl")):
        total.update(_digest(path) if is_there(path) else b"")
    for one in more:
        total.update(_of_bytes(one.encode()))
    return total.hexdigest()


def _digest(path: Path) -> bytes:
    with open_plain(path, MAX_FILE) as file:
        found = hashlib.file_digest(file, "sha256")
        return f"{file.tell()}\n".encode() + found.digest()


def _of_bytes(data: bytes) -> bytes:
    return f"{len(data)}\n".encode() + hashlib.sha256(data).digest()

"""The session folder: ``session.json``, and ``session.jsonl`` to which every change is appended and flushed."""

from __future__ import annotations

import json
import os
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from dv_agent.agents.models.chat_model import Message, Reply
from dv_agent.agents.records.lock import owned
from dv_agent.agents.records.reader import RecordLines, is_there
from dv_agent.agents.session.nodes import Draft, SessionHeader
from dv_agent.agents.turn import TurnRecord
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import parse_line, read_json
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import InputFileError, OutputError

HEADER, LOG, ORIGIN = "session.json", "session.jsonl", "origin"


class CallLine(Frozen):
    """A reply, written before it is parsed: what was paid for is never asked for again.

    Attributes:
        node: id of the node that it will make.
        rendered: the messages before a person edited them; empty where nobody did.
        failure: why there is no reply, where there is none.
        output: digest of the schema that was asked for. Where nothing came of that, a second line of the same node
            holds the answer in plain text.
    """

    kind: Literal["call"] = "call"
    node: int
    parent: int
    draft: Draft
    messages: tuple[Message, ...]
    rendered: tuple[Message, ...] = ()
    reply: Reply
    failure: str = ""
    pasted: bool = False
    output: str = ""


class TurnLine(Frozen):
    """The tests of a call ran: the node exists."""

    kind: Literal["turn"] = "turn"
    node: int
    turn: TurnRecord


class BranchLine(Frozen):
    """A node beside another one."""

    kind: Literal["branch"] = "branch"
    node: int
    parent: int
    label: str


class DraftLine(Frozen):
    """What would be sent next from a node was changed."""

    kind: Literal["draft"] = "draft"
    node: int
    draft: Draft


class BackLine(Frozen):
    """The last change of a node's draft was taken back."""

    kind: Literal["back"] = "back"
    node: int


class GotoLine(Frozen):
    """Another node became the current one."""

    kind: Literal["goto"] = "goto"
    node: int


class DropLine(Frozen):
    """A person no longer waited for this node; a reply that comes nevertheless is kept, but makes no node."""

    kind: Literal["drop"] = "drop"
    node: int


Line = Annotated[
    CallLine | TurnLine | BranchLine | DraftLine | BackLine | GotoLine | DropLine, Field(discriminator="kind")
]
_LINE: TypeAdapter[Line] = TypeAdapter(Line)


class SessionLog:
    """One session folder, held by one process at a time; safe to append to from several threads.

    Args:
        folder: has a ``session.json``.

    Raises:
        InputFileError: no session folder, or not what this version writes.
        Taken: another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock, self._closed = threading.Lock(), False
        read_header(folder)  # what is no session gets no lock
        self._held = ExitStack()
        self._held.enter_context(owned(folder))
        try:
            self.header = read_header(folder)
            self.lines, size = _read_lines(folder / LOG)
            self._cut(size)
        except BaseException:
            self._held.close()
            raise

    def append(self, line: Line) -> bool:
        """Write a line, durably; False if the session was closed meanwhile.

        Raises:
            OutputError: the disk is full or the folder cannot be written.
        """
        text = json.dumps(line.model_dump(mode="json"), separators=(",", ":"))
        with self._lock:
            if self._closed:
                return False
            try:
                with (self.folder / LOG).open("a", encoding="utf-8") as file:
                    file.write(text + "\n")
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise OutputError(f"cannot write {self.folder / LOG}: {error.strerror}") from None
        return True

    def close(self) -> None:
        """Let others open the folder; may be called twice."""
        with self._lock:
            self._closed = True
            self._held.close()

    def change(self, header: SessionHeader) -> None:
        """Replace ``session.json``."""
        self.header = header
        write_header(self.folder, header)

    def _cut(self, size: int) -> None:
        """Take away half a line that a kill left."""
        path = self.folder / LOG
        try:
            if path.is_file() and path.stat().st_size > size:
                with path.open("ab") as file:
                    file.truncate(size)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}") from None


def write_header(folder: Path, header: SessionHeader) -> None:
    """Write ``session.json``; a reader sees the old file or the new one.

    Raises:
        OutputError: it cannot be written.
    """
    replace_text(folder / HEADER, json.dumps(header.model_dump(mode="json"), indent=1) + "\n")


def is_session(folder: Path) -> bool:
    """Whether there is a session in `folder`."""
    return is_there(folder / HEADER)


def read_header(folder: Path) -> SessionHeader:
    """``session.json``.

    Raises:
        InputFileError: no session folder, or not what this version writes.
    """
    if not is_session(folder):
        raise InputFileError(folder, f"no session folder: it has no {HEADER}")
    return read_json(folder / HEADER, SessionHeader)


def _read_lines(path: Path) -> tuple[list[Line], int]:
    """All whole lines, and how many bytes they take."""
    lines, size = list[Line](), 0
    for number, end, text in RecordLines(path):
        line = parse_line(path, number, text, _LINE)
        if line is None:
            raise InputFileError(path, "not a line of this version: its kind is not known; update dv-agent", number)
        lines.append(line)
        size = end
    return lines, size

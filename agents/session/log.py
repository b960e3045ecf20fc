"""The session folder: ``session.json``, and ``session.jsonl``, to which every change is appended and flushed."""

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
    """A reply, written before it is parsed, so that a paid call is never repeated.

    Attributes:
        node: id of the node that the reply will create.
        rendered: the messages before the user edited them; empty if they were not edited.
        failure: why there is no reply; empty if there is one.
        output: digest of the requested schema. If structured output failed, a second line of the same node contains
            the plain-text answer.
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
    """The result of the tests of a call; it creates the node."""

    kind: Literal["turn"] = "turn"
    node: int
    turn: TurnRecord


class BranchLine(Frozen):
    """A new node with the same state as another one."""

    kind: Literal["branch"] = "branch"
    node: int
    parent: int
    label: str


class DraftLine(Frozen):
    """The draft of a node was changed."""

    kind: Literal["draft"] = "draft"
    node: int
    draft: Draft


class BackLine(Frozen):
    """The last change of a node's draft was undone."""

    kind: Literal["back"] = "back"
    node: int


class GotoLine(Frozen):
    """The current node was changed."""

    kind: Literal["goto"] = "goto"
    node: int


class DropLine(Frozen):
    """The user cancelled the call of this node; a reply that still arrives is stored, but creates no node."""

    kind: Literal["drop"] = "drop"
    node: int


Line = Annotated[
    CallLine | TurnLine | BranchLine | DraftLine | BackLine | GotoLine | DropLine, Field(discriminator="kind")
]
_LINE: TypeAdapter[Line] = TypeAdapter(Line)


class SessionLog:
    """One session folder, locked by one process at a time; appending is thread-safe.

    Args:
        folder: contains a ``session.json``.

    Raises:
        InputFileError: not a session folder, or not in the format of this version.
        Taken: another process has locked it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock, self._closed = threading.Lock(), False
        read_header(folder)  # lock only a session folder
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
        """Append a line and flush it to disk; return False if the session was closed in the meantime.

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
        """Unlock the folder; may be called twice."""
        with self._lock:
            self._closed = True
            self._held.close()

    def change(self, header: SessionHeader) -> None:
        """Replace ``session.json``."""
        self.header = header
        write_header(self.folder, header)

    def _cut(self, size: int) -> None:
        """Remove an incomplete last line left by a kill."""
        path = self.folder / LOG
        try:
            if path.is_file() and path.stat().st_size > size:
                with path.open("ab") as file:
                    file.truncate(size)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}") from None


def write_header(folder: Path, header: SessionHeader) -> None:
    """Write ``session.json`` atomically: a reader sees the old file or the new one.

    Raises:
        OutputError: it cannot be written.
    """
    replace_text(folder / HEADER, json.dumps(header.model_dump(mode="json"), indent=1) + "\n")


def is_session(folder: Path) -> bool:
    """Return whether `folder` contains a session."""
    return is_there(folder / HEADER)


def read_header(folder: Path) -> SessionHeader:
    """Read ``session.json``.

    Raises:
        InputFileError: not a session folder, or not in the format of this version.
    """
    if not is_session(folder):
        raise InputFileError(folder, f"no session folder: it has no {HEADER}")
    return read_json(folder / HEADER, SessionHeader)


def _read_lines(path: Path) -> tuple[list[Line], int]:
    """Return all complete lines and their total size in bytes."""
    lines, size = list[Line](), 0
    for number, end, text in RecordLines(path):
        line = parse_line(path, number, text, _LINE)
        if line is None:
            raise InputFileError(path, "not a line of this version: its kind is not known; update dv-agent", number)
        lines.append(line)
        size = end
    return lines, size

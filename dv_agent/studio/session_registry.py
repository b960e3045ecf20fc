"""The sessions: those that are open, each with its simulator and its job, and those that lie in the folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dv_agent.agents.session.log import HEADER, read_header
from dv_agent.agents.session.opening import SessionRequest, open_session, session_name
from dv_agent.agents.session.progress import IsCancelled, OnProgress
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.designs.files.places import design_names
from dv_agent.errors import InputFileError, UnknownNameError, UsageError
from dv_agent.studio.allowed_folders import AllowedFolders, chosen, listed
from dv_agent.studio.jobs import Job, start
from dv_agent.studio.views.session_pages import SessionPage

MOST_OPEN = 6
PATIENCE = 20
"""Seconds until the page of a session is shown while it is still being opened."""


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session in the list."""

    name: str
    design: str
    model: str
    strategy: str
    started: str
    origin: str
    open: bool


class OpenSession:
    """One session that is open, or being opened.

    Attributes:
        session: None until it is open.
        job: what goes on, or went on last.
        said: what is to be told once, on the next page.
        shown: the page that was shown last; it stays while a job goes on.
        told: the end of the job was told.
    """

    def __init__(self, name: str, request: SessionRequest) -> None:
        self.name, self.said, self.told = name, "", False
        self.shown: SessionPage | None = None
        self.session: PromptSession | None = None
        self._stack, self._wanted, self._lock = ExitStack(), request, threading.Lock()
        self.job: Job = start("opening the session", self._open)

    @property
    def busy(self) -> bool:
        """Whether a job goes on."""
        return not self.job.over.is_set()

    @property
    def has_failed(self) -> bool:
        """Whether it could not be opened, and that was told."""
        return self.session is None and self.told and not self.busy

    def begin(self, title: str, work: Callable[[PromptSession, OnProgress, IsCancelled], None]) -> None:
        """Begin a job on the session.

        Raises:
            UsageError: another one goes on.
        """
        with self._lock:
            session, self.told = self.ready(), False
            self.job = start(title, lambda tell, given_up: work(session, tell, given_up))

    def ready(self) -> PromptSession:
        """The session, free for a change.

        Raises:
            UsageError: it is busy, or could not be opened.
        """
        if self.busy:
            raise UsageError(f"wait for what goes on ({self.job.title}), or give it up")
        if self.session is None:
            raise UsageError(self.job.problem or "the session is closed")
        return self.session

    def problem(self) -> str:
        """Why the last job failed, told once; empty if it did not."""
        if self.told or self.busy:
            return ""
        self.told = True
        return self.job.problem

    def close(self) -> None:
        """Give up what goes on and let go of folder and simulator."""
        self.job.given_up.set()
        self.job.over.wait(10)
        self.session = None
        self._stack.close()

    def _open(self, tell: OnProgress, given_up: IsCancelled) -> None:
        session = self._stack.enter_context(open_session(self._wanted))
        session.take_up(tell, given_up)
        session.state(None, tell)
        self.session = session


class SessionRegistry:
    """All sessions below one folder.

    Args:
        designs: designs outside of the known folders that may be opened too, by path.
    """

    def __init__(self, places: AllowedFolders, designs: tuple[str, ...] = ()) -> None:
        self._places, self._extra = places, designs
        self._rooms: dict[str, OpenSession] = {}
        self._lock = threading.Lock()

    @property
    def designs(self) -> tuple[str, ...]:
        """What a session may be of. Nothing else is loaded, since a design brings a model that is executed."""
        return (*self._extra, *(name for name in design_names() if name not in self._extra))

    def lines(self) -> tuple[SessionLine, ...]:
        """All sessions, the newest first."""
        found = listed(self._places.sessions, HEADER)
        lines = [line for name, path in found.items() for line in self._line(name, path)]
        return tuple(sorted(lines, key=lambda line: line.started, reverse=True))

    def new(self, request: SessionRequest) -> str:
        """Begin a session in a folder of its own below that of the sessions; returns its name.

        Raises:
            DvAgentError: it cannot be begun.
        """
        if request.design is not None and request.design not in self.designs:
            raise UnknownNameError("design", request.design, self.designs)
        name = session_name(Path(request.design or "run").name)
        room = OpenSession(name, replace(request, folder=self._places.sessions / name))
        room.job.over.wait(PATIENCE)
        if room.job.problem:
            room.close()
            raise UsageError(room.job.problem)
        with self._lock:
            self._make_place()
            self._rooms[name] = room
        return name

    def room(self, name: str) -> OpenSession:
        """The room of a session, opened if need be.

        Raises:
            UsageError: no such session, or its folder or its design may not be read.
        """
        with self._lock:
            room = self._rooms.get(name)
            if room is None or room.has_failed:
                folder = chosen("session", self._places.sessions, HEADER, name)
                self._check_design(folder)
                self._make_place()
                room = self._rooms[name] = OpenSession(name, SessionRequest(folder=folder))
            return room

    def close(self) -> None:
        """Close all sessions."""
        with self._lock:
            for room in self._rooms.values():
                room.close()
            self._rooms.clear()

    def _make_place(self) -> None:
        """Close the session that was opened first if too many are open; each holds a simulator."""
        idle = [name for name, room in self._rooms.items() if not room.busy]
        for name in idle[: max(len(self._rooms) - MOST_OPEN + 1, 0)]:
            self._rooms.pop(name).close()

    def _check_design(self, folder: Path) -> None:
        design = read_header(folder).design
        if design not in self.designs:
            raise UnknownNameError("design", design, self.designs)

    def _line(self, name: str, path: Path) -> Iterator[SessionLine]:
        try:
            header = read_header(path)
        except InputFileError:
            return
        draft, room = header.draft, self._rooms.get(name)
        yield SessionLine(
            name, header.design, draft.model.model, draft.strategy.name, header.started, header.origin,
            room is not None and room.session is not None,
        )  # fmt: skip

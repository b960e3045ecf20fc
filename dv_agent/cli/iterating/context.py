"""The context of a command of ``dv-agent iterate``: the session, and input and output."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dv_agent.agents.session.progress import Progress
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.cli.interrupt import Ended, again, handled, tell
from dv_agent.cli.terminal import complain, overwrite
from dv_agent.designs.files.documents import read_text

TextSource = Callable[[str, str], str]
"""(initial text, suffix of the file name) -> text of several lines."""


@dataclass(slots=True)
class IterateContext:
    """The session, and the functions for input from and output to the user.

    Attributes:
        say: prints lines on stdout.
        ask_text: gets a text from the user: in an editor, or as lines up to a single dot.
        live: whether progress may overwrite itself on stderr.
        failed: whether a test failed a check since the command was started.
        unchecked: the reason why an exported run checked nothing, if there was one.
    """

    session: PromptSession
    say: Callable[[str], None]
    ask_text: TextSource
    live: bool
    failed: bool = False
    unchecked: str = ""

    def text(self, file: str | None, start: Callable[[], str] = str, suffix: str = ".md") -> str:
        """Return the text of `file`, or a text that the user writes.

        Args:
            start: returns the initial text; may raise if there is no text to change. The lines of a script are read
                before it is called, so that they are never taken as commands.

        Raises:
            InputFileError: the file cannot be read.
            UsageError: the editor failed.
        """
        if file is None and not self.live:
            text = self.ask_text("", suffix)
            start()
            return text
        begin = start()
        return read_text(Path(file)) if file else self.ask_text(begin, suffix)

    @contextmanager
    def watch(self) -> Iterator[tuple[Callable[[Progress], None], Callable[[], bool]]]:
        """Provide the display of progress, and whether Ctrl-C was pressed; a second Ctrl-C ends at once.

        SIGTERM and SIGHUP do the same, and also end the session.
        """
        stop = threading.Event()

        ending: list[int] = []

        def handle(number: int, frame: FrameType | None) -> None:
            if number != signal.SIGINT:
                ending.append(number)
            if stop.is_set():
                raise KeyboardInterrupt
            stop.set()
            tell(f"\ndv-agent: giving up as soon as it can be done; {again(number)} ends it now")

        try:
            with handled(handle):
                yield self._show, stop.is_set
        finally:
            if self.live:
                overwrite()
            if ending:  # these signals end the whole session, not only this command
                raise Ended(ending[0])

    def _show(self, progress: Progress) -> None:
        if self.live:
            overwrite(progress.words)
        elif progress.stage == "waiting":
            complain(f"dv-agent: {progress.words}")

"""Sources of input lines: a terminal with history and completion, or a script on stdin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from dv_agent.cli.iterating.editor import edit_text

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer

Complete = Callable[[str], list[str]]
"""Completions of the last word of an incomplete line."""
END = "."


class LineSource(Protocol):
    """A source of commands, line by line, and of texts of several lines."""

    def read(self, prompt: str) -> str | None:
        """Return the next line without its line end; None at the end of the input.

        Raises:
            KeyboardInterrupt: the user discarded the line.
        """
        ...

    def text(self, start: str, suffix: str) -> str:
        """Return a text of several lines, see `dv_agent.cli.iterating.context.TextSource`."""
        ...


class ScriptLines:
    """Lines of a stream that is not a terminal; each line is echoed, so that the output is a transcript."""

    def __init__(self, stream: TextIO, say: Callable[[str], None]) -> None:
        self._stream, self._say = stream, say

    def read(self, prompt: str) -> str | None:
        """The next line."""
        line = self._stream.readline()
        if not line:
            return None
        self._say(f"{prompt}{line.rstrip()}")
        return line.rstrip("\r\n")

    def text(self, start: str, suffix: str) -> str:
        """Return the lines up to a single dot, or to the end."""
        lines: list[str] = []
        for line in self._stream:
            if line.rstrip("\r\n") == END:
                break
            lines.append(line)
        return "".join(lines)


class TerminalLines:
    """Lines of a terminal, read with prompt_toolkit.

    Args:
        history: file of the lines of earlier sessions.
        complete: returns the completions of the last word.
    """

    def __init__(self, history: Path, complete: Complete) -> None:
        from prompt_toolkit import PromptSession as Reader
        from prompt_toolkit.history import FileHistory

        self._reader: Reader[str] = Reader(
            history=FileHistory(str(history)), completer=_completer(complete), complete_while_typing=False
        )

    def read(self, prompt: str) -> str | None:
        """The next line."""
        try:
            return self._reader.prompt(prompt)
        except EOFError:
            return None

    def text(self, start: str, suffix: str) -> str:
        """Return the text that the user makes from `start` in an editor."""
        return edit_text(start, suffix)


def _completer(complete: Complete) -> Completer:
    """Return `complete` as a prompt_toolkit completer; the class is made here, because its base class loads slowly."""
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class WordCompleter(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
            line = document.text_before_cursor
            return (Completion(word, start_position=-len(line.split(" ")[-1])) for word in complete(line))

    return WordCompleter()

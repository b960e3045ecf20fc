"""Where lines come from: a terminal with history and completion, or a script on stdin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from dv_agent.cli.iterating.editor import edit_text

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer

Complete = Callable[[str], list[str]]
"""What may stand in place of the last word of a line that has been begun."""
END = "."


class LineSource(Protocol):
    """Commands, line by line, and texts of several lines."""

    def read(self, prompt: str) -> str | None:
        """The next line without its end; None where there is none any more.

        Raises:
            KeyboardInterrupt: a person threw the line away.
        """
        ...

    def text(self, start: str, suffix: str) -> str:
        """A text of several lines, see `dv_agent.cli.iterating.context.TextSource`."""
        ...


class ScriptLines:
    """A stream that is no terminal; each line is echoed, so that the output reads like a transcript."""

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
        """The lines up to a single dot, or to the end."""
        lines: list[str] = []
        for line in self._stream:
            if line.rstrip("\r\n") == END:
                break
            lines.append(line)
        return "".join(lines)


class TerminalLines:
    """A terminal, through prompt_toolkit.

    Args:
        history: file of the lines of earlier sittings.
        complete: what may stand in place of the last word.
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
        """What a person makes of `start` in an editor."""
        return edit_text(start, suffix)


def _completer(complete: Complete) -> Completer:
    """`complete` as prompt_toolkit wants it; the class is made here, because its base loads slowly."""
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class WordCompleter(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
            line = document.text_before_cursor
            return (Completion(word, start_position=-len(line.split(" ")[-1])) for word in complete(line))

    return WordCompleter()

"""Safe output to a terminal: control characters in text from servers, models, records, RTL or file names are escaped.

`say`, `complain` and `say_json` replace ``print``, `SafeConsole` replaces rich's console. Only `overwrite` writes
control characters, and only its own.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from dv_agent.agents.models.dotenv.file import dotenv_note
from dv_agent.designs.text.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 78


def say(words: object = "", *, end: str = "\n", exact: bool = False) -> None:
    """Print on stdout.

    Args:
        exact: whether every character is kept if stdout is not a terminal: for texts that are redirected to a file.
    """
    _write(sys.stdout, str(words), end, exact)


def complain(words: object) -> None:
    """Print on stderr."""
    _write(sys.stderr, str(words), "\n", exact=False)


def complain_of_choice(words: str) -> None:
    """Print on stderr what was chosen in place of what was asked for."""
    complain(f"dv-agent: {words}")


def tell_of_dotenv() -> None:
    """Print on stderr which file ``.env`` was read, and which of its entries were not used."""
    if note := dotenv_note():
        complain(f"dv-agent: {note}")


def warn_of_foreign(design: str | None) -> None:
    """Print on stderr a warning of what a design may do that is given as a folder, not one known by name."""
    if design and (os.sep in design or (Path(design) / "design.yaml").is_file()):
        modelled = (Path(design) / "model.py").exists()
        what = f"model.py of {design} runs as you, and so does its RTL" if modelled else f"RTL of {design} runs as you"
        complain(f"dv-agent: {what} where there is no sandbox: use folders that you trust (docs/security.md)")


def say_json(data: Any, *, indent: int | None = 1, compact: bool = False) -> None:
    """Print data as ASCII JSON on stdout: all other characters are escaped, none is lost."""
    text = json.dumps(data, indent=indent, separators=(",", ":") if compact else None)
    say(text.replace("\x7f", "\\u007f"))


def overwrite(words: str = "") -> None:
    """Replace the current line of stderr, which must be a terminal."""
    sys.stderr.write(f"\r\x1b[K{visible(words)[:_WIDTH]}")
    sys.stderr.flush()


def safe_console(file: IO[str] | None = None) -> Console:
    """Return a rich console that interprets no markup in texts and writes none of their control characters."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class SafeConsole(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for part in super().render(renderable, options):
                yield part if part.control else Segment(visible(part.text), part.style)

    return SafeConsole(file=file, highlight=False, markup=False, emoji=False)


def show_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an uncaught error as Python does, made safe for a terminal; for ``sys.excepthook``."""
    complain("".join(traceback.format_exception(kind, error, trace)).rstrip("\n"))


def _write(stream: IO[str], words: str, end: str, exact: bool) -> None:
    text = words if exact and not stream.isatty() else visible(words)
    stream.write(text + end)
    stream.flush()

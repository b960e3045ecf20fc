"""Templates of a stranger: read only inside of their folder, and rendered within bounds of time, memory and output.

What a template may do is left to jinja2's sandbox, how much of it to the operating system: a loop in a loop, a text
times a billion, or a macro that calls itself twice ends with its process, which is a copy of this one.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound
from jinja2.loaders import split_template_path

from dv_agent.designs.files.documents import read_text, require_inside
from dv_agent.errors import InputFileError, UsageError

CPU_SECONDS = 5
WALL_SECONDS = 60.0
MEMORY_BYTES = 512 << 20
MOST_CHARACTERS = 4_000_000
LONGEST_TEMPLATE = 100_000
_CHUNK = 1 << 16
_TEXT, _FAULT = b"T", b"F"


class ContainedLoader(BaseLoader):
    """The templates of one folder; links that lead out of it are refused, not passed over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """See `jinja2.BaseLoader`.

        Raises:
            InputFileError: it stands elsewhere, is no plain file, or is too long.
        """
        path = self._folder.joinpath(*split_template_path(template))
        if not path.exists() and not path.is_symlink():
            raise TemplateNotFound(template)
        return template_file(path, self._folder), str(path), lambda: False


def template_file(path: Path, folder: Path) -> str:
    """The text of a template in `folder`.

    Raises:
        InputFileError: a link that leads out, no plain file, no UTF-8 text, or too long.
    """
    text = read_text(require_inside(path, folder))
    if len(text) > LONGEST_TEMPLATE:
        raise InputFileError(path, f"longer than {LONGEST_TEMPLATE:,} characters")
    return text


def template_files(folder: Path) -> list[Path]:
    """All templates in `folder`, sorted.

    Raises:
        InputFileError: a link in it leads out.
    """
    inside = [require_inside(path, folder) if path.is_symlink() else path for path in folder.rglob("*")]
    return sorted(path for path in inside if path.suffix == ".jinja")


def render_bounded(name: str, draw: Callable[[], str]) -> str:
    """What `draw` returns, called in a copy of this process that is bounded in processor time, memory and output.

    Args:
        name: of the template, for messages.

    Raises:
        UsageError: `draw` raised one, or went beyond a bound.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The copy calls nothing but jinja2 and ends; a lock that another thread held would show as a time limit.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        _draw_and_end(draw, reading, writing)
    os.close(writing)
    try:
        answer = _received(reading)
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if answer[:1] == _TEXT:
        return answer[1:].decode("utf-8", "surrogatepass")
    if answer[:1] == _FAULT:
        raise UsageError(answer[1:].decode("utf-8", "replace"))
    most = f"{CPU_SECONDS} s of processor time or {MEMORY_BYTES >> 20} MB"
    raise UsageError(f"template {name}: it takes more than {most}")


def _draw_and_end(draw: Callable[[], str], reading: int, writing: int) -> None:
    """The copy: never returns, and runs nothing of what its parent would at its end."""
    with contextlib.suppress(BaseException):
        os.close(reading)
        answer = _answer(draw)
        while answer:
            answer = answer[os.write(writing, answer[:_CHUNK]) :]
    os._exit(0)


def _answer(draw: Callable[[], str]) -> bytes:
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + CPU_SECONDS, used + CPU_SECONDS))
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY_BYTES, size + MEMORY_BYTES))
    try:
        text = draw()
        if len(text) > MOST_CHARACTERS:
            return _FAULT + f"a template gives more than {MOST_CHARACTERS:,} characters".encode()
        return _TEXT + text.encode("utf-8", "surrogatepass")
    except UsageError as error:
        return _FAULT + str(error).encode("utf-8", "replace")


def _received(reading: int) -> bytes:
    """All that the copy writes; what it had until the time was up, if it was."""
    parts, end = list[bytes](), time.monotonic() + WALL_SECONDS
    while (left := end - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        if not (part := os.read(reading, _CHUNK)):
            return b"".join(parts)
        parts.append(part)
    return b""

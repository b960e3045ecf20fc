"""Rendering of untrusted templates: read only from their folder, rendered with limits on time, memory and output.

jinja2's sandbox limits what a template may do, the operating system how much: nested loops, a string repeated a
billion times, or a macro that calls itself twice only end the process that renders, which is a fork of this one.
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
    """Loads the templates of one folder; a symbolic link that leads out of it raises an error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """See `jinja2.BaseLoader`.

        Raises:
            InputFileError: it is outside the folder, not a regular file, or too long.
        """
        path = self._folder.joinpath(*split_template_path(template))
        if not path.exists() and not path.is_symlink():
            raise TemplateNotFound(template)
        return template_file(path, self._folder), str(path), lambda: False


def template_file(path: Path, folder: Path) -> str:
    """Return the text of a template in `folder`.

    Raises:
        InputFileError: a link that leads out, not a regular file, not UTF-8, or too long.
    """
    text = read_text(require_inside(path, folder))
    if len(text) > LONGEST_TEMPLATE:
        raise InputFileError(path, f"longer than {LONGEST_TEMPLATE:,} characters")
    return text


def template_files(folder: Path) -> list[Path]:
    """Return all templates in `folder`, sorted.

    Raises:
        InputFileError: a link in it leads out.
    """
    inside = [require_inside(path, folder) if path.is_symlink() else path for path in folder.rglob("*")]
    return sorted(path for path in inside if path.suffix == ".jinja")


def render_bounded(name: str, draw: Callable[[], str]) -> str:
    """Return the result of `draw`, called in a forked process with limits on processor time, memory and output.

    Args:
        name: name of the template, for messages.

    Raises:
        UsageError: `draw` raised one, or exceeded a limit.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The child calls only jinja2 and exits; waiting for a lock of another thread would end at the limit.
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
    """Run `draw` in the child process; never return, and run none of the parent's exit handlers."""
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
    """Return all output of the child, or nothing if the time limit was reached."""
    parts, end = list[bytes](), time.monotonic() + WALL_SECONDS
    while (left := end - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        if not (part := os.read(reading, _CHUNK)):
            return b"".join(parts)
        parts.append(part)
    return b""

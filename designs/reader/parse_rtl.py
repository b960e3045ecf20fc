"""Reading the RTL of a design: in a child process, in a folder of its own, within a time limit, with a cache.

pyverilog prints, writes files and may not end; this does not affect the caller. Files that it cannot read
(SystemVerilog) are read by pyslang.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from dv_agent.designs.design import Design
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.reader.structure import Structure
from dv_agent.errors import BuildError, InputFileError, SimulatorLost

READ_SECONDS = 60.0
_TRIES = 4
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
_FORMAT = "2"  # increase when the result of the child changes


def read_rtl(design: Design, cache: Path | None = None, seconds: float = READ_SECONDS) -> Structure:
    """Return the structure of the design's RTL.

    Args:
        cache: a folder that keeps results by the hash of the sources; None for no cache.
        seconds: time limit of the child process, in seconds.

    Raises:
        InputFileError: a source file cannot be read.
        BuildError: neither parser can read the RTL, or they took too long; with their messages.
    """
    request = request_of(design)
    kept = cache / f"{request_key(request, design.header_files())}.json" if cache else None
    if kept and kept.is_file():
        try:
            return Structure.model_validate_json(kept.read_bytes())
        except (ValidationError, OSError):
            kept.unlink(missing_ok=True)  # incomplete because of a crash; it is made again
    structure = _from_child(design.name, request, seconds)
    if kept:
        keep_answer(kept, structure.model_dump_json())
    return structure


def request_of(design: Design) -> Request:
    """Return what a child process has to read for `design`, without the values of its parameters."""
    return Request(
        sources=tuple(file.resolve() for file in design.source_files()), top=design.top, defines=design.defines,
        include_dirs=tuple((design.base / name).resolve() for name in design.include_dirs),
    )  # fmt: skip


def request_key(request: Request, headers: Sequence[Path], more: str = "") -> str:
    """Return 32 hexadecimal digits that change with what is read; `more` is what else the answer depends on.

    Raises:
        InputFileError: a file cannot be read.
    """
    total = hashlib.sha256(f"{_FORMAT} {request.top} {sorted(request.defines.items())}{more}".encode())
    for file in (*request.sources, *headers):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputFileError(file, error.strerror or str(error)) from None
        total.update(f"\0{file.name} {len(content)}\0".encode() + content)
    return total.hexdigest()[:32]


def keep_answer(kept: Path, text: str) -> None:
    """Write an answer to the cache, whole or not at all."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        aside = kept.with_suffix(f".{os.getpid()}")
        aside.write_text(text, encoding="utf-8")
        aside.rename(kept)
    except OSError:
        return  # on a full or read-only disk only the cache is missing next time


def _from_child(name: str, request: Request, seconds: float) -> Structure:
    with scratch_folder() as room:
        (room / "request.json").write_text(request.model_dump_json(), encoding="utf-8")
        command = [sys.executable, "-W", "ignore", "-m", "dv_agent.designs.reader.child", str(room)]
        for _ in range(_TRIES):
            try:
                done = subprocess.run(
                    command, cwd=room, capture_output=True, text=True, timeout=seconds, check=False,
                    stdin=subprocess.DEVNULL,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                raise BuildError(f"{name}: reading the RTL took longer than {seconds:g} s") from None
            if -done.returncode not in _FROM_OUTSIDE:
                break
        else:
            raise SimulatorLost(f"{name}: the reader of the RTL was killed by signal {-done.returncode}, each time")
        answer = room / "structure.json"
        if done.returncode or not answer.is_file():
            raise BuildError(f"{name}: the RTL cannot be read\n{done.stderr.strip()[-2000:]}")
        return Structure.model_validate_json(answer.read_bytes())

"""The build cache: RTL and wrapper are compiled once, and looked up by a hash of all inputs of the build."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.files.scratch import BUILDING, new_scratch, sweep
from dv_agent.errors import InputFileError, OutputError
from dv_agent.runners.build.layout import Layout, child_layout, layout_of
from dv_agent.runners.build.wrapper import TOP, wrapper_text

WRAPPER = f"{TOP}.v"
PROGRAM = "sim"
_FORMAT = "2"  # raise when the contents of a build folder change
_HEADERS = ("*.vh", "*.svh")


@dataclass(frozen=True, slots=True)
class Build:
    """A compiled design: a folder of the cache.

    Attributes:
        folder: holds ``sim``, ``dv_wrapper.v`` and ``layout.json``.
        cached: whether the build was in the cache already.
    """

    folder: Path
    cached: bool

    @property
    def program(self) -> Path:
        """The file that the simulator runs, or the compiled simulator itself."""
        return self.folder / PROGRAM

    @property
    def layout(self) -> Path:
        """The layout file that the simulator process reads."""
        return self.folder / "layout.json"


def is_plain_verilog(design: Design) -> bool:
    """Return whether to compile as Verilog-2005, in which the keywords of SystemVerilog are ordinary names."""
    return not any(source.endswith(".sv") for source in design.sources)


def cached_build(
    design: Design,
    shelf: Path,
    parts: Sequence[str],
    compiler: Callable[[Path], None],
    wrapper_of: Callable[[Design, Layout], str] = wrapper_text,
) -> Build:
    """Build `design`, or find its build in `shelf`. Safe in parallel: built in a separate folder, then renamed.

    Args:
        shelf: folder of all builds of one simulator.
        parts: inputs of the build besides the design, such as the version of the tool; part of the hash.
        compiler: makes ``sim`` in a folder that holds ``dv_wrapper.v``.
        wrapper_of: returns the text of that wrapper.

    Raises:
        InputFileError: a source file is missing.
        OutputError: the cache cannot be written.
        BuildError, PrerequisiteError: as `compiler` does.
    """
    layout = layout_of(design)
    wrapper = wrapper_of(design, layout)
    plain = json.dumps(child_layout(design, layout))
    key = "\0".join([_FORMAT, importlib.metadata.version("cocotb"), *parts, wrapper, plain, *_contents(design)])
    target = shelf / hashlib.sha256(key.encode()).hexdigest()[:32]
    sweep(shelf, BUILDING)
    if (target / PROGRAM).exists():
        return Build(target, cached=True)
    try:
        shelf.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{shelf}: {error.strerror}") from None
    aside = new_scratch(shelf, BUILDING)
    try:
        _write(aside / WRAPPER, wrapper)
        _write(aside / "layout.json", plain)
        compiler(aside)
        _move(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Build(target, cached=False)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None


def _move(aside: Path, target: Path) -> None:
    try:
        aside.rename(target)
    except OSError as error:
        # Another process was first; both builds are the same.
        if not (target / PROGRAM).exists():
            raise OutputError(f"cannot write {target}: {error.strerror}") from None


def _contents(design: Design) -> Iterator[str]:
    """Return names and contents of the sources and of the headers in the same folders."""
    sources = design.source_files()
    headers = {header for source in sources for pattern in _HEADERS for header in source.parent.glob(pattern)}
    for file in [*sources, *sorted(headers)]:
        try:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise InputFileError(file, error.strerror or str(error)) from None
        yield f"{file.name} {digest}"

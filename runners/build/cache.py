"""The build cache: RTL and wrapper are compiled once, and looked up by a hash of all inputs of the build."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.files.scratch import BUILDING, new_scratch, sweep
from dv_agent.errors import BuildError, InputFileError, OutputError
from dv_agent.runners.build.wrappers.layout import Layout, child_layout, layout_of
from dv_agent.runners.build.wrappers.wrapper import TOP, wrapper_text

WRAPPER = f"{TOP}.v"
PROGRAM = "sim"
LAYOUT = "layout.json"
AS_SYSTEM_VERILOG = "its .v files are compiled as SystemVerilog, because Verilog-2005 is not enough"
_FORMAT = "3"  # raise when the contents of a build folder change
SHARED_SHELVES = ("native-runtime", "verilator-runtime")
"""Parts of a cache that no design is part of."""


@dataclass(frozen=True, slots=True)
class Build:
    """A compiled design: a folder of the cache.

    Attributes:
        folder: holds ``sim``, ``dv_wrapper.v`` and ``layout.json``.
        cached: whether the build was in the cache already.
        note: what a user should know about it, in one sentence; empty if nothing.
    """

    folder: Path
    cached: bool
    note: str = ""

    @property
    def program(self) -> Path:
        """The file that the simulator runs, or the compiled simulator itself."""
        return self.folder / PROGRAM

    @property
    def layout(self) -> Path:
        """The layout file that the simulator process reads."""
        return self.folder / LAYOUT


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
    key = "\0".join([_FORMAT, importlib.metadata.version("cocotb"), *parts, wrapper, plain, *contents(design)])
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
        _write(aside / LAYOUT, plain)
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


def contents(design: Design) -> Iterator[str]:
    """Return names and contents of the sources and of all headers that they may include, and the defines."""
    for file in [*design.source_files(), *design.header_files()]:
        try:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise InputFileError(file, error.strerror or str(error)) from None
        yield f"{file.name} {digest}"
    yield from (f"define {name} {text!r}" for name, text in design.defines.items())
    yield from (f"include folder {name}" for name in design.include_dirs)


def build_in(design: Design, build: Callable[[bool], Build]) -> Build:
    """Return the build in the design's language; without `language` in design.yaml, ``.v`` files that are refused as
    Verilog-2005 are tried as SystemVerilog, and `Build.note` says so.

    Args:
        build: compiles; its argument is whether as Verilog-2005.

    Raises:
        BuildError: the RTL is refused, in both languages if both were tried; then with the one of SystemVerilog.
    """
    if not design.plain_verilog:
        return build(False)
    try:
        return build(True)
    except BuildError as refused:
        if design.language is not None:
            raise
        try:
            done = build(False)
        except BuildError as again:
            raise again from refused
        return replace(done, note=f"{design.name}: {AS_SYSTEM_VERILOG} ({_first_line(refused)})")


def _first_line(refused: BuildError) -> str:
    """Return the simulator's first complaint, without the head of the message."""
    lines = str(refused).splitlines()
    return lines[1 if len(lines) > 1 else 0].strip()[:200]


def private_cache(folder: Path) -> Path:
    """Make a cache for builds that nobody needs again; it shares only what no design is part of, see `SHARED_SHELVES`.

    Raises:
        OutputError: it cannot be made.
    """
    shared = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for shelf in SHARED_SHELVES:
            (shared / shelf).mkdir(parents=True, exist_ok=True)
            if not (folder / shelf).exists():
                (folder / shelf).symlink_to((shared / shelf).absolute())
    except OSError as error:
        raise OutputError(f"cannot make a cache in {folder}: {error.strerror}") from None
    return folder

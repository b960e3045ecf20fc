"""The build cache: RTL and wrapper compiled once, and found again by the hash of everything that went in."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.errors import BuildError, InputFileError, OutputError, PrerequisiteError
from dv_agent.runners.layout import child_layout, layout_of
from dv_agent.runners.wrapper import TOP, wrapper_text

INSTALL_ICARUS = "apt-get install iverilog"
BUILD_SECONDS = 120.0
SHOWN_LINES = 10
_FORMAT = "1"  # raise when the contents of a build folder change
_HEADERS = ("*.vh", "*.svh")


@dataclass(frozen=True, slots=True)
class Build:
    """A compiled design: a folder of the cache.

    Attributes:
        folder: holds ``sim.vvp``, ``dv_wrapper.v`` and ``layout.json``.
        cached: whether it was there already.
    """

    folder: Path
    cached: bool

    @property
    def program(self) -> Path:
        """What vvp runs."""
        return self.folder / "sim.vvp"

    @property
    def layout(self) -> Path:
        """What the child reads."""
        return self.folder / "layout.json"


def cache_folder() -> Path:
    """``$DV_AGENT_CACHE``, else ``$XDG_CACHE_HOME/dv-agent``, else ``~/.cache/dv-agent``."""
    if own := os.environ.get("DV_AGENT_CACHE"):
        return Path(own)
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared) / "dv-agent"
    return Path.home() / ".cache" / "dv-agent"


def icarus_version() -> str:
    """The first line of ``iverilog -V``.

    Raises:
        PrerequisiteError: iverilog or vvp is not on the PATH.
    """
    compiler = _tool("iverilog")
    _tool("vvp")
    done = subprocess.run(
        [compiler, "-V"], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False
    )
    return done.stdout.splitlines()[0].strip() if done.stdout else "Icarus Verilog (unknown version)"


def build_icarus(design: Design, cache: Path, version: str) -> Build:
    """Compile `design`, or find it in `cache`. Safe in parallel: built aside, then renamed into place.

    Args:
        version: see `icarus_version`; part of the key.

    Raises:
        PrerequisiteError: iverilog is missing.
        InputFileError: a source file is missing.
        BuildError: iverilog refused the RTL, or took longer than `BUILD_SECONDS`.
        OutputError: the cache cannot be written.
    """
    layout = layout_of(design)
    wrapper = wrapper_text(design, layout)
    plain = json.dumps(child_layout(design, layout))
    # Plain Verilog is compiled as Verilog-2005, where SystemVerilog's keywords are ordinary names.
    language = "-g2012" if any(source.endswith(".sv") for source in design.sources) else "-g2005"
    parts = [_FORMAT, version, importlib.metadata.version("cocotb"), language, wrapper, plain, *_contents(design)]
    target = cache / "icarus" / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    if (target / "sim.vvp").exists():
        return Build(target, cached=True)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix="building-", dir=target.parent))
    except OSError as error:
        raise OutputError(f"{target.parent}: {error.strerror}") from None
    try:
        (aside / f"{TOP}.v").write_text(wrapper, encoding="utf-8")
        (aside / "layout.json").write_text(plain, encoding="utf-8")
        _compile(design, aside, language)
        try:
            aside.rename(target)
        except OSError:
            # Another process was first; both hold the same.
            if not (target / "sim.vvp").exists():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Build(target, cached=False)


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise PrerequisiteError(f"{name} (Icarus Verilog) is not on the PATH", INSTALL_ICARUS)
    return path


def _contents(design: Design) -> Iterator[str]:
    """Names and contents of the sources, and of the headers that lie beside them."""
    sources = design.source_files()
    headers = {header for source in sources for pattern in _HEADERS for header in source.parent.glob(pattern)}
    for file in [*sources, *sorted(headers)]:
        try:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise InputFileError(file, error.strerror or str(error)) from None
        yield f"{file.name} {digest}"


def _compile(design: Design, folder: Path, language: str) -> None:
    # In the design's folder, so that messages name files relative to it.
    wrapper = folder / f"{TOP}.v"
    includes = sorted({str(Path(source).parent) for source in design.sources})
    command = [_tool("iverilog"), language, "-o", str(folder / "sim.vvp"), "-s", TOP]
    command += [f"-I{include}" for include in includes]
    command += [source if not source.startswith("-") else f"./{source}" for source in design.sources]
    try:
        done = subprocess.run(
            [*command, str(wrapper)],
            cwd=design.folder, capture_output=True, text=True, errors="replace",
            timeout=BUILD_SECONDS, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BuildError(f"{design.name}: iverilog gave no result within {BUILD_SECONDS:.0f} s") from None
    output = (done.stdout + done.stderr).replace(str(wrapper), wrapper.name)
    # Iverilog only warns about a port of another width, or a missing parameter, and pads with zeros.
    misfits = [line for line in output.splitlines() if line.startswith(f"{wrapper.name}:") and "warning:" in line]
    if done.returncode or misfits:
        raise BuildError(f"{design.name}: iverilog refused the RTL\n{_shorten(misfits or output.splitlines())}")


def _shorten(lines: list[str]) -> str:
    shown = lines[:SHOWN_LINES]
    if len(lines) > len(shown):
        shown.append(f"... ({len(lines) - len(shown)} more lines)")
    return "\n".join(shown)

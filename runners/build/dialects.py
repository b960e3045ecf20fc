"""In which language RTL is compiled, and with which include folders and defines; the same for every simulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.errors import BuildError
from dv_agent.runners.build.cache import Build

AS_SYSTEM_VERILOG = "its .v files are compiled as SystemVerilog, because Verilog-2005 is not enough"


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


def compile_options(design: Design, names: Sequence[str] = ()) -> list[str]:
    """Return the options for include folders and defines, as both iverilog and verilator read them.

    Args:
        names: the names that the sources have on the command line, if other than `Design.compiled_names`.
    """
    beside = sorted({str(Path(name).parent) for name in names or design.compiled_names()})
    folders = [f"./{name}" if name.startswith("-") else name for name in design.include_dirs]
    defines = (f"-D{name}" if text is None else f"-D{name}={text}" for name, text in design.defines.items())
    return [*(f"-I{one}" for one in dict.fromkeys((*folders, *beside))), *defines]

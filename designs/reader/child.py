"""The child process that parses RTL: writes ``structure.json`` into its folder, or the reason of failure to stderr."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import cast

from dv_agent.designs.reader.analysis import build_module
from dv_agent.designs.reader.from_pyverilog import parse as parse_verilog
from dv_agent.designs.reader.structure import Structure
from dv_agent.designs.reader.syntax import ModuleText

INSTALL = "pip install 'dv-agent[sv]'"


class UnreadableError(Exception):
    """The error that the RTL cannot be read, with a message for people."""


def read(room: Path, top: str, files: list[Path]) -> Structure:
    """Return the structure of `files`; pyslang is tried if pyverilog fails.

    Raises:
        UnreadableError: with the messages of the parsers.
    """
    try:
        front_end, modules = "pyverilog", parse_verilog(files, room)
    except Exception as error:  # pyverilog passes on any exception of its generated parser
        front_end, modules = "pyslang", _system_verilog(files, " ".join(str(error).split())[:500])
    if top not in {one.name for one in modules}:
        raise UnreadableError(f"no module {top!r} among {', '.join(one.name for one in modules) or 'none'}")
    return Structure(top=top, front_end=front_end, modules=tuple(map(build_module, modules)))


def _system_verilog(files: list[Path], before: str) -> list[ModuleText]:
    if importlib.util.find_spec("pyslang") is None:
        raise UnreadableError(f"pyverilog: {before or 'gave up'}\nSystemVerilog needs pyslang: {INSTALL}")
    module = importlib.import_module("dv_agent.designs.reader.from_pyslang")
    try:
        return cast("list[ModuleText]", module.parse(files))
    except module.SourceError as error:
        raise UnreadableError(f"pyslang: {error}") from None


def main() -> None:
    """Run ``child.py ROOM TOP FILE...``."""
    room, top, *files = sys.argv[1:]
    try:
        structure = read(Path(room), top, [Path(name) for name in files])
    except UnreadableError as error:
        sys.exit(str(error))
    (Path(room) / "structure.json").write_text(structure.model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    main()

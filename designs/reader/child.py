"""The child process of `read`: parses, writes ``structure.json`` into its room, and says on stderr why it cannot."""

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
    """Why the RTL cannot be read, in words for people."""


def read(room: Path, top: str, files: list[Path]) -> Structure:
    """The structure of `files`; pyslang is asked where pyverilog gives up.

    Raises:
        UnreadableError: with the words of the parsers.
    """
    try:
        front_end, modules = "pyverilog", parse_verilog(files, room)
    except Exception as error:  # pyverilog raises what its generated parser happens to raise
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
    """``child.py ROOM TOP FILE...``"""
    room, top, *files = sys.argv[1:]
    try:
        structure = read(Path(room), top, [Path(name) for name in files])
    except UnreadableError as error:
        sys.exit(str(error))
    (Path(room) / "structure.json").write_text(structure.model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The child process that parses RTL: writes ``structure.json`` into its folder, or the reason of failure to stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.reader.analysis import build_module
from dv_agent.designs.reader.from_pyslang import SourceError
from dv_agent.designs.reader.from_pyslang import parse as parse_system_verilog
from dv_agent.designs.reader.from_pyverilog import parse as parse_verilog
from dv_agent.designs.reader.structure import Structure
from dv_agent.designs.reader.syntax import ModuleText


class UnreadableError(Exception):
    """The error that the RTL cannot be read, with a message for people."""


def read(room: Path, request: Request) -> Structure:
    """Return the structure of the sources; pyslang is tried if pyverilog fails.

    Raises:
        UnreadableError: with the messages of the parsers.
    """
    front_end, modules = _modules(room, request)
    if request.top not in {one.name for one in modules}:
        raise UnreadableError(f"no module {request.top!r} among {', '.join(one.name for one in modules) or 'none'}")
    return Structure(top=request.top, front_end=front_end, modules=tuple(map(build_module, modules)))


def _modules(room: Path, request: Request) -> tuple[Literal["pyverilog", "pyslang"], list[ModuleText]]:
    try:
        return "pyverilog", parse_verilog(request, room)
    except Exception as error:  # pyverilog passes on any exception of its generated parser
        before = " ".join(str(error).split())[:500]
    try:
        return "pyslang", parse_system_verilog(request)
    except SourceError as error:
        raise UnreadableError(f"pyverilog: {before or 'gave up'}\npyslang: {error}") from None


def main() -> None:
    """Run ``child.py ROOM`` on the request in ``ROOM/request.json``."""
    room = Path(sys.argv[1])
    try:
        structure = read(room, Request.model_validate_json((room / "request.json").read_bytes()))
    except UnreadableError as error:
        sys.exit(str(error))
    (room / "structure.json").write_text(structure.model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    main()

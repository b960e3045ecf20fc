"""What the child process is asked that searches RTL for candidates, and its answer, as plain data."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from dv_agent.designs.frozen import Frozen
from dv_agent.designs.mutants.candidate import Candidate


class SearchRequest(Frozen):
    """The RTL of a design.

    Attributes:
        files: the name to show and the path of each file, in compile order.
        folders: folders of headers.
        plain: whether to read it as Verilog-2005.
        top: the module whose submodules are searched too.
        handshakes: ports of the top that are a valid or a ready.
    """

    files: tuple[tuple[str, Path], ...]
    folders: tuple[Path, ...] = ()
    defines: dict[str, str | None] = Field(default_factory=dict)
    plain: bool = False
    top: str
    handshakes: tuple[str, ...] = ()


class SearchAnswer(Frozen):
    """The candidates, or why there are none: a file that cannot be read, with the line."""

    candidates: tuple[Candidate, ...] = ()
    path: Path | None = None
    message: str = ""
    line: int | None = None

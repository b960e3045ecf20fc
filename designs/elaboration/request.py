"""What to elaborate: files, include folders, defines, parameters, and the module that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from dv_agent.designs.frozen import Frozen

Word = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*$", max_length=200)]


class Request(Frozen):
    """The sources of one elaboration; all paths are absolute, or relative to the folder of the caller.

    Attributes:
        sources: files in compile order.
        library: files that are read only for modules that nothing else defines (``-v`` of a file list).
        include_dirs: folders of headers.
        defines: name -> text; None for a macro without a text.
        parameters: name -> Verilog expression, for the top only.
        top: the module; empty: the one that no other module instantiates.
        language: ``verilog`` reads ``.v`` files with the keywords of Verilog-2005 at once.
    """

    sources: tuple[Path, ...] = Field(min_length=1)
    library: tuple[Path, ...] = ()
    include_dirs: tuple[Path, ...] = ()
    defines: dict[Word, str | None] = Field(default_factory=dict)
    parameters: dict[Word, str] = Field(default_factory=dict)
    top: str = ""
    language: str | None = None

"""A design.yaml for RTL of anybody: elaborated, recognised, written as text; nothing on disk is changed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dv_agent.agents.first_look.refusals import not_connectable, not_drivable, with_advice
from dv_agent.designs.design import Design
from dv_agent.designs.elaboration.elaborate import elaborate
from dv_agent.designs.elaboration.file_list import FileList, read_file_list
from dv_agent.designs.elaboration.interface import Interface
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.files.documents import Document
from dv_agent.designs.files.places import FILE
from dv_agent.designs.files.plain_words import plain_words
from dv_agent.designs.loader import DesignFolder, with_probes
from dv_agent.designs.recognition.design_text import as_data, design_text
from dv_agent.designs.recognition.guess import Pool
from dv_agent.designs.recognition.names import identifier
from dv_agent.designs.recognition.recognise import recognise
from dv_agent.errors import BuildError, UsageError

_TYPE = re.compile(r"^(logic|bit|reg|byte|shortint|int|longint|integer)\b|::")


@dataclass(frozen=True)
class Wish:
    """What the command line asks for; paths are relative to the present folder.

    Attributes:
        into: the folder of design.yaml; None: one with the name of the top.
    """

    sources: tuple[Path, ...] = ()
    top: str = ""
    include_dirs: tuple[Path, ...] = ()
    defines: dict[str, str | None] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    lists: tuple[Path, ...] = ()
    into: Path | None = None


@dataclass(frozen=True)
class Draft:
    """A design.yaml that is not written yet.

    Attributes:
        folder: where it belongs.
        more: keys beside the sources that a build has shown to be needed, such as ``language``.
        left_out: files that were given and that the top does not need.
    """

    folder: Path
    top: Interface
    pool: Pool
    files: dict[str, Any]
    more: dict[str, Any] = field(default_factory=dict)
    left_out: int = 0

    @property
    def name(self) -> str:
        """The name of the design: that of the top."""
        return identifier(self.top.top, "design")

    @property
    def plain(self) -> bool:
        """Whether all files are ``.v``, so that Verilog-2005 is tried first."""
        return not any(name.endswith(".sv") for name in self.files["sources"])

    @property
    def text(self) -> str:
        """The text of design.yaml."""
        return design_text(self.name, {**self.files, **self.more}, self.pool)

    def having(self, **more: Any) -> Draft:
        """Return the draft with more keys; a key that is None is removed."""
        merged = {**self.more, **more}
        return replace(self, more={key: value for key, value in merged.items() if value is not None})

    def design(self) -> DesignFolder:
        """Return the design that it describes, validated; its folder need not exist."""
        data = as_data(self.name, {**self.files, **self.more}, self.pool)
        document = Document(self.folder / FILE, self.text)
        assert document.data == data, "the text of design.yaml says something else than the guesses"
        document.data["folder"] = self.folder.resolve()
        return DesignFolder(with_probes(document.validate(Design)))


def make_draft(wish: Wish) -> Draft:
    """Elaborate the RTL and recognise its ports.

    Raises:
        UsageError: no file is named, or a port is of a kind that cannot be connected.
        InputFileError: a file list or a define cannot be read.
        BuildError: the RTL cannot be elaborated.
    """
    request = _request(wish)
    try:
        top = elaborate(request)
    except BuildError as refused:
        raise BuildError(with_advice(str(refused), request)) from None
    if words := not_connectable(top):
        raise UsageError(words)
    into = wish.into or Path(top.top)
    kept = [Path(name) for name in top.files]
    files = _files(request, top, into, kept)
    pool = recognise(top)
    if words := not_drivable(top, pool):
        raise UsageError(words)
    given = len(request.sources) + len(request.library)
    return Draft(into, top, pool, files, left_out=given - len(kept))


def _request(wish: Wish) -> Request:
    lists = [read_file_list(path) for path in wish.lists]
    joined = FileList(sources=list(wish.sources), include_dirs=list(wish.include_dirs))
    for one in lists:
        joined.sources += one.sources
        joined.library += one.library
        joined.include_dirs += one.include_dirs
        joined.defines |= one.defines
        joined.top = joined.top or one.top
    if not joined.sources:
        raise UsageError("no RTL is named; say `dv-agent init rtl/*.v --top NAME`, or -f with a file list")
    sources = _places(joined.sources)
    try:
        return Request(
            sources=sources,
            library=tuple(path for path in _places(joined.library) if path not in sources),
            include_dirs=_places(joined.include_dirs),
            defines={**joined.defines, **wish.defines}, parameters=wish.parameters, top=wish.top or joined.top,
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"] if part != "[key]")
        raise UsageError(f"{where}: {plain_words(first)}") from None


def _places(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return absolute paths, each once, without ``..``: design.yaml takes none, and ``root`` counts folders by it."""
    return tuple(dict.fromkeys(Path(os.path.abspath(path)) for path in paths))


def _files(request: Request, top: Interface, into: Path, kept: Sequence[Path]) -> dict[str, Any]:
    """Return the keys of design.yaml that say how the RTL is compiled."""
    home = Path(os.path.abspath(into))
    common = Path(os.path.commonpath([home, *kept, *request.include_dirs]))
    ups = len(home.relative_to(common).parts)
    data: dict[str, Any] = {"top": top.top}
    data |= {"root": "/".join([".."] * ups)} if ups else {}
    data["sources"] = [str(file.relative_to(common)) for file in kept]
    if request.include_dirs:
        data["include_dirs"] = [str(folder.relative_to(common)) for folder in request.include_dirs]
    if request.defines:
        data["defines"] = dict(request.defines)
    if request.parameters:
        data["parameters"] = {name: parameter_value(text) for name, text in request.parameters.items()}
    return data


def parameter_value(text: str) -> int | dict[str, str]:
    """Return the value of a parameter as design.yaml has it: a number, a text, or a type.

    Raises:
        UsageError: none of them.
    """
    plain = text.strip().replace("_", "") if re.fullmatch(r"[-\w' ]+", text.strip()) else text.strip()
    if re.fullmatch(r"-?[0-9]+", plain):
        return int(plain)
    if found := re.fullmatch(r"(\d*)'[sS]?([bodhBODH])([0-9a-fA-F]+)", plain):
        try:
            return int(found[3], {"b": 2, "o": 8, "d": 10, "h": 16}[found[2].lower()])
        except ValueError:
            pass
    if len(plain) >= 2 and plain[0] == plain[-1] == '"':
        return {"text": text.strip()[1:-1]}
    if _TYPE.search(text.strip()):
        return {"type": text.strip()}
    raise UsageError(
        f"-P ...={text}: a number (5, 8'hFF), a text in quotes ('\"abc\"'), or a type (logic [7:0], pkg::name_t)"
    )

"""Reading files with pyslang: one compilation, and its first complaints as words with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyslang
from pyslang import ast, parsing, syntax

from dv_agent.designs.elaboration.request import Request

_ENCRYPTED = ("`protected", "`pragma protect")
_VHDL = (".vhd", ".vhdl")
_LIBRARY = re.compile(rb"^[ \t]*(library[ \t]+\w+[ \t]*;\s*use[ \t]|entity[ \t]+\w+[ \t]+is\b)", re.I | re.M)
_QUOTED = re.compile(r"'(\w+)'$")
_KEYWORDS = '`begin_keywords "1364-2005"\n'
_STEPS = 2_000_000  # of constant functions; a file from elsewhere may loop


class RefusedError(ValueError):
    """The error that the files cannot be elaborated, with a message for people.

    Args:
        files: the files that cannot be read, if that is the reason.
    """

    def __init__(self, message: str, files: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.files = frozenset(files)


class Sources:
    """All files of a request as one pyslang compilation.

    Args:
        plain: whether the ``.v`` files are read with the keywords of Verilog-2005, in which ``bit`` is a name.

    Raises:
        RefusedError: a file is missing, empty, encrypted, VHDL or not text.
    """

    def __init__(self, request: Request, *, plain: bool) -> None:
        self.manager = pyslang.SourceManager()
        self.manager.setDisableProximatePaths(True)
        self._engine = pyslang.DiagnosticEngine(self.manager)
        self._files = [*request.sources, *request.library]
        self._plain = plain
        bag = pyslang.Bag()
        before = parsing.PreprocessorOptions()
        before.predefines = [name if text is None else f"{name}={text}" for name, text in request.defines.items()]
        before.additionalIncludePaths = [str(folder) for folder in request.include_dirs]
        before.maxIncludeDepth = 64
        bag.preprocessorOptions = before
        bag.compilationOptions = self._options(request)
        self._bag = bag
        self.compilation = ast.Compilation(bag)
        for tree in self._trees():
            self.compilation.addSyntaxTree(tree)

    def _options(self, request: Request) -> Any:
        options = ast.CompilationOptions()
        options.flags = ast.CompilationFlags.DisableInstanceCaching | ast.CompilationFlags.AllowTopLevelIfacePorts
        options.flags |= ast.CompilationFlags.RelaxEnumConversions | ast.CompilationFlags.AllowUseBeforeDeclare
        options.maxConstexprSteps = _STEPS
        options.errorLimit = 64
        if request.top:
            options.topModules = {request.top}
            options.paramOverrides = [f"{name}={text}" for name, text in request.parameters.items()]
        return options

    def _trees(self) -> Iterator[Any]:
        """Yield one tree for all files; macros of a file hold in the next ones, as with the simulators."""
        buffers = [self._buffer(file) for file in self._files]
        first = [self.manager.assignText("<keywords>", _KEYWORDS)] if self._plain else []
        yield syntax.SyntaxTree.fromBuffers([*first, *buffers], self.manager, self._bag)

    def _buffer(self, file: Path) -> Any:
        if file.suffix.lower() in _VHDL:
            raise RefusedError(f"{file}:1: VHDL is not read; dv-agent verifies Verilog and SystemVerilog", [str(file)])
        data = text_of(file)
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            # Comments in another encoding; the elaborator would lose the letters behind such a byte.
            plain = data.decode("ascii", "replace").replace("\ufffd", "?")
            return self.manager.assignText(str(file), plain)
        return self.manager.readSource(str(file))

    def where(self, location: Any) -> str:
        """Return ``file:line`` of a location; empty if it has none."""
        place = self.manager.getFullyOriginalLoc(location)
        if not self.manager.isFileLoc(place):
            return ""
        return f"{self.manager.getFileName(place)}:{self.manager.getLineNumber(place)}"

    def errors(self, diagnostics: Iterable[Any]) -> list[tuple[str, str]]:
        """Return (code, ``file:line: message``) of each error, in order."""
        return [(str(one.code), self.words(one)) for one in diagnostics if one.isError()]

    def defined_twice(self) -> Iterator[tuple[str, str, str]]:
        """Yield (module, the later file that defines it, words on it) for each module that two files define."""
        for one in self.compilation.getAllDiagnostics():
            name = _QUOTED.search(words := self.words(one)) if "DuplicateDefinition" in str(one.code) else None
            if name is not None:
                yield name[1], self.where(one.location).rpartition(":")[0], words

    def words(self, diagnostic: Any) -> str:
        """Return ``file:line: message``."""
        where = self.where(diagnostic.location)
        return f"{where + ': ' if where else ''}{self._engine.formatMessage(diagnostic)}"


def text_of(file: Path) -> bytes:
    """Return the content of a file.

    Raises:
        RefusedError: it is missing, empty, encrypted, binary, or VHDL.
    """
    if not file.is_file():
        raise RefusedError(f"{file}: {'a folder, not a file' if file.is_dir() else 'no such file'}")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise RefusedError(f"{file}: {error.strerror or error}") from None
    if not data.strip():
        raise RefusedError(f"{file}:1: the file is empty; name the file that holds the module", [str(file)])
    place = data.find(b"\0")
    if place >= 0:
        line = data.count(b"\n", 0, place) + 1
        raise RefusedError(
            f"{file}:{line}: a binary file, not Verilog text (a NUL byte at offset {place})", [str(file)]
        )
    if found := _LIBRARY.search(data):
        line = data.count(b"\n", 0, found.start()) + 1
        raise RefusedError(
            f"{file}:{line}: this looks like VHDL, which is not read; dv-agent verifies Verilog and SystemVerilog",
            [str(file)],
        )
    for number, line_text in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if line_text.lstrip().startswith(_ENCRYPTED):
            raise RefusedError(
                f"{file}:{number}: encrypted ({line_text.strip()[:40]}); no open simulator reads it: use the vendor's "
                "plain simulation model, or write a stand-in for this module", [str(file)],
            )  # fmt: skip
    return data

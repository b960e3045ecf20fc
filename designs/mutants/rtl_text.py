"""RTL files with their syntax tree, and the exact place of every node in the text.

A file is read as Latin-1, so that positions are bytes and no byte is lost. The parser sees ``?`` for what is not ASCII,
which can stand in comments and strings only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dv_agent.errors import InputFileError, PrerequisiteError

VERILOG = '`begin_keywords "1364-2005"\n'
INSTALL_PYSLANG = 'pip install "dv-agent[sv]"'


class RtlText:
    """A file of the tree.

    Args:
        source: the name that is shown.
        text: the content, decoded as Latin-1.
        manager: pyslang's source manager.
        buffer: pyslang's id of this file.
    """

    def __init__(self, source: str, text: str, manager: Any, buffer: Any) -> None:
        self.source, self.text = source, text
        self._manager, self._buffer = manager, buffer
        self.tree: Any = None  # keeps the memory of the nodes
        self._starts = [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n")]

    def holds(self, node: Any) -> bool:
        """Return whether a node begins in this file."""
        token = node.getFirstToken()
        return bool(token and self._manager.getFullyExpandedLoc(token.location).buffer == self._buffer)

    def line(self, place: int) -> int:
        """Return the line of a position, from 1."""
        return bisect_right(self._starts, place)

    def span(self, node: Any) -> tuple[int, int] | None:
        """Return the range of a node or token; None if a macro or another file takes part in it."""
        if node is None:
            return None
        every = [node] if is_token(node) else [token for token in tokens(node) if not token.isMissing]
        if not every or not all(token.location.buffer == self._buffer for token in every):
            return None
        start, end = every[0].range.start.offset, every[-1].range.end.offset
        return (start, end) if start < end else None

    def of(self, node: Any) -> str:
        """Return the text of a node; empty if it has no range of its own."""
        span = self.span(node)
        return self.text[span[0] : span[1]] if span else ""


def read_modules(
    files: Sequence[tuple[str, Path]], include: Sequence[Path] = (), defines: Mapping[str, str | None] | None = None,
    *, plain: bool = False,
) -> list[tuple[RtlText, Any]]:  # fmt: skip
    """Parse files together, as a simulator does, and return every module with its file.

    Args:
        plain: read them as Verilog-2005, in which the keywords of SystemVerilog are ordinary names, and as
            SystemVerilog only if that fails.
        files: the name to show, and the path, in compile order.
        include: folders of headers, besides those of the files.
        defines: macros, with their texts.

    Raises:
        PrerequisiteError: pyslang is not installed.
        InputFileError: a file cannot be read, or is not valid Verilog or SystemVerilog.
    """
    folders = tuple(dict.fromkeys([*(path.parent for _, path in files), *include]))
    if plain:
        try:
            return _modules(files, folders, defines or {}, VERILOG)
        except InputFileError as error:
            try:
                return _modules(files, folders, defines or {}, "")
            except InputFileError:
                raise error from None
    return _modules(files, folders, defines or {}, "")


def _modules(
    files: Sequence[tuple[str, Path]], folders: Sequence[Path], defines: Mapping[str, str | None], before: str
) -> list[tuple[RtlText, Any]]:
    slang = _pyslang()
    manager = slang.SourceManager()
    for folder in folders:
        manager.addUserDirectories(str(folder))
    texts, buffers = [], [manager.assignText("<before>", before)]
    for source, path in files:
        text = _read(path)
        buffers.append(manager.assignText(str(path), _plain(text)))
        texts.append(RtlText(source, text, manager, buffers[-1].id))
    tree = slang.syntax.SyntaxTree.fromBuffers(buffers, manager, _options(slang, defines))
    for error in tree.diagnostics:
        if error.isError():
            place = manager.getFullyExpandedLoc(error.location)
            path = Path(manager.getFullPath(place.buffer))
            code = str(error.code).removeprefix("DiagCode(").removesuffix(")")
            raise InputFileError(path, f"pyslang cannot read it: {code}", manager.getLineNumber(place))
    for one in texts:
        one.tree = tree
    root = tree.root
    members = root.members if kind_name(root) == "CompilationUnit" else [root]
    modules = [one for one in members if kind_name(one) == "ModuleDeclaration"]
    return [(text, one) for one in modules for text in texts if text.holds(one)]


def _pyslang() -> Any:
    try:
        import pyslang  # noqa: PLC0415  # optional, and slow to import
        import pyslang.parsing  # noqa: PLC0415
        import pyslang.syntax  # noqa: PLC0415
    except ImportError:
        raise PrerequisiteError("pyslang, which reads the RTL for mutants, is not installed", INSTALL_PYSLANG) from None
    return pyslang


def _options(slang: Any, defines: Mapping[str, str | None]) -> Any:
    options = slang.parsing.PreprocessorOptions()
    options.predefines = [name if text is None else f"{name}={text}" for name, text in defines.items()]
    bag = slang.Bag()
    bag.preprocessorOptions = options
    return bag


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("latin-1")
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror}") from None


def _plain(text: str) -> str:
    return text if text.isascii() else "".join(letter if letter.isascii() else "?" for letter in text)


def is_token(node: Any) -> bool:
    """Return whether a part of the tree is a token."""
    return hasattr(node, "valueText")


def children(node: Any) -> Iterator[Any]:
    """Yield the nodes directly below a node; tokens are left out."""
    return (one for one in node if one is not None and hasattr(one, "kind") and not is_token(one))


def tokens(node: Any) -> Iterator[Any]:
    """Yield all tokens of a node, in order."""
    for one in node:
        if one is not None:
            if is_token(one):
                yield one
            else:
                yield from tokens(one)


def kind_name(node: Any) -> str:
    """Return the kind of a node, such as ``AddExpression``."""
    return str(node.kind).rpartition(".")[2]


def inner(node: Any) -> Any:
    """Return the expression inside parentheses and other nodes that only wrap one."""
    while kind_name(node) in _WRAPPERS and len(found := list(children(node))) == 1:
        node = found[0]
    return node


_WRAPPERS = {
    "ConditionalPredicate", "ConditionalPattern", "ParenthesizedExpression", "SimplePropertyExpr", "SimpleSequenceExpr",
}  # fmt: skip

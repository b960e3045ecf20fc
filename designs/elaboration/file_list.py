"""File lists (``-f files.f``) as simulators read them: files, include folders, defines, libraries, nested lists."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dv_agent.designs.files.documents import read_text
from dv_agent.errors import InputFileError

_DEEPEST = 20
_MOST_FILES = 20_000
_COMMENT = re.compile(r"/\*.*?\*/|(?:(?<=\s)|^)//[^\n]*|(?:(?<=\s)|^)#[^\n]*", re.S | re.M)
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$\((\w+)\)|\$(\w+)")
# Options of simulators that change nothing of what the RTL means here, by how many words follow them.
_IGNORED = {"-sv": 0, "-sverilog": 0, "-q": 0, "-quiet": 0, "-64": 0, "-full64": 0, "-timescale": 1, "-work": 1,
            "+v2k": 0, "-u": 0, "-lint": 0, "-debug_all": 0, "-kdb": 0, "-assert": 1, "-Wall": 0}  # fmt: skip


@dataclass
class FileList:
    """What file lists name, in order.

    Attributes:
        sources: files in compile order.
        library: files that are read for missing modules only (``-v``, and the files of ``-y`` folders).
        defines: name -> text; None without a text.
        top: of ``-top``, empty without.
        ignored: options that mean nothing here.
    """

    sources: list[Path] = field(default_factory=list)
    library: list[Path] = field(default_factory=list)
    include_dirs: list[Path] = field(default_factory=list)
    defines: dict[str, str | None] = field(default_factory=dict)
    top: str = ""
    ignored: list[str] = field(default_factory=list)


def read_file_list(path: Path) -> FileList:
    """Read a file list, and those that it names.

    ``-f`` names a list whose paths are relative to the folder of the caller, ``-F`` one whose paths are relative to the
    list itself. Files of the first are also looked for beside the list, because many lists are written so.

    Raises:
        InputFileError: with file and line: a list or file is missing, lists name each other, an option is not known.
    """
    result = FileList()
    _read(path, result, (), beside=False)
    return result


def _read(path: Path, result: FileList, above: tuple[Path, ...], *, beside: bool) -> None:
    here = path.resolve()
    if here in above or len(above) >= _DEEPEST:
        raise InputFileError(path, f"file lists name each other: {' -> '.join(one.name for one in (*above, here))}")
    if here.is_dir():
        raise InputFileError(path, "a folder, not a file list")
    words = list(_words(read_text(path)))
    reader = _Reader(path, result, (*above, here), beside)
    place = 0
    while place < len(words):
        place += reader.take(words, place)
        if len(result.sources) > _MOST_FILES:
            raise InputFileError(path, f"more than {_MOST_FILES} files")


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, word); comments are left out; a backslash at the end of a line means nothing."""
    plain = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    for number, line in enumerate(plain.splitlines(), 1):
        for word in line.split():
            if word != "\\":
                yield number, word.strip("\"'")


@dataclass
class _Reader:
    """Takes the words of one list."""

    path: Path
    result: FileList
    above: tuple[Path, ...]
    beside: bool

    def take(self, words: list[tuple[int, str]], place: int) -> int:
        """Take the word at `place`; return how many words were used."""
        line, word = words[place]
        following = words[place + 1][1] if place + 1 < len(words) else None
        if word.startswith("+"):
            return self._plus(line, word)
        if not word.startswith("-"):
            self.result.sources.append(self._file(line, word))
            return 1
        for option in ("-I", "-D"):
            if word.startswith(option):
                text = word[2:] or following
                if text is None:
                    raise InputFileError(self.path, f"nothing follows {word}", line)
                self._folder(line, text) if option == "-I" else self._define(text)
                return 1 if word[2:] else 2
        if word in ("-f", "-F", "-v", "-y", "-top", "--top", "--top-module"):
            if following is None:
                raise InputFileError(self.path, f"nothing follows {word}", line)
            self._pair(line, word, following)
            return 2
        if word in _IGNORED:
            self.result.ignored.append(word)
            return 1 + _IGNORED[word]
        if word.startswith(("-W", "-g20", "-std", "--std")):
            self.result.ignored.append(word)
            return 1
        raise InputFileError(self.path, f"option {word!r} is not known; files, -f, -F, -I, -D, -v, -y, +incdir+, "
                             "+define+, +libext+ and -top are", line)  # fmt: skip

    def _plus(self, line: int, word: str) -> int:
        kind, _, rest = word[1:].partition("+")
        if kind == "incdir":
            for one in filter(None, rest.split("+")):
                self._folder(line, one)
        elif kind == "define":
            for one in filter(None, rest.split("+")):
                self._define(one)
        else:
            self.result.ignored.append(word)
        return 1

    def _pair(self, line: int, word: str, text: str) -> None:
        if word in ("-f", "-F"):
            _read(self._file(line, text), self.result, self.above, beside=word == "-F")
        elif word == "-v":
            self.result.library.append(self._file(line, text))
        elif word == "-y":
            folder = self._place(text)
            if not folder.is_dir():
                raise InputFileError(self.path, f"no folder {text!r}", line)
            self.result.library += sorted(one for one in folder.iterdir() if one.suffix in (".v", ".sv"))
        else:
            self.result.top = text

    def _define(self, text: str) -> None:
        name, equals, value = text.partition("=")
        self.result.defines[name] = value if equals else None

    def _folder(self, line: int, text: str) -> None:
        folder = self._place(text)
        if not folder.is_dir():
            raise InputFileError(self.path, f"no include folder {text!r}", line)
        self.result.include_dirs.append(folder)

    def _file(self, line: int, text: str) -> Path:
        file = self._place(text)
        if not file.is_file():
            raise InputFileError(self.path, f"no file {text!r}, neither from here nor beside the list", line)
        return file

    def _place(self, text: str) -> Path:
        named = _VARIABLE.sub(lambda found: os.environ.get(found[1] or found[2] or found[3], found[0]), text)
        places = [Path(named), self.path.parent / named]
        if self.beside:
            places.reverse()
        return next((one for one in places if one.exists()), places[0])

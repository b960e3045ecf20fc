"""Which files a design's RTL consists of and how they are compiled: the keys of design.yaml that decide a build."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from dv_agent.designs.frozen import Frozen, Identifier

PRIMITIVES = Path(__file__).resolve().parent / "primitives"
_INCLUDE = re.compile(r'^[^\S\n]*`include[^\S\n]+["<]([^">\n]{1,400})[">]', re.M)
_HEADERS = ("*.vh", "*.svh")
_MOST_HEADERS = 5_000
_TEXT = r'^[^"\\\x00-\x1f\x7f]*$'
_TYPE = (
    r"^((logic|bit|reg)( signed| unsigned)?( ?\[\d{1,5}:\d{1,5}\]){0,4}"
    r"|(byte|shortint|int|longint|integer)( signed| unsigned)?"
    r"|[A-Za-z_][A-Za-z0-9_$]*(::[A-Za-z_][A-Za-z0-9_$]*)?)$"
)
_DEFINE = r"^[^\x00-\x1f\x7f`]*$"


class TextParameter(Frozen):
    """The value of a parameter that is a string."""

    text: str = Field(pattern=_TEXT, max_length=400)


class TypeParameter(Frozen):
    """The value of a parameter that is a type: a vector, an integer type, or a name of a package."""

    type: str = Field(pattern=_TYPE, max_length=200)


def _quoted(value: object) -> object:
    """Read ``'"text"'`` as a string; any other value is left to validation."""
    if isinstance(value, str) and len(value) >= 2 and value[0] == value[-1] == '"':
        return {"text": value[1:-1]}
    return value


ParameterValue = Annotated[int | TextParameter | TypeParameter, BeforeValidator(_quoted)]
DefineName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*$", max_length=200)]
DefineText = Annotated[str, Field(pattern=_DEFINE, max_length=400)]


class RtlFiles(Frozen):
    """The RTL of a design. `sources` and `include_dirs` are relative to `base`."""

    top: Identifier
    root: str = Field(default=".", pattern=r"^(\.|\.\.(/\.\.){0,15})$", description="made of `..` only")
    shared: tuple[str, ...] = Field(default=(), description="files of `PRIMITIVES`, compiled before the sources")
    sources: tuple[str, ...] = Field(min_length=1)
    include_dirs: tuple[str, ...] = ()
    defines: dict[DefineName, DefineText | None] = Field(default_factory=dict)
    language: Literal["verilog", "systemverilog"] | None = None
    parameters: dict[Identifier, ParameterValue] = Field(default_factory=dict)
    assumptions: Literal["checked", "ignored"] = Field(
        default="checked", description="whether a test that breaks an `assume` of the RTL ends there"
    )
    simulators: tuple[Identifier, ...] = Field(default=(), description="those that can build it; none named: any")
    folder: Path = Field(exclude=True)

    @field_validator("sources", "include_dirs")
    @classmethod
    def _files_stand_in_the_folder(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if Path(name).is_absolute() or ".." in Path(name).parts or not name.isprintable():
                raise ValueError(
                    f"{name!r}: a file of the design's folder is expected, by its relative path; for files that stand "
                    "higher up write `root: ..` (or ../.., ...), from which all paths then start"
                )
        return names

    @property
    def base(self) -> Path:
        """The folder that sources and include folders are relative to."""
        return self.folder if self.root == "." else (self.folder / self.root).resolve()

    @property
    def plain_verilog(self) -> bool:
        """Whether it is compiled as Verilog-2005, in which the keywords of SystemVerilog are ordinary names."""
        if self.language is None:
            return not any(source.endswith(".sv") for source in self.sources)
        return self.language == "verilog"

    def compiled_names(self) -> tuple[str, ...]:
        """Return the RTL files in compile order: shared ones as absolute paths, own ones relative to `base`."""
        return (*(str(PRIMITIVES / name) for name in self.shared), *self.sources)

    def source_files(self) -> tuple[Path, ...]:
        """Return the paths of the RTL files, in compile order."""
        base = self.base
        return tuple(base / name for name in self.compiled_names())

    def compile_options(self, names: Sequence[str] = (), *, absolute: bool = False) -> list[str]:
        """Return the options for include folders and defines, as simulators read them.

        Args:
            names: the names that the sources have on the command line, if other than `compiled_names`.
            absolute: whether folders are given by their whole paths.
        """
        beside = sorted({str(Path(name).parent) for name in names or self.compiled_names()})
        folders = [
            str((self.base / name).absolute()) if absolute else f"./{name}" if name.startswith("-") else name
            for name in self.include_dirs
        ]
        defines = (f"-D{name}" if text is None else f"-D{name}={text}" for name, text in self.defines.items())
        return [*(f"-I{one}" for one in dict.fromkeys((*folders, *beside))), *defines]

    def header_files(self) -> tuple[Path, ...]:
        """Return the headers that a build may read, sorted: those beside the sources, and whatever files include."""
        sources, base = self.source_files(), self.base
        folders = [base / name for name in self.include_dirs]
        rooms = dict.fromkeys(source.parent for source in sources)
        beside = {header for room in rooms for pattern in _HEADERS for header in room.glob(pattern)}
        return tuple(sorted(beside | included_files([*sources, *beside], folders) - set(sources)))


def included_files(files: list[Path], folders: list[Path]) -> set[Path]:
    """Return the files that ``files`` include, directly or not; those that are not found are left out."""
    found: set[Path] = set()
    waiting, seen = list(files), set(files)
    while waiting and len(found) < _MOST_HEADERS:
        file = waiting.pop()
        for name in _INCLUDE.findall(_text(file)):
            place = next((one / name for one in (file.parent, *folders) if (one / name).is_file()), None)
            if place is not None and place not in seen:
                seen.add(place)
                found.add(place)
                waiting.append(place)
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def parameter_texts(parameters: Mapping[str, int | TextParameter | TypeParameter]) -> Iterator[tuple[str, str]]:
    """Yield (name, Verilog text of the value) of each parameter."""
    for name, value in parameters.items():
        if isinstance(value, TextParameter):
            yield name, f'"{value.text}"'
        else:
            yield name, value.type if isinstance(value, TypeParameter) else str(value)

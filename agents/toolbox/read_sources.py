"""The tools that read the specification by section, and the RTL by module or lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dv_agent.agents.toolbox.arguments import ReadRtl, ReadSpecification
from dv_agent.agents.toolbox.text import ToolError, fenced_data, unknown_name
from dv_agent.designs.reader.structure import Module, Structure
from dv_agent.designs.text.wording import counted

Files = Sequence[tuple[str, str]]
_MARGIN = 400  # characters of a result besides the requested text


@dataclass(frozen=True, slots=True)
class SpecSection:
    """Section of the specification: a heading and all text up to the next heading of the same level."""

    title: str
    level: int
    text: str

    @property
    def number(self) -> str:
        """The section number, ``3.2`` in ``3.2 Sum of a row``; empty if the title begins with a word."""
        first = self.title.split(" ", 1)[0].rstrip(".")
        return first if first[:1].isdigit() else ""


def spec_sections(specification: str) -> tuple[SpecSection, ...]:
    """Return all sections, with subsections inside sections; lines in code blocks are not headings."""
    lines = specification.splitlines(keepends=True)
    heads = list(_headings(lines))
    found = []
    for place, (line, level, title) in enumerate(heads):
        end = next((other for other, deep, _ in heads[place + 1 :] if deep <= level), len(lines))
        found.append(SpecSection(title, level, "".join(lines[line:end])))
    return tuple(found)


def _headings(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    code = False
    for place, line in enumerate(lines):
        if line.startswith("```"):
            code = not code
        level = len(line) - len(line.lstrip("#"))
        if not code and 1 <= level <= 4 and line[level : level + 1] == " ":
            yield place, level, line[level:].strip()


def contents(specification: str) -> str:
    """Return the table of contents."""
    return "\n".join(f"{'  ' * (one.level - 1)}{one.title}" for one in spec_sections(specification))


def read_specification(specification: str, asked: ReadSpecification, room: int) -> str:
    """Return one section, from character `asked.first` on.

    Raises:
        ToolError: the section or the character does not exist.
    """
    if not specification:
        raise ToolError("there is no specification of this design: read_rtl tells what it does")
    if not asked.section.strip():
        if asked.first:
            raise ToolError("first: it is a character of a section; name that too")
        return fenced_data("table of contents", contents(specification), room - _MARGIN)
    section = _section(spec_sections(specification), asked.section.strip())
    if asked.first and asked.first >= len(section.text):
        raise ToolError(f"first: {section.title!r} has {len(section.text)} characters only")
    end = min(asked.first + room - _MARGIN, len(section.text))
    shown = fenced_data(f"specification, {section.title}", section.text[asked.first : end], room)
    more = f"\nread on with first={end} ({len(section.text) - end} more characters)" if end < len(section.text) else ""
    return shown + more


def _section(sections: Sequence[SpecSection], wanted: str) -> SpecSection:
    word = wanted.lower().removeprefix("section ").lstrip("#").strip().rstrip(".")
    for one in sections:
        if word in (one.number, one.title.lower()):
            return one
    found = [one for one in sections if word in one.title.lower()]
    if len(found) == 1:
        return found[0]
    titles = [one.title for one in found or sections]
    raise unknown_name("section", wanted, [*titles, *(one.number for one in sections if one.number and not found)])


def read_rtl(files: Files, structure: Structure | None, asked: ReadRtl, room: int) -> str:
    """Return the lines of a module or file, with the line numbers of the file.

    Raises:
        ToolError: the name or the lines do not exist.
    """
    modules = structure.modules if structure else ()
    if not asked.name.strip():
        return fenced_data("modules", "\n".join(_overview(files, structure)), room - _MARGIN)
    file, first, last = _place(files, modules, asked.name.strip())
    lines = dict(files)[file].splitlines()
    begin, end = asked.first_line or first, min(asked.last_line or last, len(lines))
    if begin > end:
        raise ToolError(f"{file} has lines 1 to {len(lines)}, and {begin} to {end} are none of them")
    taken, size = list[str](), 0
    for number in range(max(begin, 1), end + 1):
        line = f"{number:5}  {lines[number - 1][:300]}"
        size += len(line) + 1
        if size > room - _MARGIN and taken:
            break
        taken.append(line)
    stopped = max(begin, 1) + len(taken) - 1
    more = f"\nread on with first_line={stopped + 1} (lines to {end})" if stopped < end else ""
    return fenced_data(f"{file}, lines {max(begin, 1)} to {stopped}", "\n".join(taken), room) + more


def _place(files: Files, modules: Sequence[Module], name: str) -> tuple[str, int, int]:
    """Return (file, first line, last line) of a module, or of a whole file."""
    texts = dict(files)
    for one in modules:
        if one.name == name and one.file in texts:
            return one.file, one.line, module_end(texts[one.file], one.line)
    file = name if name in texts else f"{name}.v"
    if file in texts:
        return file, 1, len(texts[file].splitlines())
    raise unknown_name("module or file", name, [*(one.name for one in modules), *texts])


def module_end(text: str, line: int) -> int:
    """Return the line of the first ``endmodule`` after `line`."""
    lines = text.splitlines()
    following = range(line, len(lines) + 1)
    return next((number for number in following if lines[number - 1].strip().startswith("endmodule")), len(lines))


def _overview(files: Files, structure: Structure | None) -> Iterator[str]:
    texts = dict(files)
    if structure is None:
        yield "the reader does not understand this RTL; read it by file:"
        yield from (f"  {name}, {counted(len(text.splitlines()), 'line')}" for name, text in files)
        return
    yield f"top module: {structure.top}"
    for one in structure.modules:
        end = module_end(texts[one.file], one.line) if one.file in texts else one.line
        yield f"{one.name} ({one.file}, lines {one.line} to {end})"
        for direction in ("input", "output", "inout"):
            ports = [f"{port.name}{port.width}" for port in one.ports if port.direction == direction]
            if ports:
                yield f"  {direction}: {', '.join(ports)}"
        if one.instances:
            yield f"  instances: {', '.join(f'{inner.name}: {inner.module}' for inner in one.instances)}"

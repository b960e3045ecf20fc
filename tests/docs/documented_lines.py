"""Command lines as they stand in README, docs, and the help of the commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dv_agent.cli.command_reference import command_pages
from dv_agent.cli.main import commands

ROOT = Path(__file__).parents[2]
PROGRAMS = ("dv-agent", "make", "python", "pip", "pipx", "pytest", "mkdocs", "docker", "apt-get", "mkdir", "cd")
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.S | re.M)
_SPAN = re.compile(r"`((?:DV_AGENT_\w+=\S+ )?dv-agent [^`\n]+)`")
_IN_YAML = re.compile(r"^(?:- )?(?:run|entry): (.+)$")
_LANGUAGES = ("", "sh", "yaml")


@dataclass(frozen=True)
class Line:
    """A command line, without its comment, and the page on which it stands."""

    page: str
    text: str

    @property
    def parts(self) -> list[list[str]]:
        """The words of each of its programs; redirections are left out."""
        lexer = shlex.shlex(self.text, posix=True, punctuation_chars="|&<>;")
        lexer.whitespace_split = True
        found: list[list[str]] = [[]]
        skip = False
        for word in lexer:
            if set(word) <= set("<>"):
                skip = True
            elif set(word) <= set("|&;"):
                found.append([])
            elif skip:
                skip = False
            else:
                found[-1].append(word)
        return [_without_settings(part) for part in found]


def _without_settings(words: list[str]) -> list[str]:
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return words


def pages() -> list[Path]:
    """README and all pages of docs."""
    return [
        ROOT / "README.md",
        ROOT / "coverage/README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def documented_lines() -> list[Line]:
    """Every command line in a block of a page."""
    return [Line(page.relative_to(ROOT).as_posix(), text) for page in pages() for text in lines_of(page.read_text())]


def lines_of(markdown: str) -> Iterator[str]:
    """The command lines of a page's blocks."""
    for language, block in _FENCE.findall(markdown):
        if language not in _LANGUAGES:
            continue
        for line in block.replace("\\\n", " ").splitlines():
            text = line.strip()
            if language == "yaml":
                text = found[1] if (found := _IN_YAML.match(text)) else ""
            text = re.split(r"\s+# |\s+#$", text.removeprefix("$ "))[0].strip()
            first = next(iter(_without_settings(text.split())), "")
            if first in PROGRAMS:
                yield text


def spans() -> list[Line]:
    """Every `dv-agent ...` within the prose of a page."""
    found = []
    for page in pages():
        prose = _FENCE.sub("", page.read_text())
        found += [Line(page.relative_to(ROOT).as_posix(), text) for text in _SPAN.findall(prose)]
    return found


def examples() -> list[Line]:
    """Every command line in the help of a command."""
    return [
        Line(f"{page.name} --help", line.strip())
        for page in command_pages(commands())
        for part in page.details
        for line in part.splitlines()
        if line.startswith(" ")
    ]

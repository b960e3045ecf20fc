"""Reading what the RTL itself reports out of a simulator's output: ``$error``, ``$fatal``, assertions, ``unique case``.

The output is data: whatever is not exactly of a simulator's form, or names no file of the design, is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path, PurePosixPath

from dv_agent.designs.design import Design
from dv_agent.designs.trace import RtlMessage

MOST_MESSAGES, MOST_TEXT, MOST_CYCLES = 50, 300, 200
_VERILATOR = re.compile(r"\[[^\]\n]{1,40}\] %(Error|Fatal): ([^:\n]+):(\d+): (?:Assertion failed in ([^:\n]*): )?(.*)")
_ICARUS = re.compile(r"(ERROR|FATAL): ([^:\n]+):(\d+): (.*)")
_SCOPE = re.compile(r"\s+Time: .* Scope: (\S+)")
_BELOW = 4  # lines below a message of Icarus in which its scope stands
_PLAIN = re.compile(r"[^\x20-\x7e]+")


class RtlMessages:
    """Reads the messages of one design.

    Args:
        design: its files are those that a message may name.
        top: the wrapper, which stands before every scope.
    """

    def __init__(self, design: Design, top: str) -> None:
        self._top = top
        names = [*design.sources, *(str(file) for file in design.header_files())]
        self._files = {PurePosixPath(name).name: _short(name) for name in reversed(names)}
        self._files |= {Path(name).name: _short(name) for name in design.compiled_names()}

    def read(
        self, printed: str, marks: Sequence[tuple[int, int]] = (), last: int | None = None
    ) -> tuple[RtlMessage, ...]:
        """Return the messages in `printed`, each once, with the number of its reports.

        Args:
            marks: (cycle, bytes printed up to the end of that cycle), ascending.
            last: the cycle of what was printed behind the last mark; None if nobody knows.
        """
        found: dict[tuple[str, int, str], RtlMessage] = {}
        for place, message in self._messages(printed):
            cycle = next((cycle for cycle, size in marks if place < size), last)
            key = message.file, message.line, message.scope
            known = found.get(key, message if len(found) < MOST_MESSAGES else None)
            if known is not None:
                cycles = (*known.cycles, *(() if cycle is None else (cycle,)))[:MOST_CYCLES]
                found[key] = replace(known, cycles=cycles, count=known.count + 1)
        return tuple(found.values())

    def _messages(self, printed: str) -> Iterator[tuple[int, RtlMessage]]:
        """Yield each message with the number of bytes before it."""
        lines, place = printed.split("\n"), 0
        for number, line in enumerate(lines):
            if match := _VERILATOR.fullmatch(line):
                kind, file, row, scope, text = match.groups()
                yield from self._known(place, kind == "Fatal", file, row, scope or "", text)
            elif (match := _ICARUS.fullmatch(line)) and (scope := _scope_below(lines, number)):
                kind, file, row, text = match.groups()
                yield from self._known(place, kind == "FATAL", file, row, scope, text)
            place += len(line.encode(errors="replace")) + 1

    def _known(
        self, place: int, fatal: bool, file: str, row: str, scope: str, text: str
    ) -> Iterator[tuple[int, RtlMessage]]:
        name = self._files.get(PurePosixPath(file).name)
        if name is not None and len(row) < 9:
            where = _plain(scope).removeprefix(f"{self._top}.")
            yield place, RtlMessage(fatal, name, int(row), where, _plain(text), (), 0)


def _scope_below(lines: Sequence[str], number: int) -> str:
    """Return the scope of the message in line `number`, which stands before the next message; empty if none does."""
    below = lines[number + 1 : number + 1 + _BELOW]
    for line in takewhile(lambda one: not _ICARUS.fullmatch(one), below):
        if match := _SCOPE.fullmatch(line):
            return match[1]
    return ""


def in_an_initial_block(text: str, line: int) -> bool:
    """Return whether `line` of a source stands in an ``initial`` block, judged by the keyword before it."""
    before = "\n".join(text.splitlines()[:line])
    found = re.findall(r"\b(initial|final|always\w*|assert\s+property|assign|module|generate|endmodule)\b", before)
    return bool(found) and found[-1] == "initial"


def startup_faults(messages: Sequence[RtlMessage], texts: Mapping[str, str]) -> tuple[RtlMessage, ...]:
    """Return the messages from before the first cycle that ``initial`` blocks gave: they are about parameters.

    Args:
        texts: file -> its text.
    """
    return tuple(one for one in messages if in_an_initial_block(texts.get(one.file, ""), one.line))


def _short(name: str) -> str:
    return name if not name.startswith("/") else "/".join(Path(name).parts[-2:])


def _plain(text: str) -> str:
    words = _PLAIN.sub(" ", text).strip()
    return words if len(words) <= MOST_TEXT else f"{words[:MOST_TEXT]} ..."

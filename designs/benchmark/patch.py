"""Applying unified diffs, strictly: every context line must match where the diff says."""

from __future__ import annotations

import re
from pathlib import Path

from dv_agent.designs.files import read_text
from dv_agent.errors import InputFileError

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def apply_patch(patch: Path, folder: Path) -> tuple[Path, ...]:
    """Apply `patch` to the files under `folder` (paths as with ``patch -p1``); returns the files changed.

    Raises:
        InputFileError: not a unified diff, a path outside `folder`, or a line that does not match.
    """
    lines = read_text(patch).split("\n")
    changed: list[Path] = []
    index = 0
    while index < len(lines):
        if not lines[index].startswith("--- "):
            index += 1
            continue
        if index + 1 >= len(lines) or not lines[index + 1].startswith("+++ "):
            raise InputFileError(patch, "a `---` line must be followed by a `+++` line", index + 1)
        target = _target(patch, lines[index + 1], folder, index + 2)
        index = _apply_hunks(patch, lines, index + 2, target)
        changed.append(target)
    if not changed:
        raise InputFileError(patch, "holds no change; expected a unified diff")
    return tuple(changed)


def _target(patch: Path, line: str, folder: Path, number: int) -> Path:
    name = line[4:].split("\t", maxsplit=1)[0].strip()
    target = (folder / Path(*Path(name).parts[1:])).resolve()
    if not target.is_relative_to(folder.resolve()) or not target.is_file():
        raise InputFileError(patch, f"no file {name!r} to change", number)
    return target


def _apply_hunks(patch: Path, lines: list[str], index: int, target: Path) -> int:
    old, new = target.read_text(encoding="utf-8").split("\n"), list[str]()
    place = 0
    while index < len(lines) and (head := _HUNK.match(lines[index])):
        start = int(head.group(1)) - 1
        wanted = int(head.group(2) or 1)
        new += old[place:start]
        place, taken = start, 0
        index += 1
        while taken < wanted or (index < len(lines) and lines[index].startswith(("+", "\\"))):
            if index >= len(lines):
                raise InputFileError(patch, "ends in the middle of a hunk", index)
            mark, text = lines[index][:1], lines[index][1:]
            if mark == "+":
                new.append(text)
            elif mark in (" ", "-", ""):
                if place >= len(old) or old[place] != text:
                    raise InputFileError(patch, f"does not match {target.name} line {place + 1}", index + 1)
                if mark != "-":
                    new.append(text)
                place, taken = place + 1, taken + 1
            elif mark != "\\":
                raise InputFileError(patch, f"unexpected {mark!r} in a hunk", index + 1)
            index += 1
    target.write_text("\n".join(new + old[place:]), encoding="utf-8")
    return index

"""Applying unified diffs, strictly: every context line must match at the line that the diff gives."""

from __future__ import annotations

from pathlib import Path

from unidiff import Hunk, PatchedFile, PatchSet, UnidiffParseError

from dv_agent.designs.files.documents import read_text
from dv_agent.errors import InputFileError


def apply_patch(patch: Path, folder: Path, room: str = ".") -> tuple[Path, ...]:
    """Apply `patch` to the files under `folder` (paths as with ``patch -p1``); return the files changed.

    Args:
        room: a folder in it whose files come first; what is not there is looked for in `folder` itself.

    Raises:
        InputFileError: not a unified diff, a path outside `folder`, or a line that does not match.
    """
    changed = []
    for part in read_patch(patch):
        target = _target(patch, part, folder, room)
        lines = target.read_text(encoding="utf-8").split("\n")
        for hunk in reversed(part):
            _apply(patch, hunk, lines, target.name)
        target.write_text("\n".join(lines), encoding="utf-8")
        changed.append(target)
    if not changed:
        raise InputFileError(patch, "holds no change; expected a unified diff")
    return tuple(changed)


def read_patch(patch: Path) -> PatchSet:
    """Return the files and hunks of a unified diff.

    Raises:
        InputFileError: not a unified diff.
    """
    try:
        return PatchSet(read_text(patch))
    except UnidiffParseError as error:
        raise InputFileError(patch, f"not a unified diff: {error}") from None


def _target(patch: Path, part: PatchedFile, folder: Path, room: str) -> Path:
    name = part.target_file.split("\t", maxsplit=1)[0].strip()
    target = (folder / room / Path(*Path(name).parts[1:])).resolve()
    if not target.is_file():
        target = (folder / Path(*Path(name).parts[1:])).resolve()
    if not target.is_relative_to(folder.resolve()) or not target.is_file():
        raise InputFileError(patch, f"no file {name!r} to change")
    return target


def _apply(patch: Path, hunk: Hunk, lines: list[str], name: str) -> None:
    """Replace the lines of one hunk; hunks are applied from the last to the first, so line numbers stay valid."""
    start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
    before = [line.value.rstrip("\n") for line in hunk.source_lines()]
    for place, text in enumerate(before, start):
        if place >= len(lines) or lines[place] != text:
            raise InputFileError(patch, f"does not match {name} line {place + 1}")
    lines[start : start + len(before)] = [line.value.rstrip("\n") for line in hunk.target_lines()]

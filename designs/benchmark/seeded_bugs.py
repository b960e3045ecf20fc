"""Seeded bugs: known bugs that a patch puts into a design's RTL, and the copies of the design that have one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dv_agent.designs.benchmark.patch import apply_patch
from dv_agent.designs.benchmark.rtl_copy import rtl_copy
from dv_agent.designs.files.documents import read_document
from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.loader import DesignFolder

FILE = "bugs/bugs.yaml"


class Bug(Frozen):
    """One seeded bug.

    Attributes:
        patch: unified diff under ``bugs/``, applied with ``-p1`` in the design's folder; if a variant has none of this
            name, that of the design that it is a variant of, applied in the folder of that one.
        exposed_by: ids of bins whose stimulus exposes it.
    """

    id: Identifier
    title: str
    patch: str
    description: str
    difficulty: Literal["easy", "medium", "hard"]
    exposed_by: tuple[str, ...] = ()


class BugList(Frozen):
    """The contents of ``bugs/bugs.yaml``."""

    schema_version: Literal[1]
    bugs: tuple[Bug, ...]


def load_bugs(folder: DesignFolder) -> tuple[Bug, ...]:
    """Return the seeded bugs of a design; none if it has no folder ``bugs/``.

    Raises:
        InputFileError: with file and line.
    """
    path = folder.path / FILE
    return read_document(path).validate(BugList).bugs if path.is_file() else ()


def broken_copy(folder: DesignFolder, bug: Bug, room: Path) -> DesignFolder:
    """Return a copy of the design's RTL with `bug` in it, in ``room/<bug id>``; model and schema stay the originals.

    Shared RTL is copied to ``primitives/``, so that a bug can be in it.

    Raises:
        InputFileError: the patch does not apply.
    """
    copy = rtl_copy(folder, room / bug.id)
    patch = folder.file(f"bugs/{bug.patch}")
    taken = folder.origin is not None and patch.parent.parent == folder.origin
    apply_patch(patch, copy.design.folder, folder.origin.name if folder.origin and taken else ".")
    return copy

"""A copy of a design's RTL, to be changed: for a seeded bug or a mutant."""

from __future__ import annotations

import shutil
from pathlib import Path

from dv_agent.designs.design import PRIMITIVES, Design
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import OutputError


def copied_names(design: Design) -> tuple[str, ...]:
    """Return the names of the RTL files in a copy, in compile order; shared RTL stands in ``primitives/``."""
    return (*(f"{PRIMITIVES.name}/{name}" for name in design.shared), *design.sources)


def rtl_copy(folder: DesignFolder, target: Path) -> DesignFolder:
    """Copy the RTL of a design and its headers to `target`; model, schema and all else stay the originals.

    Raises:
        OutputError: it cannot be written.
    """
    design, names = folder.design, copied_names(folder.design)
    try:
        for file, name in zip(design.source_files(), names, strict=True):
            _copy(file, target / name)
        base = design.base.resolve()
        for header in design.header_files():
            place = header.resolve()
            if place.is_relative_to(base):  # an include of ``../..`` must not lead out of the copy
                _copy(header, target / place.relative_to(base))
    except OSError as error:
        raise OutputError(f"cannot copy the RTL to {target}: {error.strerror}") from None
    changed = {"folder": target.resolve(), "shared": (), "sources": names, "root": "."}
    return DesignFolder(design.model_copy(update=changed), home=folder.path)


def _copy(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)

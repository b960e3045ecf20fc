"""A copy of a design's RTL, to be changed: for a seeded bug or a mutant."""

from __future__ import annotations

import shutil
from pathlib import Path

from dv_agent.designs.design import PRIMITIVES, Design
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import OutputError

_HEADERS = ("*.vh", "*.svh", "*.h")


def copied_names(design: Design) -> tuple[str, ...]:
    """Return the names of the RTL files in a copy, in compile order; shared RTL stands in ``primitives/``."""
    return (*(f"{PRIMITIVES.name}/{name}" for name in design.shared), *design.sources)


def rtl_copy(folder: DesignFolder, target: Path) -> DesignFolder:
    """Copy the RTL of a design and the headers beside it to `target`; model, schema and all else stay the originals.

    Raises:
        OutputError: it cannot be written.
    """
    design, names = folder.design, copied_names(folder.design)
    try:
        for file, name in zip(design.source_files(), names, strict=True):
            room = (target / name).parent
            room.mkdir(parents=True, exist_ok=True)
            for one in [file, *(header for pattern in _HEADERS for header in file.parent.glob(pattern))]:
                shutil.copyfile(one, room / one.name)
    except OSError as error:
        raise OutputError(f"cannot copy the RTL to {target}: {error.strerror}") from None
    changed = {"folder": target.resolve(), "shared": (), "sources": names}
    return DesignFolder(design.model_copy(update=changed), home=folder.path)

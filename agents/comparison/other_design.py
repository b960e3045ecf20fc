"""The design that is compared with a golden one: of its own, a seeded bug, or nothing but changed sources."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.runs.assembly import open_design
from dv_agent.designs.files.places import FILE
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError


def open_other(golden: DesignFolder, name: str | None, bug: str | None, room: Path) -> DesignFolder:
    """Return the design to compare with `golden`.

    Args:
        name: a design by name or path; or a folder with the golden design's sources, changed, and no design.yaml. None:
            the golden design itself.
        bug: id of a seeded bug that is put into a copy in `room`.

    Raises:
        UsageError: no such design or bug, or a folder without some of the sources.
        InputFileError: its design.yaml is broken.
    """
    folder = Path(name) if name else golden.path
    if name and folder.is_dir() and not (folder / FILE).exists() and not bug:
        return _with_sources_of(golden, folder)
    return open_design(name or str(golden.path), bug, room)


def _with_sources_of(golden: DesignFolder, folder: Path) -> DesignFolder:
    design = golden.design.model_copy(update={"folder": folder.resolve()})
    missing = [path for path in design.source_files() if not path.is_file()]
    if missing:
        names = ", ".join(path.name for path in missing)
        raise UsageError(f"{folder} holds neither a {FILE} nor the sources of {golden.design.name} (missing: {names})")
    return DesignFolder(design, home=golden.path)

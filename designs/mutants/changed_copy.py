"""A copy of a design with the change of one mutant in its RTL; the change may come from a record of anybody."""

from __future__ import annotations

from pathlib import Path

from dv_agent.designs.benchmark.rtl_copy import copied_names, rtl_copy
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.mutants.candidate import Candidate, write_mutant
from dv_agent.errors import UsageError


def changed_copy(folder: DesignFolder, change: Candidate, room: Path) -> DesignFolder:
    """Return a copy of the design in `room` with `change` in its RTL; model and schema stay the originals.

    Raises:
        UsageError: the change is none of this RTL.
        OutputError: it cannot be written.
    """
    if change.source not in copied_names(folder.design):
        raise UsageError(f"{folder.design.name} has no RTL file {change.source[:80]!r} that a mutant could change")
    copy = rtl_copy(folder, room / "changed")
    try:
        write_mutant(copy.design.folder, change)
    except (ValueError, UnicodeEncodeError):
        raise UsageError(f"the change of a mutant does not fit {change.source} of {folder.design.name}") from None
    return copy

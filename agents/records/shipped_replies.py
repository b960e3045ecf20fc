"""Recorded replies that come with the package, by name: ``replay:mxint_softmax`` shows how a model closes a design."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.schema import HEADER
from dv_agent.errors import UnknownNameError

SHIPPED = Path(__file__).parent / "shipped"


def shipped_names() -> tuple[str, ...]:
    """Return the sorted names."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob(f"*/{HEADER}")))


def is_shipped(name: str) -> bool:
    """Return whether `name` is one of them and no folder of that name is here."""
    return name in shipped_names() and not Path(name).exists()


def read_recorded(name: str) -> RecordedRun:
    """Return the run in the folder `name`, or the shipped one of that name.

    Raises:
        UnknownNameError: neither; the message lists the shipped ones.
        InputFileError: the record is broken.
    """
    if is_shipped(name):
        return read_run(SHIPPED / name)
    if "/" not in name and not Path(name).exists():
        raise UnknownNameError("run folder or shipped record", name, shipped_names())
    return read_run(Path(name))

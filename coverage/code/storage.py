"""The points of code coverage in a record: a report or a page needs neither the RTL nor the simulator."""

from __future__ import annotations

from pathlib import Path

from dv_agent.coverage.code.points import CodePoints
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import read_json

POINTS = "code.json"


def write_points(folder: Path, points: CodePoints) -> None:
    """Write the points, without their counters, into the folder of a run or session.

    Raises:
        OutputError: the file cannot be written.
    """
    replace_text(
        folder / POINTS,
        points.model_dump_json(exclude_defaults=True, exclude={"points": {"__all__": {"groups"}}}) + "\n",
    )


def read_points(folder: Path) -> CodePoints:
    """Return the points in the folder of a run or session.

    Raises:
        InputFileError: no such file, or it is broken.
    """
    return read_json(folder / POINTS, CodePoints)

"""Loading a coverage plan from ``plan.yaml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dv_agent.coverage.plan import Plan, build_plan
from dv_agent.coverage.plan_file.coverpoint import read_coverpoint
from dv_agent.coverage.plan_file.cross import read_cross
from dv_agent.coverage.plan_file.cursor import Cursor
from dv_agent.coverage.plan_file.options import OPTION_KEYS, Options, read_options
from dv_agent.coverage.plan_file.value_sets import read_expression
from dv_agent.coverage.structure import MAX_BINS, Covergroup, Coverpoint, Cross
from dv_agent.designs.files.documents import Document, read_text
from dv_agent.errors import InputFileError, all_faults

SCHEMA_VERSION = 1
MOST_MEANING = 200
_KEYS = (*OPTION_KEYS, "name", "on", "when", "coverpoints", "crosses")


def load_plan(path: Path) -> Plan:
    """Load the plan in the file at `path`; the format is described in coverage/README.md.

    Raises:
        InputFileError: the file, the line, what is wrong and what was expected, for each covergroup that is wrong.
    """
    return _plan_in(path, read_text(path))


@lru_cache(maxsize=4)
def _plan_in(path: Path, text: str) -> Plan:
    """Return the plan that a file holds; a plan never changes, and a run needs it more than once."""
    return parse_plan(Document(path, text))


def parse_plan(document: Document) -> Plan:
    """Return the plan in a parsed document; raises as `load_plan`."""
    root = Cursor(document, (), document.data)
    root.fields(("schema_version", "covergroups", "columns"), ("schema_version", "covergroups"))
    version = root.at("schema_version")
    if version.data != SCHEMA_VERSION:
        raise version.wrong(str(SCHEMA_VERSION))
    groups: dict[str, Covergroup] = {}
    faults: list[InputFileError] = []
    room = MAX_BINS
    for entry in root.at("covergroups").items():
        try:
            group, room = _read_covergroup(entry, room)
            if group.name in groups:
                raise entry.at("name").error(f"duplicate covergroup {group.name!r}")
            groups[group.name] = group
        except InputFileError as fault:
            faults.append(fault)
    if every := all_faults(document.path.parent, faults):
        raise every
    return build_plan(document.path, tuple(groups.values()), _read_columns(root))


def _read_columns(root: Cursor) -> dict[str, str]:
    """Return what columns mean: ``column`` or ``table.column`` -> one line."""
    listed = root.get("columns")
    if listed is None:
        return {}
    found = {}
    for name, entry in listed.entries():
        found[str(name)] = entry.text()
        if len(found[str(name)]) > MOST_MEANING:
            raise entry.error(f"{name}: one line of at most {MOST_MEANING} characters is expected")
    return found


def _read_covergroup(cursor: Cursor, room: int) -> tuple[Covergroup, int]:
    """Return the covergroup at `cursor`, and how many of the `room` bins left in the plan remain after it."""
    cursor.fields(_KEYS, ("name", "on", "coverpoints"))
    name, on, options = cursor.at("name").identifier(), cursor.at("on").identifier(), read_options(cursor, Options())
    written = cursor.get("when")
    when = None if written is None else read_expression(written)
    points: dict[str, Coverpoint] = {}
    faults: list[InputFileError] = []
    for entry in cursor.at("coverpoints").items():
        try:
            point = read_coverpoint(entry, name, options)
            if point.name in points:
                raise entry.at("name").error(f"duplicate coverpoint {point.name!r} in covergroup {name!r}")
            points[point.name] = point
            room = _spend(entry, room, len(point.bins))
        except InputFileError as fault:
            faults.append(fault)
    # Crosses of broken coverpoints are not read: they would be told as faults that they are not.
    if every := all_faults(cursor.document.path.parent, faults):
        raise every
    crosses, room = _read_crosses(cursor, name, options, points, room)
    _check_hidden(cursor, points, crosses)
    group = Covergroup(
        name=name, on=on, line=cursor.at("on").line,
        when=when, when_line=None if written is None else written.line,
        weight=options.weight, description=options.description,
        coverpoints=tuple(points.values()), crosses=tuple(crosses.values()),
    )  # fmt: skip
    return group, room


def _read_crosses(
    cursor: Cursor, group: str, options: Options, points: dict[str, Coverpoint], room: int
) -> tuple[dict[str, Cross], int]:
    crosses: dict[str, Cross] = {}
    listed = cursor.get("crosses")
    for entry in [] if listed is None else listed.items():
        cross = read_cross(entry, group, options, points)
        if cross.name in crosses or cross.name in points:
            raise entry.at("name").error(f"duplicate name {cross.name!r} in covergroup {group!r}")
        crosses[cross.name] = cross
        room = _spend(entry, room, len(cross.bins))
    return crosses, room


def _spend(cursor: Cursor, room: int, bins: int) -> int:
    if bins > room:
        raise cursor.error(f"the plan grows beyond {MAX_BINS} bins here")
    return room - bins


def _check_hidden(cursor: Cursor, points: dict[str, Coverpoint], crosses: dict[str, Cross]) -> None:
    crossed = {name for cross in crosses.values() for name in cross.of}
    for entry, point in zip(cursor.at("coverpoints").items(), points.values(), strict=True):
        if point.hidden and point.name not in crossed:
            raise entry.error(f"coverpoint {point.name!r} is hidden and stands in no cross: it would measure nothing")

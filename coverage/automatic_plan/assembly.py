"""The automatic plan: what a design without plan.yaml is measured by, made from its ports and its RTL."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.coverage.automatic_plan.of_fields import COARSE, FINE, PLAIN
from dv_agent.coverage.automatic_plan.of_levels import level_groups
from dv_agent.coverage.automatic_plan.of_neighbours import reset_group, together_groups
from dv_agent.coverage.automatic_plan.of_streams import stream_groups
from dv_agent.coverage.automatic_plan.plan_parts import Group
from dv_agent.designs.design import Design
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.reader.constants import constant_outputs
from dv_agent.designs.reader.structure import Structure

MOST_BINS = 400
_HEAD = """\
# Made by dv-agent from the ports{machines} of {name}: docs/automatic-plan.md tells how. Edit it freely.
"""


def automatic_plan(design: Design, schema: StimulusSchema, structure: Structure | None) -> str:
    """Return a plan as the text of a plan.yaml, of at most `MOST_BINS` bins; a pure function of its arguments.

    Args:
        structure: of the RTL; None if it cannot be read: then constant outputs and state machines are not known.
    """
    constant = constant_outputs(structure) if structure else frozenset[str]()
    for detail in (FINE, PLAIN, COARSE):
        groups = list(_groups(design, schema, detail, constant))
        if sum(group.bins for group in groups) <= MOST_BINS:
            break
    data = {"schema_version": 1, "covergroups": [group.data() for group in _within(groups)]}
    return _HEAD.format(name=design.name, machines="") + write_yaml(data, width=118)


def _groups(design: Design, schema: StimulusSchema, detail: int, constant: frozenset[str]) -> Iterator[Group]:
    for stream in design.streams:
        track = schema.tracks.get(stream.port)
        yield from stream_groups(stream, track.beats.max if track else 1, detail, constant)
    for name, port in design.ports.items():
        yield from level_groups(name, port, detail, constant)
    yield from together_groups(design.streams, constant)
    if reset := reset_group(design.streams, constant):
        yield reset


def _within(groups: list[Group]) -> list[Group]:
    """Return the groups without the least important ones, and of those the last, until all bins fit."""
    kept = list(groups)
    while sum(group.bins for group in kept) > MOST_BINS and len(kept) > 1:
        worst = max(range(len(kept)), key=lambda place: (kept[place].rank, place))
        del kept[worst]
    return kept

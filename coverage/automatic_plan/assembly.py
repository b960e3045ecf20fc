"""The automatic plan: what a design without plan.yaml is measured by, made from its ports and its RTL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dv_agent.coverage.automatic_plan.known import Known, known_from
from dv_agent.coverage.automatic_plan.of_accesses import access_groups
from dv_agent.coverage.automatic_plan.of_fields import COARSE, FINE, PLAIN
from dv_agent.coverage.automatic_plan.of_levels import level_groups
from dv_agent.coverage.automatic_plan.of_machines import machine_groups
from dv_agent.coverage.automatic_plan.of_neighbours import reset_group, together_groups
from dv_agent.coverage.automatic_plan.of_streams import stream_groups
from dv_agent.coverage.automatic_plan.plan_parts import Group
from dv_agent.designs.design import Design
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.probes.state_machines import state_machines
from dv_agent.designs.reader.structure import Structure

MOST_BINS = 400
_HEAD = """\
# Made by dv-agent from the ports and the RTL of {name}: docs/automatic-plan.md tells how. Edit it freely.
"""


def automatic_plan(design: Design, schema: StimulusSchema, structure: Structure | None) -> str:
    """Return a plan as the text of a plan.yaml, of at most `MOST_BINS` bins; the same RTL gives the same text.

    Args:
        structure: of the RTL; None if it cannot be read: then constant outputs and state machines are not known.
    """
    known = known_from(design, structure)
    machines = state_machines(design) if design.probes else ()
    for detail in (FINE, PLAIN, COARSE):
        groups = [*_groups(design, schema, detail, known), *machine_groups(design.probes, machines)]
        if sum(group.bins for group in groups) <= MOST_BINS:
            break
    data = {"schema_version": 1, "covergroups": [group.data() for group in _within(groups)]}
    return _HEAD.format(name=design.name) + write_yaml(data, width=118, flow=None)


def _groups(design: Design, schema: StimulusSchema, detail: int, known: Known) -> Iterator[Group]:
    answers = {one.key for one in design.streams if one.driven and one.port in design.memories}
    asked = [one for one in design.streams if one.key not in answers]
    for stream in design.streams:
        track = schema.tracks.get(stream.port)
        most = track.beats.max if track else 1
        if not design.ports[stream.port].words():
            yield from stream_groups(stream, most, detail, known, answers=stream.key in answers)
        elif not stream.driven and stream.ready is not None:
            # What a bus carries is told by its accesses; of its channels, the test stalls those of answers at will.
            # When they come is the design's own affair.
            for group in stream_groups(replace(stream, fields={}), most, COARSE, known):
                yield replace(group, points=[one for one in group.points if one.name not in ("gap", "run")])
    for name, port in design.ports.items():
        if words := port.words():
            yield from access_groups(name, words, port.streams(name), detail, known.constant)
        else:
            yield from level_groups(name, port, detail, known.constant)
    yield from together_groups(asked, known)
    if design.reset:
        resets = reset_group(asked, known.constant, len(design.all_clocks) < 2)
        yield from [resets] if resets.points else []


def _within(groups: list[Group]) -> list[Group]:
    """Return the groups without the least important ones, and of those the last, until all bins fit."""
    kept = list(groups)
    while sum(group.bins for group in kept) > MOST_BINS and len(kept) > 1:
        worst = max(range(len(kept)), key=lambda place: (kept[place].rank, place))
        del kept[worst]
    return kept

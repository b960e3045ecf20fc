"""Text summaries of one design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dv_agent.coverage.certificates.dead_bins import dead_bins
from dv_agent.coverage.certificates.storage import FILE
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.structure import TIERS
from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.benchmark.witnesses import count_witnesses
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.program import RESET_TRACK
from dv_agent.designs.text.wording import counted
from dv_agent.runners.checks.exceptions import exception_notes


def overview(folder: DesignFolder) -> dict[str, Any]:
    """Return name, title and counts, with stable keys for ``--json``."""
    design, plan = folder.design, plan_of(folder)
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in design.source_files())
    return {
        "name": design.name,
        "title": design.title,
        "paper": design.paper,
        "task_version": design.task_version,
        "top": design.top,
        "bins": len(plan.bins),
        "tiers": {tier: sum(one.tier == tier for one in plan.bins) for tier in TIERS},
        "dead": len(dead_bins(folder, plan)),
        "ignored": len(plan.ignored),
        "bugs": len(load_bugs(folder)),
        "witnesses": count_witnesses(folder),
        "rtl_lines": lines,
        "folder": str(folder.path),
    }


def describe(folder: DesignFolder) -> Iterator[str]:
    """Return a short description of the design."""
    design, facts = folder.design, overview(folder)
    yield f"{design.name}: {design.title}"
    yield f"paper: {design.paper}" if design.paper else ""
    yield design.summary
    yield from (f"note: {note}" for note in design.notes)
    yield ""
    yield "ports"
    for name, port in design.ports.items():
        streams = port.streams(name)
        fields = {**(streams[0].fields if len(streams) == 1 else {}), **port.levels()}
        words = _fields(fields)
        yield f"  {name:8} {port.kind:8} {words}"
    yield from exception_notes(design.exceptions)
    yield "tracks of a test"
    for name, track in folder.schema.tracks.items():
        item = f"{track.item} of {track.beats.min} to {track.beats.max} beats" if track.beats.max > 1 else track.item
        item = item if name in (*design.packet_ports, RESET_TRACK) else design.ports[name].kind
        yield f"  {name:8} {item}; profiles {', '.join(track.profiles) or 'none'}"
    tiers = ", ".join(f"{count} {tier}" for tier, count in facts["tiers"].items())
    dead = f", {facts['dead']:,} of them dead, as {FILE} proves" if facts["dead"] else ""
    yield f"plan: {counted(facts['bins'], 'bin')} ({tiers}){dead}, {facts['ignored']} argued to be unreachable"
    yield f"seeded bugs: {facts['bugs']}; witnesses: {facts['witnesses']}; RTL lines: {facts['rtl_lines']}"
    yield f"folder: {folder.path}"


def bin_lines(folder: DesignFolder) -> Iterator[str]:
    """Return one line for each bin."""
    for one in plan_of(folder).bins:
        yield f"{one.id:60} {one.tier:7} {one.description}"


def _fields(fields: Mapping[str, FieldSpec]) -> str:
    return ", ".join(
        f"{name}[{spec.lanes}]: {spec.low}..{spec.high}" if spec.lanes > 1 else f"{name}: {spec.low}..{spec.high}"
        for name, spec in fields.items()
    )

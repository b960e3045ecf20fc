"""The check of the place in a bug report: it must exist in the RTL and be small enough to be a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping

from dv_agent.agents.toolbox.arguments import MAX_PLACE_LINES, ReportBug
from dv_agent.agents.toolbox.read_sources import module_end
from dv_agent.agents.toolbox.text import ToolError, unknown_name
from dv_agent.agents.tools.claims_and_reports import Place
from dv_agent.designs.reader.structure import Structure


def read_place(asked: ReportBug, structure: Structure | None, files: Mapping[str, str]) -> Place | None:
    """Return the place of a report; None if it names no place.

    Args:
        structure: structure of the RTL; None if it cannot be read: then names are not checked.
        files: file name -> text of the RTL.

    Raises:
        ToolError: an unknown module or signal, lines outside the module, or too many lines or signals.
    """
    first, last = asked.first_line, asked.last_line or asked.first_line
    signals = tuple(dict.fromkeys(one.strip() for one in asked.signals if one.strip()))
    if not asked.module.strip() and not signals and not last:
        return None
    place = Place(module=asked.module.strip(), signals=signals, first_line=first or last, last_line=last)
    if not place.module:
        raise ToolError("module: name the module that holds these signals or lines")
    if not signals and not last:
        raise ToolError(f"{place.module}: a module alone is no place; name its faulty signals or lines")
    if place.last_line < place.first_line:
        raise ToolError(f"last_line: {last} is before first_line {first}")
    if place.last_line - place.first_line >= MAX_PLACE_LINES:
        raise ToolError(f"last_line: a place has at most {MAX_PLACE_LINES} lines; name the faulty ones")
    if structure is not None:
        _check(place, structure, files)
    return place


def _check(place: Place, structure: Structure, files: Mapping[str, str]) -> None:
    if not structure.has(place.module):
        raise unknown_name("module", place.module, (one.name for one in structure.modules))
    module = structure.module(place.module)
    for signal in place.signals:
        if signal not in module.names:
            raise unknown_name(f"signal of {place.module}", signal, module.names)
    end = module_end(files[module.file], module.line) if module.file in files else place.last_line
    if place.last_line and not module.line <= place.first_line <= place.last_line <= end:
        raise ToolError(f"first_line: {place.module} stands in {module.file}, lines {module.line} to {end}")

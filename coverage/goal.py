"""The goal of a design: its coverage plan, from plan.yaml, or made automatically if there is no such file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dv_agent.coverage.certificates.exclusions import without_unreachable
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import load_plan, parse_plan
from dv_agent.designs.files.documents import Document, read_document, read_text
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import BuildError, InputFileError, all_faults

if TYPE_CHECKING:
    from dv_agent.designs.reader.structure import Structure

PLAN = "plan.yaml"


def plan_of(folder: DesignFolder, *, certified: bool = True) -> Plan:
    """Return the plan of a design.

    Args:
        certified: whether bins of an automatic plan are ignored that a certificate of the design proves unreachable.

    Raises:
        InputFileError: what is wrong in plan.yaml, stimulus.yaml, both specifications and model.py, all of it; see
            `FilesError`.
    """
    plans: list[Plan] = []
    reads: list[Callable[[], object]] = [
        lambda: folder.schema, lambda: folder.specification, lambda: folder.short_specification,
        lambda: _require_python(folder.path / "model.py")
    ]  # fmt: skip
    if has_plan(folder):
        reads.append(lambda: plans.append(load_plan(folder.path / PLAN)))
    if fault := all_faults(folder.path, [fault for read in reads for fault in _faults(read)]):
        raise fault
    if plans:
        return plans[0]
    plan = parse_plan(Document(folder.path / PLAN, plan_text(folder)))
    return without_unreachable(folder, plan) if certified else plan


def has_plan(folder: DesignFolder) -> bool:
    """Return whether the design has a plan.yaml of its own."""
    return (folder.path / PLAN).exists()


def plan_text(folder: DesignFolder) -> str:
    """Return the automatic plan of a design, as the text of a plan.yaml.

    Raises:
        InputFileError: its stimulus.yaml or its RTL cannot be read.
    """
    from dv_agent.coverage.automatic_plan.assembly import automatic_plan

    return automatic_plan(folder.design, folder.schema, _structure(folder))


def _structure(folder: DesignFolder) -> Structure | None:
    from dv_agent.designs.reader.parse_rtl import read_rtl

    try:
        return read_rtl(folder.design, cache_folder() / "structures")
    except BuildError:
        return None  # whoever simulates it is told what is wrong with the RTL


def _faults(read: Callable[[], object]) -> Iterator[InputFileError]:
    try:
        read()
    except InputFileError as fault:
        yield fault


def faults_beside(folder: Path) -> tuple[InputFileError, ...]:
    """Return what is wrong in the files beside a design.yaml that cannot be read, as far as they stand alone."""
    schema, plan = folder / "stimulus.yaml", folder / PLAN
    reads: list[Callable[[], object]] = [lambda: _require_python(folder / "model.py")]
    reads += [lambda: read_document(schema).validate(StimulusSchema)] if schema.exists() else []
    reads += [lambda: load_plan(plan)] if plan.exists() else []
    return tuple(fault for read in reads for fault in _faults(read))


def _require_python(model: Path) -> None:
    """Raise InputFileError if `model` is there and is not Python; it is not executed."""
    if not model.exists():
        return
    try:
        ast.parse(read_text(model))
    except (SyntaxError, ValueError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InputFileError(model, f"not Python: {reason}", getattr(error, "lineno", None)) from None

"""Writing the automatic plan of a design as its plan.yaml, and the probes that it samples into design.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dv_agent.coverage.goal import has_plan, plan_text
from dv_agent.designs.files.documents import read_text, replace_text
from dv_agent.designs.files.places import FILE
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.errors import InputFileError, UsageError


def write_plan(folder: DesignFolder) -> Iterator[str]:
    """Write plan.yaml, and the probes into design.yaml; return what was done.

    Raises:
        UsageError: there is a plan.yaml already.
        OutputError: a file cannot be written.
    """
    path = folder.path / "plan.yaml"
    if has_plan(folder):
        raise UsageError(f"{path} exists; move it away first, or see the automatic plan without --write")
    text, probes = plan_text(folder), folder.design.probes
    replace_text(path, text)
    yield f"written: {path}"
    if probes:
        data = {"probes": {name: one.model_dump(mode="json") for name, one in probes.items()}}
        yield from _add_probes(folder.path, write_yaml(data, flow=None))


def _add_probes(folder: Path, block: str) -> Iterator[str]:
    """Append the probes to design.yaml, which keeps its comments."""
    path = folder / FILE
    old = read_text(path)
    replace_text(path, f"{old.rstrip()}\n\n# State machines that plan.yaml samples.\n{block}")
    try:
        load_design(folder)
    except InputFileError:
        replace_text(path, old)
        yield f"add to {path}, whose form is not known here:\n{block}"
        return
    yield f"probes added to {path}"

"""A suite: the designs that a score covers, each fixed to one state of its task.

``eval/suites/NAME.yaml`` names the designs with task version and checksum. A score holds for exactly this state: after
changing a task, raise ``task_version`` in its design.yaml and enter the change with ``dv-agent designs suite NAME
--update`` (`dv_agent.eval.suites.update`).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from dv_agent.designs.benchmark.fingerprint import FOR_READERS, NUMBERS, fingerprint
from dv_agent.designs.files.documents import Document, read_document
from dv_agent.designs.files.places import design_names
from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.errors import UnknownNameError

SUITES = Path(__file__).resolve().parent
NOT_THE_TASK = (
    "witnesses",
    FOR_READERS,
    NUMBERS,
)  # files of these kinds are in the fingerprint, but not part of the task

Version = Annotated[int, Field(ge=1)]
Checksum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SuiteDesign(Frozen):
    """One design of a suite, with the state in which it was entered.

    Attributes:
        task_version: the version in design.yaml.
        checksum: see `task_checksum`.
    """

    name: Identifier
    task_version: Version
    checksum: Checksum


class Suite(Frozen):
    """The designs of a suite, in the order in which results are shown.

    Attributes:
        version: increases when a task or the list of designs changes; scores of different versions cannot be compared.
        path: path of the suite's file.
    """

    name: Identifier
    version: Version
    title: str
    designs: tuple[SuiteDesign, ...]
    path: Path = Field(exclude=True)


class Entry(Frozen):
    """A design as listed in the file; one with only a name is new, and is completed by the update."""

    name: Identifier
    task_version: Version | None = None
    checksum: Checksum | None = None


class SuiteFile(Frozen):
    """The content of ``suites/NAME.yaml``."""

    schema_version: Literal[1]
    name: Identifier
    version: Version
    title: str
    designs: tuple[Entry, ...] = Field(min_length=1)

    @field_validator("designs")
    @classmethod
    def _names_are_unique(cls, designs: tuple[Entry, ...]) -> tuple[Entry, ...]:
        names = [one.name for one in designs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"named more than once: {', '.join(twice)}")
        return designs


def suite_names() -> tuple[str, ...]:
    """Return the names of the suites included in the package, sorted."""
    return tuple(sorted(file.stem for file in SUITES.glob("*.yaml")))


def load_suite(name_or_path: str | Path) -> Suite:
    """Load a suite by name, or from a file (anything that ends in ``.yaml`` or holds a path separator).

    This does not check that its designs are unchanged; `suite_errors` does.

    Raises:
        UnknownNameError: no such suite; the message offers the nearest names.
        InputFileError: names the file, the line and what was expected; also for an unknown design or an entry without
            checksum.
    """
    document = read_document(suite_path(name_or_path))
    file = read_suite_file(document)
    designs = []
    for index, entry in enumerate(file.designs):
        if entry.task_version is None or entry.checksum is None:
            message = f"{entry.name} has no task_version or no checksum yet; run `{update_command(document.path)}`"
            raise document.error(("designs", index), message)
        designs.append(SuiteDesign(name=entry.name, task_version=entry.task_version, checksum=entry.checksum))
    return Suite(
        name=file.name, version=file.version, title=file.title, designs=tuple(designs), path=document.path
    )  # fmt: skip


def suite_path(name_or_path: str | Path) -> Path:
    """Return the path of a suite's file.

    Raises:
        UnknownNameError: it is a name, and there is no such suite.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or os.sep in text or text.endswith(".yaml"):
        return Path(text)
    if text not in suite_names():
        raise UnknownNameError("suite", text, suite_names())
    return SUITES / f"{text}.yaml"


def read_suite_file(document: Document) -> SuiteFile:
    """Return the validated file; every design in it must exist.

    Raises:
        InputFileError: names the file and the line.
    """
    file = document.validate(SuiteFile)
    for index, entry in enumerate(file.designs):
        if entry.name not in (known := design_names()):
            raise document.error(("designs", index, "name"), str(UnknownNameError("design", entry.name, known)))
    return file


def task_checksum(folder: DesignFolder) -> str:
    """Return the SHA-256 (hexadecimal) over everything that defines a task, as an agent sees it and as it is judged.

    It covers the RTL with shared primitives, spec.md, design.yaml, stimulus.yaml, plan.yaml, model.py with the modules
    that models share, and the seeded bugs, because kills are scored against them. It does not cover the witnesses (what
    the oracle replays is the solution, not the task), nor the words on columns in plan.yaml, nor the form of plain
    numbers in stimulus.yaml, nor files that only describe a design: hit_rates.json, proof.json, README.md. The
    framework is not covered either, because it has its own version.
    """
    hashes = {kind: digest for kind, digest in fingerprint(folder).items() if kind not in NOT_THE_TASK}
    text = "".join(f"{kind} {digest}\n" for kind, digest in sorted(hashes.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def suite_errors(suite: Suite) -> tuple[str, ...]:
    """Return one line for each design that differs from its entry, with what to do; empty if there is none."""
    errors = []
    command = update_command(suite.path)
    for entry in suite.designs:
        folder = find_design(entry.name)
        now = folder.design.task_version
        if now != entry.task_version:
            errors.append(
                f"{entry.name}: task_version is {now}, {suite.path} has {entry.task_version}; run `{command}`"
            )
        elif task_checksum(folder) != entry.checksum:
            errors.append(
                f"{entry.name}: changed since task version {now} was entered in {suite.path}; raise task_version in "
                f"{folder.path / 'design.yaml'} to {now + 1}, then run `{command}`"
            )
    return tuple(errors)


def update_command(path: Path) -> str:
    """Return the command that enters changed designs in the suite at `path`."""
    known = path.resolve().parent == SUITES
    return f"dv-agent designs suite {path.stem if known else path} --update"

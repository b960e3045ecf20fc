"""Update of a suite's file with new and changed designs; a changed design must have a higher task version."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from dv_agent.designs.files.documents import Document, read_document, read_text
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.loader import find_design
from dv_agent.errors import OutputError
from dv_agent.eval.suites.suite import (
    Entry,
    SuiteDesign,
    SuiteFile,
    read_suite_file,
    suite_path,
    task_checksum,
)


def update_suite(name_or_path: str | Path) -> tuple[str, ...]:
    """Write the current task versions and checksums to the suite's file; return what changed, one line each.

    The suite's own version is increased by one if an entered design changed. Comments before the first key are kept.

    Raises:
        InputFileError: as `load_suite`; or a design changed without a higher task version. Nothing is written.
        OutputError: the file cannot be written.
    """
    document = read_document(suite_path(name_or_path))
    file = read_suite_file(document)
    designs = [_entered(document, index, entry) for index, entry in enumerate(file.designs)]
    pairs = list(zip(file.designs, designs, strict=True))
    changes = [f"{new.name}: task version {new.task_version} entered" for old, new in pairs if _is_new(old)]
    risen = [
        f"{new.name}: task version {old.task_version} -> {new.task_version}"
        for old, new in pairs
        if not _is_new(old) and old.task_version != new.task_version
    ]
    if risen:
        file = file.model_copy(update={"version": file.version + 1})
        changes += [*risen, f"version of the suite: {file.version - 1} -> {file.version}"]
    if changes:
        _write(document.path, file, designs)
    return tuple(changes)


def _is_new(entry: Entry) -> bool:
    return entry.task_version is None or entry.checksum is None


def _entered(document: Document, index: int, entry: Entry) -> SuiteDesign:
    """Return the entry with the current state of the design.

    Raises:
        InputFileError: the design changed without a higher task version.
    """
    folder = find_design(entry.name)
    now = SuiteDesign(name=entry.name, task_version=folder.design.task_version, checksum=task_checksum(folder))
    old = entry.task_version
    if _is_new(entry) or old is None or now.task_version > old:
        return now
    if now.task_version < old:
        message = f"{entry.name}: task version {now.task_version} in its design.yaml is below {old}"
        raise document.error(("designs", index), message)
    if now.checksum != entry.checksum:
        where = folder.path / "design.yaml"
        message = f"{entry.name} changed, its task version did not: raise task_version in {where} to {old + 1}"
        raise document.error(("designs", index), message)
    return now


def _write(path: Path, file: SuiteFile, designs: list[SuiteDesign]) -> None:
    comments = takewhile(lambda line: line.startswith("#") or not line.strip(), read_text(path).splitlines())
    head = {"schema_version": file.schema_version, "name": file.name, "version": file.version, "title": file.title}
    entries = [
        f"  - {{name: {one.name}, task_version: {one.task_version}, checksum: {one.checksum}}}" for one in designs
    ]
    text = write_yaml(head, width=120)
    lines = [*comments, text.rstrip("\n"), "designs:", *entries, ""]
    try:
        path.write_text("\n".join(lines), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from None

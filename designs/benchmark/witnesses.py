"""Witnesses: for every bin of a plan, a test that hits it on the real RTL."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from dv_agent.designs.files.documents import read_document
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import StimulusError, Test, tests_from_document
from dv_agent.designs.loader import DesignFolder

FILE = "witnesses/witnesses.json"


def load_witnesses(folder: DesignFolder) -> tuple[Test, ...]:
    """Return the witnesses of a design, in file order; none if the file is missing.

    Raises:
        InputFileError: with file and line.
    """
    path = folder.path / FILE
    return load_tests(path, folder) if path.is_file() else ()


def count_witnesses(folder: DesignFolder) -> int:
    """Return how many witnesses a design has, without checking their steps if the file is JSON.

    Raises:
        InputFileError: as `load_witnesses`.
    """
    path = folder.path / FILE
    with suppress(OSError, ValueError, RecursionError):
        data = json.loads(path.read_bytes())
        if isinstance(data, dict) and isinstance(data.get("tests"), list):
            return len(data["tests"])
    return len(load_witnesses(folder))


def load_tests(path: Path, folder: DesignFolder) -> tuple[Test, ...]:
    """Return the tests of a file, every step checked.

    Raises:
        InputFileError: with file, line, the place in the test and what was expected.
    """
    document = read_document(path)
    tests = tests_from_document(document, folder.design)
    many = isinstance(document.data, dict) and set(document.data) == {"tests"}
    for index, test in enumerate(tests):
        try:
            expand(folder.design, folder.schema, test)
        except StimulusError as error:
            where = ("tests", index, *error.location) if many else error.location
            raise document.error(where, str(error)) from None
    return tests


def save_witnesses(folder: DesignFolder, tests: tuple[Test, ...]) -> Path:
    """Write the witnesses, one on each line, so that a change of one is a diff of one line."""
    path = folder.path / FILE
    path.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(test.data(), separators=(",", ":")) for test in tests)
    path.write_text(f'{{"tests": [\n{lines}\n]}}\n', encoding="utf-8")
    return path

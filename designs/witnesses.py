"""Witnesses: for every bin of a plan, a test that hits it on the real RTL."""

from __future__ import annotations

import json
from pathlib import Path

from dv_agent.designs.files import read_document
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.stimulus import Test, tests_from_document

FILE = "witnesses/witnesses.json"


def load_witnesses(folder: DesignFolder) -> tuple[Test, ...]:
    """The witnesses of a design, in file order; none where the file is missing.

    Raises:
        InputFileError: with file and line.
    """
    path = folder.path / FILE
    return tests_from_document(read_document(path), folder.design) if path.is_file() else ()


def save_witnesses(folder: DesignFolder, tests: tuple[Test, ...]) -> Path:
    """Write the witnesses, one a line, so that a change of one shows as a change of one line."""
    path = folder.path / FILE
    path.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(test.data(), separators=(",", ":")) for test in tests)
    path.write_text(f'{{"tests": [\n{lines}\n]}}\n', encoding="utf-8")
    return path

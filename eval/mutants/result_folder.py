"""The folder of mutants: what was asked, the mutants, the tests, and a line for each outcome once it is known."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from dv_agent.agents.records.reader import RecordLines
from dv_agent.designs.bounds import Stops
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import check_json, parse_line, read_json
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import InputFileError, OutputError, UsageError
from dv_agent.eval.mutants.clean_tests import MOST_TESTS, Given
from dv_agent.eval.mutants.data_model import Outcome, Selection, Settings
from dv_agent.eval.mutants.summary import MutationResult

SETTINGS, SELECTION, TESTS, OUTCOMES = "mutate.json", "selection.json", "tests.json", "mutants.jsonl"
_MOST = 256_000_000
_LINE: TypeAdapter[Outcome] = TypeAdapter(Outcome)


class GivenTests(Frozen):
    """The contents of ``tests.json``."""

    tests: Annotated[tuple[Given, ...], Stops, Field(max_length=MOST_TESTS)]


def begin(folder: Path, settings: Settings, selection: Selection, given: Sequence[Given]) -> None:
    """Write what does not change any more.

    Raises:
        OutputError: the folder cannot be written.
    """
    replace_text(folder / TESTS, GivenTests(tests=tuple(given)).model_dump_json() + "\n")
    replace_text(folder / SELECTION, selection.model_dump_json() + "\n")
    replace_text(folder / SETTINGS, settings.model_dump_json(indent=1) + "\n")


def read_settings(folder: Path) -> Settings:
    """Return what was asked for.

    Raises:
        UsageError: not a folder of mutants.
        InputFileError: the file is broken.
    """
    if not (folder / SETTINGS).is_file():
        raise UsageError(f"{folder} is no folder that `dv-agent mutate` wrote: there is no {SETTINGS} in it")
    return read_json(folder / SETTINGS, Settings)


def read_result(folder: Path) -> MutationResult:
    """Read a folder of mutants, also one whose command was killed.

    Raises:
        UsageError, InputFileError: as `read_settings`.
    """
    settings = read_settings(folder)
    selection = read_json(folder / SELECTION, Selection, most=_MOST)
    outcomes: dict[str, Outcome] = {}
    known = {one.id for one in selection.to_run}
    path = folder / OUTCOMES
    for number, _, line in RecordLines(path):
        check_json(path, line, number)
        if (outcome := parse_line(path, number, line, _LINE)) is not None:
            if outcome.mutant not in known:
                raise InputFileError(path, f"names the mutant {outcome.mutant}, which is not in {SELECTION}", number)
            outcomes[outcome.mutant] = outcome
    in_order = tuple(outcomes[name] for name in sorted(outcomes))
    return MutationResult(folder=str(folder), settings=settings, selection=selection, outcomes=in_order)


def read_tests(folder: Path) -> tuple[Given, ...]:
    """Return the tests; raises `InputFileError`."""
    return read_json(folder / TESTS, GivenTests, most=_MOST).tests


class OutcomeLines:
    """Appends outcomes to ``mutants.jsonl``, each in one write; a part that an earlier kill left is cut off first.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / OUTCOMES
        lines = RecordLines(self._path)
        end = max((end for _, end, _ in lines), default=0)
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            os.ftruncate(self._file, end)
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror}") from None

    def add(self, outcome: Outcome) -> None:
        """Append one outcome."""
        line = outcome.model_dump_json().encode() + b"\n"
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror}; go on with --resume") from None
        if written != len(line):
            raise OutputError(f"cannot write {self._path}: no room left; go on with --resume")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

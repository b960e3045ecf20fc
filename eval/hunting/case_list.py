"""The cases of a hunt: designs with a seeded bug, with the change of a mutant, or as they are."""

from __future__ import annotations

import random
from pathlib import Path

from pydantic import Field

from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.files.documents import read_document
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import find_design
from dv_agent.designs.mutants.candidate import Candidate
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.eval.mutants.result_folder import read_result

MOST_CASES = 500


class Case(Frozen):
    """One case as the file writes it; without `bug` and `mutant` the RTL is clean.

    Attributes:
        bug: a seeded bug of the design.
        mutants, mutant: folder of `dv-agent mutate`, beside the file or absolute, and the id of one of its mutants.
    """

    design: str = Field(max_length=400)
    bug: str = Field(default="", max_length=64)
    mutants: str = Field(default="", max_length=1000)
    mutant: str = Field(default="", max_length=64)


class CaseFile(Frozen):
    """The file of cases."""

    schema_version: int = Field(default=1, ge=1, le=1)
    cases: tuple[Case, ...] = Field(min_length=1, max_length=MOST_CASES)


class Trial(Frozen):
    """One trial: what is wrong with the RTL, and its number in the secret order."""

    number: int
    design: str
    bug: str = ""
    change: Candidate | None = None

    @property
    def is_clean(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.bug and self.change is None


def read_cases(path: Path, seed: int) -> tuple[Trial, ...]:
    """Return the trials of a file in the order that `seed` draws.

    Raises:
        InputFileError, UnknownNameError, UsageError: a broken file, or no such design, bug or mutant.
    """
    found = read_document(path).validate(CaseFile)
    cases = list(found.cases)
    random.Random(f"hunt/{seed}").shuffle(cases)
    return tuple(_trial(number, case, path.parent) for number, case in enumerate(cases))


def _trial(number: int, case: Case, base: Path) -> Trial:
    folder = find_design(case.design)
    if case.bug and case.mutant:
        raise UsageError(f"a case of {case.design} has a bug and a mutant; one of both, or none")
    if case.bug:
        known = [one.id for one in load_bugs(folder)]
        if case.bug not in known:
            raise UnknownNameError(f"seeded bug of {case.design}", case.bug, known)
    return Trial(number=number, design=case.design, bug=case.bug, change=_change(case, base) if case.mutant else None)


def _change(case: Case, base: Path) -> Candidate:
    result = read_result(base / case.mutants)
    if result.settings.design != find_design(case.design).design.name:
        raise UsageError(f"{case.mutants} holds mutants of {result.settings.design}, not of {case.design}")
    known = {one.id: one.change for one in result.selection.mutants}
    if case.mutant not in known:
        raise UnknownNameError(f"mutant of {case.mutants}", case.mutant, known)
    return known[case.mutant]

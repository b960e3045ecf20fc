"""What an agent is told of mutants: a bounded list of the changes that the tests so far would not notice."""

from __future__ import annotations

from pathlib import Path

from dv_agent.designs.benchmark.fingerprint import changed_since
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.data_model import Mutant, Outcome
from dv_agent.eval.mutants.result_folder import read_result
from dv_agent.prompts.unnoticed import MOST, Unnoticed


def unnoticed_of(home: Path, folder: DesignFolder) -> tuple[Unnoticed, ...]:
    """Return the survivors of a folder of mutants that differ at the pins, those without stimulus first.

    Raises:
        UsageError: mutants of another design, or of RTL that changed since; or none is different but unnoticed.
        InputFileError: the folder is broken.
    """
    result = read_result(home)
    if result.settings.design != folder.design.name:
        raise UsageError(f"{home} holds mutants of {result.settings.design}, not of {folder.design.name}")
    if "rtl" in changed_since(result.settings.hashes, folder):
        raise UsageError(f"{home}: the RTL of {folder.design.name} changed since; make the mutants anew")
    found = [pair for pair in result.pairs() if pair[1].verdict == "unnoticed"]
    if not found:
        raise UsageError(f"{home}: no change of the RTL is different but unnoticed; there is nothing to tell")
    found.sort(key=lambda pair: pair[1].missing != "stimulus")
    return tuple(_told(*pair) for pair in found[:MOST])


def _told(mutant: Mutant, outcome: Outcome) -> Unnoticed:
    change = mutant.change
    lines = [line for line in mutant.diff.splitlines()[2:] if line[:1] in "+-"]
    shown = outcome.failure.message if outcome.failure else outcome.difference.message if outcome.difference else ""
    return Unnoticed(
        place=f"{change.source}:{change.line}"[:200], change=change.change[:300], diff="\n".join(lines)[:800],
        missing="stimulus" if outcome.missing == "stimulus" else "check", shown=" ".join(shown.split())[:400],
    )  # fmt: skip

"""The mutants of an earlier campaign, tried again with other tests: those that survived it, or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.designs.benchmark.fingerprint import changed_since
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.data_model import Selection, Settings, Verdict
from dv_agent.eval.mutants.result_folder import read_result
from dv_agent.eval.mutants.summary import MutationResult


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is taken over from an earlier campaign."""

    settings: Settings
    selection: Selection


def chosen_before(survivors_of: Path | None, mutants_of: Path | None, folder: DesignFolder) -> Earlier | None:
    """Return the mutants that survived the one campaign, or those of the other that it did not prove equivalent.

    Raises:
        UsageError: both are given, the campaign is not finished or of another state of the design, or nothing is left.
    """
    if survivors_of and mutants_of:
        raise UsageError("--survivors-of and --mutants-of say different things; give one of them")
    home = survivors_of or mutants_of
    if home is None:
        return None
    # Mutants are made of the RTL alone, and what killed one was a check of the model; bins decide neither.
    result = _earlier(home, folder, ("rtl", "model") if survivors_of else ("rtl",))
    selection = survivors(result) if survivors_of else not_equivalent(result)
    if not selection.mutants:
        raise UsageError(f"{home}: its tests killed every mutant, or what is left is equivalent; none is left to try")
    return Earlier(result.settings, selection)


def _earlier(home: Path, folder: DesignFolder, kinds: Sequence[str]) -> MutationResult:
    """Return the campaign in `home`, which must be finished, and of a design whose `kinds` are the same today.

    Raises:
        UsageError: it is not.
    """
    result = read_result(home)
    if result.settings.design != folder.design.name:
        raise UsageError(f"{home} holds mutants of {result.settings.design}, not of {folder.design.name}")
    if changed := changed_since(result.settings.hashes, folder, kinds):
        raise UsageError(f"{home}: {' and '.join(changed)} of {folder.design.name} changed since; make it anew")
    if result.left:
        raise UsageError(f"{home} is not finished: dv-agent mutate --resume {home}")
    return result


def survivors(result: MutationResult) -> Selection:
    """Return the mutants that a campaign played tests on, and neither killed nor proved equivalent."""
    return _of_verdict(result, "unnoticed", "unknown", played=True)


def not_equivalent(result: MutationResult) -> Selection:
    """Return the mutants that a campaign did not prove equivalent."""
    return _of_verdict(result, "killed", "unnoticed", "unknown")


def _of_verdict(result: MutationResult, *verdicts: Verdict, played: bool = False) -> Selection:
    kept = {one.mutant for _, one in result.pairs() if one.verdict in verdicts and (one.cycles or not played)}
    return Selection(
        mutants=tuple(one for one in result.selection.mutants if one.id in kept), candidates=result.selection.candidates
    )

"""A worker process: reads mutants as lines of JSON and writes outcomes as lines of JSON; it ends with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from dv_agent.designs.files.garbage import collect_seldom
from dv_agent.designs.files.scratch import remove_own
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import load_design
from dv_agent.errors import DvAgentError, PrerequisiteError
from dv_agent.eval.mutants.clean_tests import load_saved
from dv_agent.eval.mutants.data_model import Mutant, Oracle, Outcome
from dv_agent.eval.mutants.one_mutant.trial import MutantTrials

_PR_SET_PDEATHSIG = 1


class Setup(Frozen):
    """What a worker is told first.

    Attributes:
        design: folder of the design.
        tests: file that lists the tests, see `dv_agent.eval.mutants.clean_tests`.
        room: a folder of its own.
        covered: bins that the given tests hit.
        prove_seconds, ends: see `MutantTrials`.
    """

    design: Path
    simulator: str
    oracle: Oracle
    tests: Path
    room: Path
    covered: tuple[str, ...] = ()
    prove_seconds: float = 0.0
    ends: tuple[int, ...] = ()


def serve(lines: Iterator[str], out: TextIO) -> None:
    """Answer every mutant with its outcome until the input ends; an error of the tool is the reason of an outcome."""
    setup = Setup.model_validate_json(next(lines))
    setup.room.mkdir(parents=True, exist_ok=True)
    trials = MutantTrials(
        load_design(setup.design), setup.simulator, setup.oracle, list(load_saved(setup.tests)), setup.room,
        frozenset(setup.covered), prove_seconds=setup.prove_seconds, ends=setup.ends,
    )  # fmt: skip
    try:
        for line in lines:
            out.write(_answer(trials, Mutant.model_validate_json(line)).model_dump_json() + "\n")
            out.flush()
    finally:
        trials.close()


def _answer(trials: MutantTrials, mutant: Mutant) -> Outcome:
    try:
        return trials.outcome(mutant)
    except PrerequisiteError:
        raise
    except DvAgentError as error:
        return Outcome(mutant=mutant.id, verdict="unknown", reason=f"{type(error).__name__}: {str(error)[:1000]}")
    except Exception as error:  # such as an error of a reference model on values that only a mutant shows
        return Outcome(mutant=mutant.id, verdict="unknown", reason=f"it could not be judged: {error!r}"[:1000])


def main() -> None:
    """Serve the parent process that started this one."""
    collect_seldom()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        return  # the parent died before this process could link its end to the parent's
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Other output of this process must not get between the outcomes.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        serve(iter(sys.stdin), out)
    finally:
        remove_own()


if __name__ == "__main__":
    main()

"""Verification of a submitted evaluation: everything that a board shows is computed again; its folder is not trusted.

The folder may come from anyone: sizes are limited before anything is read, names may not lead out of it, links are not
followed, only designs of this installation are simulated, no model is asked, and nothing is written. Values that cannot
be computed again (see `SELF_REPORTED`) remain claims of the author.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from dv_agent import __version__
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import DesignFolder, find_recorded_design
from dv_agent.errors import DvAgentError, InputFileError, PrerequisiteError, SimulatorLost
from dv_agent.eval.evaluation.data_model import Evaluation, Trial
from dv_agent.eval.evaluation.trial_folder import (
    EVALUATION,
    KILLS,
    RUN,
    TRIAL,
    read_evaluation,
    read_header,
    read_kills,
    read_trial,
)
from dv_agent.eval.execution.trial_run import Hunters
from dv_agent.eval.suites.suite import task_checksum
from dv_agent.eval.verification.again.first_pass import first_session
from dv_agent.eval.verification.again.judging_again import claims_again, kills_again, score_again
from dv_agent.eval.verification.again.proposing_again import agent_of, bench_of
from dv_agent.eval.verification.again.simulating_again import begin, simulate_again
from dv_agent.eval.verification.copies import Replies
from dv_agent.eval.verification.plain_files import require_plain_file
from dv_agent.eval.verification.promised import promised
from dv_agent.eval.verification.same_run import same_run, same_trial
from dv_agent.eval.verification.verdict import (
    LONGEST,
    Doubt,
    Finding,
    Status,
    Verification,
    refused,
    status_of,
    unverifiable,
)
from dv_agent.runners.recording.simulator import RecordingSimulator, RecordingStore
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Session, Simulator

MOST_TRIALS = 100_000
VERIFICATION = "verification.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OF_A_RUN = (f"{RUN}/run.json", f"{RUN}/turns.jsonl", f"{RUN}/coverage.json")


def verify(folder: Path, tell: Callable[[str], None] = lambda words: None, only: Sequence[str] = ()) -> Verification:
    """Repeat all finished trials of an evaluation and compare them with their records.

    Args:
        tell: called with the id of each trial before it is verified.
        only: ids of the trials to verify; empty for all.

    Raises:
        InputFileError: not an evaluation, too large, or written by an incompatible version.
        PrerequisiteError: the simulator is not installed.
    """
    require_plain_file(folder, EVALUATION)
    evaluation = read_evaluation(folder)
    if evaluation is None:
        raise InputFileError(folder, "no evaluation.json in it")
    if len(evaluation.trials) > MOST_TRIALS:
        raise InputFileError(folder / EVALUATION, f"more than {MOST_TRIALS:,} trials")
    found: dict[str, tuple[Doubt, ...] | None] = {}
    with Hunters() as hunters:
        looking = _Looking(folder, evaluation, hunters)
        for trial in evaluation.trials:
            if (not only or trial.id in only) and trial.id not in found:
                tell(trial.id[:LONGEST])
                found[trial.id] = looking.at(trial)
    for doubt in looking.replies.doubts():
        found[doubt.trial] = (*(found[doubt.trial] or ()), doubt)
    whole = () if only else tuple(promised(folder, evaluation))
    verdicts: dict[str, Status] = {
        name: "open" if doubts is None else status_of(doubts) for name, doubts in found.items()
    }
    still_open = sum(one == "open" for one in verdicts.values())
    return Verification(
        evaluation=hashlib.sha256((folder / EVALUATION).read_bytes()).hexdigest(),
        project=__version__,
        made_by=evaluation.identity.project[:LONGEST],
        trials=len(found) - still_open,
        open=still_open,
        verdicts=verdicts,
        doubts=(*whole, *(one for doubts in found.values() for one in doubts or ())),
    )


@dataclass(frozen=True, slots=True)
class _Looking:
    """State shared by the trials of an evaluation during verification."""

    folder: Path
    evaluation: Evaluation
    hunters: Hunters
    replies: Replies = field(default_factory=Replies)

    def at(self, trial: Trial) -> tuple[Doubt, ...] | None:
        """Return the doubts about a trial; None if it claims no result.

        Raises:
            PrerequisiteError: the simulator is not installed.
            SimulatorLost: the simulator was killed from outside in every attempt.
        """
        try:
            if not self._claims(trial):
                return None
            found = list(self._findings(trial))
        except PrerequisiteError as error:
            if trial.entry.model is None:
                raise
            found = [unverifiable(f"cannot be verified here: {error}"[:500])]
        except SimulatorLost:  # a problem of this machine is no evidence against the trial
            raise
        except (DvAgentError, ValidationError, OSError, ValueError, RecursionError) as error:
            found = [refused(f"cannot be verified: {type(error).__name__}: {str(error)[:500]}")]
        return tuple(Doubt(trial=trial.id, what=words, kind=kind) for kind, words in found)

    def _home(self, trial: Trial) -> Path:
        return self.folder / "trials" / trial.id

    def _require(self, trial: Trial, *names: str) -> None:
        for name in names:
            require_plain_file(self.folder, f"trials/{trial.id}/{name}")

    def _claims(self, trial: Trial) -> bool:
        """Return whether a trial claims to have finished, or claims to have failed although its run finished."""
        if not _NAME.fullmatch(trial.id) or trial.design not in design_names():
            return True
        home = self._home(trial)
        if not home.is_symlink() and not (home / TRIAL).exists():
            return False
        self._require(trial, TRIAL)
        record = read_trial(home)
        if record is None or record.status != "failed":
            return record is not None and record.status == "finished"
        if record.failure is None or record.failure.kind not in ("model", "usage") or not (home / RUN).exists():
            return False
        self._require(trial, f"{RUN}/run.json")
        header = read_header(home)
        return header is not None and header.status == "finished"

    def _findings(self, trial: Trial) -> Iterator[Finding]:
        if not _NAME.fullmatch(trial.id) or trial.design not in design_names():
            yield refused(f"design {trial.design[:60]!r} is none of this installation")
            return
        home, hunts = self._home(trial), self.evaluation.hunts(trial)
        record = read_trial(home)
        if record is None or record.status != "finished":
            yield refused("said to have failed by its model, but its run has ended")
            return
        hunted = hunts or (home / KILLS).exists()
        self._require(trial, *([KILLS] if hunted else []), *_OF_A_RUN)
        if hunted and not hunts:
            yield refused("kills.json is there, though no seeded bug is said to be hunted in it")
        design = find_recorded_design(trial.design)
        claimed = {one.design: one.checksum for one in self.evaluation.identity.designs}.get(trial.design)
        if not record.identity == claimed == task_checksum(design):
            yield unverifiable("made with another state of the design; it cannot be verified here")
            return
        run = read_run(home / RUN)
        found = list(same_trial(trial, self.evaluation))
        found += same_run(run, trial, self.evaluation, design)
        if record.trial != trial:
            found.append(refused("trial.json is of another trial"))
        yield from found
        if not found:
            self.replies.add(trial.id, run)
            yield from self._made_again(run, trial, design, hunted)

    def _made_again(self, run: RecordedRun, trial: Trial, design: DesignFolder, hunted: bool) -> Iterator[Finding]:
        home, shelf, official = self._home(trial), RecordingStore(), find_simulator(trial.simulator)
        again = _first_pass(run, trial, design, official)
        if again is None or again.found:
            simulator = RecordingSimulator(official, shelf) if hunted else official
            with simulator.open(design.design) as session:
                again = _pass(run, trial, design, official, session)
        yield from again.found
        if not again.complete:
            return
        sheet = read_kills(home) if hunted else None
        if hunted:
            hunter = self.hunters.of(trial.design, task_checksum(design), trial.simulator)
            yield from kills_again(run, trial, sheet, hunter, shelf)
        yield from score_again(home, again.state, again.bench, sheet)


@dataclass(frozen=True, slots=True)
class _Pass:
    """What came out of a run that was made again."""

    found: tuple[Finding, ...]
    complete: bool
    state: RunState
    bench: Testbench


def _first_pass(run: RecordedRun, trial: Trial, design: DesignFolder, official: Simulator) -> _Pass | None:
    """Return what the native path says, if it says anything."""
    try:
        session = first_session(official, design.design, run.header.spent.cycles)
        if session is None:
            return None
        with session:
            return _pass(run, trial, design, official, session)
    except PrerequisiteError:
        raise
    except DvAgentError:  # the second pass says what is wrong
        return None


def _pass(run: RecordedRun, trial: Trial, design: DesignFolder, official: Simulator, session: Session) -> _Pass:
    bench = bench_of(trial, design, plan_of(design), session, official)
    again = begin(bench)
    found = list(simulate_again(run, trial, agent_of(trial, run, design, bench), bench, again))
    if again.complete:
        found += claims_again(run, bench, design, official)
    return _Pass(tuple(found), again.complete, again.state, bench)

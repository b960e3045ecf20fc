"""Execution of one trial from its task to its record: the run, then its tests against the seeded bugs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from dv_agent.agents.records.crash_file import write_crash
from dv_agent.agents.records.lock import Taken, owned
from dv_agent.agents.records.reader import read_run
from dv_agent.agents.runs.launch import Stopper, launch
from dv_agent.agents.runs.progress import RunWatcher
from dv_agent.agents.runs.request import RunRequest
from dv_agent.designs.files.documents import make_folders
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import find_recorded_design
from dv_agent.errors import (
    DvAgentError,
    ModelFailure,
    OutputError,
    SimulationError,
    SimulatorLost,
    UsageError,
)
from dv_agent.eval.evaluation.data_model import Earlier, Trial, TrialFailure, TrialRecord
from dv_agent.eval.evaluation.trial_folder import (
    KILLS,
    RUN,
    TRIAL,
    begun,
    put_aside,
    read_header,
    read_kills,
    reusable,
    run_is_complete,
    write_atomically,
)
from dv_agent.eval.execution.bug_hunt import Hunter, tests_digest
from dv_agent.eval.execution.kill_cache import KillCache
from dv_agent.eval.report.output import write_report
from dv_agent.eval.suites.suite import task_checksum
from dv_agent.runners.recording.simulator import RecordingSimulator, RecordingStore
from dv_agent.runners.registry import find_simulator

_MESSAGE = 2_000


class TrialTask(Frozen):
    """The input of a worker: one trial and how to execute it.

    Attributes:
        folder: absolute path of the trial's folder.
        checksum: checksum of the design at the start of the evaluation; a design that changed since then is refused.
        hunt: whether its tests are run against the seeded bugs.
        redo: discard an existing run.
        retry_errors: resume a trial that failed.
        requests_per_minute: request rate of its model, if a cap sets it.
        strategy_file: the file of its prompt strategy, where the entry only names it; None: the entry says where it is.
        cache: SQLite file of replies; None: that of the entry's options, if there is one.
    """

    trial: Trial
    folder: Path
    checksum: str
    hunt: bool = True
    redo: bool = False
    retry_errors: bool = False
    requests_per_minute: float | None = None
    strategy_file: Path | None = None
    cache: Path | None = None

    @property
    def replies(self) -> Path | None:
        """Return the file of replies, or None."""
        options = self.trial.entry.options
        return self.cache or (Path(options["cache"]) if "cache" in options else None)


class TrialWatcher(RunWatcher, Protocol):
    """Protocol that receives the progress of a trial."""

    def hunting(self, bug: str) -> None:
        """Receive that the tests are now run against this seeded bug."""
        ...


class TrialInterrupted(Exception):
    """The trial stopped on request between two turns; the next command resumes it."""


class Hunters:
    """Holder of one Hunter: its buggy copies are kept while the trials are of the same design."""

    def __init__(self) -> None:
        self._hunter: Hunter | None = None
        self._key = ("", "", "")

    def of(self, design: str, checksum: str, simulator: str) -> Hunter:
        """Return the hunter for this design; the previous one is closed if it was for another design.

        Raises:
            InputFileError: the design or its bugs cannot be read.
        """
        key = (design, checksum, simulator)
        if self._hunter is None or self._key != key:
            self.close()
            self._hunter, self._key = Hunter(find_recorded_design(design), find_simulator(simulator)), key
        return self._hunter

    def close(self) -> None:
        """Stop all simulators."""
        if self._hunter:
            self._hunter.close()
        self._hunter = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Attempt:
    task: TrialTask
    watcher: TrialWatcher
    stopper: Stopper
    store: RecordingStore
    aside: list[Earlier] = field(default_factory=list)


def execute_trial(task: TrialTask, watcher: TrialWatcher, stopper: Stopper, hunters: Hunters) -> TrialRecord:
    """Execute the remaining parts of a trial; every failure is written to its record.

    Raises:
        Taken: another process executes this trial.
        Interrupted: `stopper` was set; the status in the record is ``running``.
        OutputError: the record cannot be written.
    """
    make_folders(task.folder)
    with owned(task.folder):
        if not task.redo and (done := reusable(task.folder, task.trial, task.checksum, task.retry_errors, task.hunt)):
            return done  # executed meanwhile by another command
        record = begun(task.folder, task.trial, task.checksum, task.redo)
        attempt = _Attempt(task, watcher, stopper, RecordingStore())
        ended = _ended(record, attempt, hunters)
        ended = ended.model_copy(update={"earlier": (*record.earlier, *attempt.aside)})
        write_atomically(task.folder / TRIAL, ended)
        return ended


def failed(record: TrialRecord, error: BaseException, more: str = "") -> TrialRecord:
    """Return `record` with the reason of its failure; `more` is appended to the message."""
    kind: str = "infrastructure"
    if isinstance(error, ModelFailure):
        kind = "model"
    elif isinstance(error, SimulationError) and not isinstance(error, SimulatorLost):
        kind = "simulator"
    elif isinstance(error, UsageError) and not isinstance(error, OutputError):
        kind = "usage"
    failure = TrialFailure.model_validate(
        {"kind": kind, "error": type(error).__name__, "message": f"{str(error)[:_MESSAGE]}{more}"}
    )
    return record.model_copy(update={"status": "failed", "failure": failure})


def _ended(record: TrialRecord, attempt: _Attempt, hunters: Hunters) -> TrialRecord:
    try:
        _require_same_design(attempt.task)
        _run(attempt, record)
        started = time.monotonic()
        repeated = _hunt(attempt, hunters) if attempt.task.hunt else 0
    except Taken:  # another process resumes the run of this trial
        raise
    except DvAgentError as error:
        return failed(record, error)
    except (KeyboardInterrupt, TrialInterrupted):
        raise
    except Exception as error:  # an error of Python or of the machine, never of the model
        path = write_crash(error, attempt.task.folder)
        return failed(record, error, f"; its traceback is in {path}" if path else "")
    header = read_header(attempt.task.folder)
    update = {
        "status": "finished", "seconds": header.spent.seconds if header else 0.0,
        "kill_seconds": time.monotonic() - started,
        "nothing_checked": header.nothing_checked if header else "",
        "repeated_simulations": (header.repeated_simulations if header else 0) + repeated,
    }  # fmt: skip
    return record.model_copy(update=update)


def _require_same_design(task: TrialTask) -> None:
    if task_checksum(find_recorded_design(task.trial.design)) != task.checksum:
        raise UsageError(f"{task.trial.design} changed while it was evaluated; give the command again")


def _run(attempt: _Attempt, record: TrialRecord) -> None:
    folder = attempt.task.folder
    if run_is_complete(folder):
        return
    if (folder / RUN / "run.json").is_file():
        try:
            _launch(attempt, _resuming(attempt.task))
            return
        except Taken:
            raise
        except UsageError as error:
            attempt.watcher.say(f"cannot be resumed: {error}")
    attempt.aside.extend(put_aside(folder, record.attempts))
    if attempt.aside:
        earlier = (*record.earlier, *attempt.aside)
        write_atomically(folder / TRIAL, record.model_copy(update={"earlier": earlier}))
    make_folders(folder / RUN)
    trial, entry = attempt.task.trial, attempt.task.trial.entry
    budget, options = trial.budget, entry.options
    request = RunRequest(
        design=trial.design, agent=entry.agent, seed=trial.seed, into=folder / RUN,
        simulator=trial.simulator, track=trial.track,
        max_cycles=budget.cycles, max_calls=budget.calls, max_tokens_total=budget.tokens, max_usd=budget.usd,
        max_seconds=budget.seconds, guided=options.get("guided", True), decoys=options.get("decoys", 0),
        patience=options.get("patience"), model=entry.model.model_dump() if entry.model else None,
        prompt_strategy=str(attempt.task.strategy_file or entry.strategy or "default"),
        requests_per_minute=attempt.task.requests_per_minute,
        cache=attempt.task.replies,
    )  # fmt: skip
    _launch(attempt, request)


def _resuming(task: TrialTask) -> RunRequest:
    entry = task.trial.entry
    return RunRequest(
        resume=task.folder / RUN, requests_per_minute=task.requests_per_minute,
        base_url=entry.model.base_url if entry.model else None,
        cache=task.replies,
    )  # fmt: skip


def _launch(attempt: _Attempt, request: RunRequest) -> None:
    finished = launch(
        request, attempt.watcher, write_report, attempt.stopper,
        lambda name: RecordingSimulator(find_simulator(name), attempt.store),
    )  # fmt: skip
    if finished.header.status == "interrupted":
        raise TrialInterrupted


def _hunt(attempt: _Attempt, hunters: Hunters) -> int:
    """Write the kill sheet; return how many simulations were repeated because their process was killed."""
    task = attempt.task
    records = [record for turn in read_run(task.folder / RUN).turns for record in turn.tests]
    digest = tests_digest(record.test for record in records)
    sheet = read_kills(task.folder)
    if sheet and sheet.tests == digest:
        return 0
    hunter = hunters.of(task.trial.design, task.checksum, task.trial.simulator)
    before = hunter.repeated
    cycles = task.trial.budget.cycles
    cache = KillCache(task.checksum, hunter.simulator, cycles)
    sheet = None if task.redo else cache.get(digest)
    if sheet is None:

        def tell(bug: str) -> None:
            attempt.watcher.hunting(bug)
            if attempt.stopper.asked():
                raise TrialInterrupted

        sheet = hunter.hunt(records, attempt.store, cycles, tell)
        cache.put(sheet)
    write_atomically(task.folder / KILLS, sheet)
    return hunter.repeated - before

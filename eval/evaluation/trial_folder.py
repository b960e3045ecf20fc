"""Reading and writing of the folder of one trial: trial.json, kills.json, and whether both can be reused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal, TypeVar

from dv_agent.agents.records.reader import is_there
from dv_agent.agents.records.schema import HEADER, RunHeader
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import InputFileError, OutputError
from dv_agent.eval.evaluation.data_model import Earlier, Evaluation, KillSheet, Trial, TrialRecord

Model = TypeVar("Model", bound=Frozen)
EVALUATION = "evaluation.json"
LARGEST = 64 << 20
"""Bytes of ``evaluation.json``."""
TRIAL, KILLS, RUN, REPORT, MUTANTS = "trial.json", "kills.json", "run", "report.html", "mutants"


def read_evaluation(folder: Path) -> Evaluation | None:
    """Read ``evaluation.json``; return None if there is none.

    Raises:
        InputFileError: the file exists, but this version cannot read it.
    """
    path = folder / EVALUATION
    return read_json(path, Evaluation, most=LARGEST) if is_there(path) else None


def read_trial(folder: Path) -> TrialRecord | None:
    """Read ``trial.json``; return None if there is none that this version can read."""
    return _read(folder / TRIAL, TrialRecord)


def read_kills(folder: Path) -> KillSheet | None:
    """Read ``kills.json``; return None if there is none that this version can read."""
    return read_sheet(folder / KILLS)


def read_sheet(path: Path) -> KillSheet | None:
    """Read a kill sheet; return None if there is none that this version can read."""
    return _read(path, KillSheet)


def read_header(folder: Path) -> RunHeader | None:
    """Read ``run/run.json``; return None if there is none that this version can read."""
    return _read(folder / RUN / HEADER, RunHeader)


def write_atomically(path: Path, data: Frozen) -> None:
    """Write JSON atomically: a reader sees the old file or the new one, never a partial file.

    Raises:
        OutputError: it cannot be written.
    """
    replace_text(path, data.model_dump_json(indent=1) + "\n", make_folder=True)


def run_is_complete(folder: Path) -> bool:
    """Return whether the run of a trial ended and all its files were written."""
    header = read_header(folder)
    return header is not None and header.status == "finished" and (folder / RUN / REPORT).is_file()


def reusable(folder: Path, trial: Trial, identity: str, retry_errors: bool, hunt: bool = True) -> TrialRecord | None:
    """Return the record of a trial that need not be executed again, else None.

    A finished trial is reused, and a failed one too, because a failure is a result. Not reused are: trials that were
    killed, trials that failed for a reason of the infrastructure, trials made with another state of the design, and
    trials without a kill sheet if `hunt` requires one.
    """
    record = read_trial(folder)
    if record is None or record.trial != trial or record.identity != identity:
        return None
    if record.status == "finished" and run_is_complete(folder) and (not hunt or read_kills(folder)):
        return record
    if record.status == "failed" and record.failure and record.failure.kind != "infrastructure" and not retry_errors:
        return record
    return None


def begun(folder: Path, trial: Trial, identity: str, redo: bool) -> TrialRecord:
    """Return the record of a trial that starts or resumes; files in its folder that must not be continued are removed.

    Args:
        redo: discard the existing run; its attempts stay recorded.
    """
    before = read_trial(folder)
    same = before is not None and (before.trial, before.identity) == (trial, identity)
    earlier = before.earlier if before and same else ()
    if redo and same:
        earlier += thrown_away(folder, "redo")
    if redo or (before and not same):
        clear(folder)
    attempts = before.attempts + 1 if before else 1
    record = TrialRecord(trial=trial, status="running", attempts=attempts, earlier=earlier, identity=identity)
    write_atomically(folder / TRIAL, record)
    return record


def thrown_away(folder: Path, why: Literal["redo", "set aside"]) -> tuple[Earlier, ...]:
    """Return the result of a run that is about to be discarded; empty if it has no finished turn."""
    if not (folder / RUN / "turns.jsonl").exists():
        return ()
    header = read_header(folder)
    if header is None:
        return (Earlier(why=why),)
    return (
        Earlier(
            why=why, status=header.status, stop_reason=header.stop_reason, finished=header.finished,
            bins_hit=header.bins_hit, bins=header.bins, cycles=header.spent.cycles,
        ),
    )  # fmt: skip


def put_aside(folder: Path, attempt: int) -> tuple[Earlier, ...]:
    """Rename a run that cannot be resumed to ``run-<attempt>``, so that model replies that were paid for are kept."""
    aside = thrown_away(folder, "set aside")
    if (folder / RUN).exists():
        try:
            (folder / RUN).rename(folder / f"{RUN}-{attempt}")
        except OSError as error:
            raise OutputError(f"cannot move {folder / RUN}: {error.strerror}") from None
    return aside


def clear(folder: Path) -> None:
    """Delete all files of a trial."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name != ".lock":
            entry.unlink(missing_ok=True)


def _read(path: Path, kind: type[Model]) -> Model | None:
    try:
        return read_json(path, kind)
    except InputFileError:
        return None

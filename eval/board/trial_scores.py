"""The trials of a board, each with its score or with the reason why it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dv_agent.errors import InputFileError
from dv_agent.eval.board.leaderboard import Status
from dv_agent.eval.board.metrics import COVERAGE, figures_of
from dv_agent.eval.board.sources import BoardSource, TrialSource
from dv_agent.eval.board.tasks import Task
from dv_agent.eval.evaluation.data_model import Trial, TrialRecord
from dv_agent.eval.scoring.cache import score_trial
from dv_agent.eval.scoring.read_record import validated
from dv_agent.eval.scoring.score import TrialScore


@dataclass(frozen=True, slots=True)
class ScoredTrial:
    """A trial.

    Attributes:
        row: digest of its entry.
        status: ``scored``; ``failed``; ``unfinished``: a worker is at it, or was killed; ``missing``: never begun;
            ``foreign``: recorded on another state of the task than the board's.
        figures: name of a metric -> value; lifts are added later.
    """

    trial: Trial
    room: Path
    row: str
    status: Status
    record: TrialRecord | None = None
    score: TrialScore | None = None
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def coverage(self) -> float:
        """Percentage of bins hit; 0 without a score."""
        return self.figures.get(COVERAGE, 0.0)


def score_all(source: BoardSource, tasks: Mapping[str, Task], *, use_cache: bool = True) -> tuple[ScoredTrial, ...]:
    """Every trial of `source`, in its order.

    Raises:
        InputFileError: a record that is broken.
    """
    checksums = {one.design: one.checksum for one in source.identity.designs}
    return tuple(
        _scored(one, tasks[one.trial.design], checksums.get(one.trial.design), use_cache) for one in source.trials
    )


def _scored(asked: TrialSource, task: Task, checksum: str | None, use_cache: bool) -> ScoredTrial:
    trial, room, row = asked.trial, asked.room, asked.trial.entry.digest
    path = room / "trial.json"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ScoredTrial(trial, room, row, "missing")
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror}") from None
    record = validated(TrialRecord, data, path)
    if record.trial != trial or record.identity not in ("", checksum):
        return ScoredTrial(trial, room, row, "foreign", record)
    if record.status == "running":
        return ScoredTrial(trial, room, row, "unfinished", record)
    if record.status == "failed":
        return ScoredTrial(trial, room, row, "failed", record)
    score = score_trial(room, task.plan, use_cache=use_cache)
    return ScoredTrial(trial, room, row, "scored", record, score, figures_of(score))

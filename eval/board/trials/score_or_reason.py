"""The trials of a board, each with its score or the reason why it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dv_agent.agents.records.reader import is_there
from dv_agent.designs.files.json_file import read_json
from dv_agent.eval.board.leaderboard import Status
from dv_agent.eval.board.trials.metrics import COVERAGE, figures_of
from dv_agent.eval.board.trials.sources import BoardSource, TrialSource
from dv_agent.eval.board.trials.tasks import Task
from dv_agent.eval.evaluation.data_model import BugOutcome, Identity, Trial, TrialRecord
from dv_agent.eval.evaluation.trial_folder import TRIAL
from dv_agent.eval.scoring.cache import score_trial
from dv_agent.eval.scoring.score import TrialScore
from dv_agent.eval.verification.verdict import Verification


@dataclass(frozen=True, slots=True)
class ScoredTrial:
    """One trial with its score, or with the reason why it has none.

    Attributes:
        row: digest of its entry.
        status: ``scored``; ``failed``; ``unfinished``: it is running, or its worker was killed; ``missing``: never
            started; ``foreign``: recorded with another task state or budget than the board's; ``refused``: verification
            found that it is not as recorded; ``unverifiable``: it cannot be verified on this machine.
        doubt: why it is refused or unverifiable.
        figures: name of a metric -> value; lifts are added later.
    """

    trial: Trial
    room: Path
    row: str
    status: Status
    record: TrialRecord | None = None
    score: TrialScore | None = None
    doubt: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def coverage(self) -> float:
        """Return the percentage of bins hit; 0 without a score."""
        return self.figures.get(COVERAGE, 0.0)


def score_all(
    source: BoardSource,
    tasks: Mapping[str, Task],
    *,
    use_cache: bool = True,
    verified: Mapping[Path, Verification] | None = None,
) -> tuple[ScoredTrial, ...]:
    """Return every trial of `source`, in its order, with its score.

    Args:
        verified: folder of `source` -> the result of verifying it.

    Raises:
        InputFileError: a record that is broken.
    """
    known: dict[BugOutcome, BugOutcome] = {}
    return tuple(
        _with_shared(_scored(one, source.identity, tasks, use_cache, verified or {}), known) for one in source.trials
    )


def _with_shared(one: ScoredTrial, known: dict[BugOutcome, BugOutcome]) -> ScoredTrial:
    """Return the trial with every outcome that an earlier trial had too replaced by that one, which saves memory."""
    if one.score is None or one.score.bugs is None:
        return one
    outcomes = tuple(known.setdefault(outcome, outcome) for outcome in one.score.bugs.outcomes)
    bugs = one.score.bugs.model_copy(update={"outcomes": outcomes})
    return replace(one, score=one.score.model_copy(update={"bugs": bugs}))


def _scored(
    asked: TrialSource,
    identity: Identity,
    tasks: Mapping[str, Task],
    use_cache: bool,
    verified: Mapping[Path, Verification],
) -> ScoredTrial:
    trial, room, row = asked.trial, asked.room, asked.trial.entry.digest
    if (found := verified.get(room.parent.parent)) and (doubt := found.against(trial.id)):
        verdict = found.verdicts.get(trial.id)
        return ScoredTrial(trial, room, row, "unverifiable" if verdict == "unverifiable" else "refused", doubt=doubt)
    path = room / TRIAL
    if not is_there(path):
        return ScoredTrial(trial, room, row, "missing")
    record = read_json(path, TrialRecord)
    checksum = {one.design: one.checksum for one in identity.designs}.get(trial.design)
    if record.trial != trial or record.identity not in ("", checksum) or trial.budget != identity.budget:
        return ScoredTrial(trial, room, row, "foreign", record)
    record = record.model_copy(update={"trial": trial})  # equal: kept once, also where there are ten thousand
    if record.status == "running":
        return ScoredTrial(trial, room, row, "unfinished", record)
    if record.status == "failed":
        return ScoredTrial(trial, room, row, "failed", record)
    score = score_trial(room, tasks[trial.design].plan, use_cache=use_cache)
    return ScoredTrial(trial, room, row, "scored", record, score, figures=figures_of(score))

"""``score.json``: the score of a trial, kept beside it until its records, the plan or a formula change."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pydantic import ValidationError

from dv_agent.coverage.plan import Plan
from dv_agent.designs.files import replace_text
from dv_agent.errors import OutputError
from dv_agent.eval.scoring.read_record import read_files
from dv_agent.eval.scoring.score import TrialScore
from dv_agent.eval.scoring.score_trial import inputs_of, score_files

NAME = "score.json"


def score_trial(room: Path, plan: Plan, *, use_cache: bool = True) -> TrialScore:
    """The score of the trial in `room`, from ``score.json`` if that is still right, which is written if not.

    A folder that cannot be written only costs time.

    Raises:
        InputFileError: see `score_files`.
    """
    files = read_files(room)
    if use_cache and (kept := _kept(room / NAME, inputs_of(files, plan))):
        return kept
    score = score_files(files, plan)
    if use_cache:
        _keep(score, room / NAME)
    return score


def _kept(path: Path, inputs: str) -> TrialScore | None:
    try:
        data = path.read_bytes()
        if inputs.encode() not in data[:200]:
            return None
        score = TrialScore.model_validate_json(data)
    except (OSError, ValidationError):
        return None
    return score if score.inputs == inputs else None


def _keep(score: TrialScore, path: Path) -> None:
    with contextlib.suppress(OutputError):
        replace_text(path, score.model_dump_json() + "\n")

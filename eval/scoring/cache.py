"""Scores of trials that were computed before, kept on this machine until records, plan or a formula change.

They stand beside the builds of the simulators, never in the folder of an evaluation: what such a folder says is
computed from its records, whoever wrote it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from pydantic import ValidationError

from dv_agent import __version__
from dv_agent.coverage.plan import Plan
from dv_agent.designs.files.documents import replace_text
from dv_agent.errors import OutputError
from dv_agent.eval.scoring.score import TrialScore
from dv_agent.eval.scoring.score_trial import inputs_of, score_records
from dv_agent.runners.build.cache import cache_folder


def score_trial(room: Path, plan: Plan, *, use_cache: bool = True) -> TrialScore:
    """The score of the trial in `room`, from the cache of this machine if it is there, which is written if not.

    A cache that cannot be written only costs time.

    Raises:
        InputFileError: see `score_records`.
    """
    path = cache_path(inputs_of(room, plan))
    if use_cache and (kept := _kept(path)):
        return kept
    score = score_records(room, plan)
    if use_cache:
        with contextlib.suppress(OutputError):
            replace_text(path, score.model_dump_json() + "\n", make_folder=True)
    return score


def cache_path(inputs: str) -> Path:
    """Where the score of these inputs is kept, by this version."""
    return cache_folder() / "scores" / __version__ / inputs[:2] / f"{inputs}.json"


def _kept(path: Path) -> TrialScore | None:
    try:
        score = TrialScore.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return score if score.inputs == path.stem else None

"""Cache of trial scores on this machine; an entry is valid until records, plan or a formula change.

Scores are stored next to the simulator builds, never in the folder of an evaluation: results of such a folder are
computed from its records, so a score written by someone else is never used.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from pydantic import ValidationError

from dv_agent import __version__
from dv_agent.coverage.plan import Plan
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.places import cache_folder
from dv_agent.errors import OutputError
from dv_agent.eval.scoring.score import TrialScore
from dv_agent.eval.scoring.score_trial import inputs_of, score_records


def score_trial(room: Path, plan: Plan, *, use_cache: bool = True) -> TrialScore:
    """Return the score of the trial in `room`, from this machine's cache; compute and store it if it is missing.

    If the cache cannot be written, only time is lost.

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
    """Return the path at which this version keeps the score of these inputs."""
    return cache_folder() / "scores" / __version__ / inputs[:2] / f"{inputs}.json"


def _kept(path: Path) -> TrialScore | None:
    try:
        score = TrialScore.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return score if score.inputs == path.stem else None

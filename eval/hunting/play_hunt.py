"""Playing a hunt: every trial is an ordinary run in a folder of its own; the same command goes on after a kill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from dv_agent.agents.models.providers import endpoint_of
from dv_agent.agents.records.lock import owned
from dv_agent.agents.records.reader import is_there, read_run
from dv_agent.agents.records.schema import HEADER
from dv_agent.agents.runs.launch import Stopper, launch
from dv_agent.agents.runs.progress import RunWatcher
from dv_agent.agents.runs.request import RunRequest
from dv_agent.agents.runs.start import settings_of
from dv_agent.designs.files.documents import make_folders, replace_text
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.errors import UsageError
from dv_agent.eval.hunting.case_list import Trial
from dv_agent.eval.hunting.floor_hunter import FloorHunter
from dv_agent.eval.hunting.hunt_score import HuntScore, TrialResult, hunt_score, trial_result
from dv_agent.eval.report.output import write_report

HUNT, SCORE = "hunt.json", "score.json"


class Hunt(Frozen):
    """What a folder of a hunt holds: its trials in their order, and who hunts."""

    schema_version: int = 1
    hunter: str
    trials: tuple[Trial, ...]


class HuntReport(Frozen):
    """The score of a hunt, and what became of each trial."""

    schema_version: int = 1
    hunter: str
    score: HuntScore
    trials: tuple[TrialResult, ...]


def play_hunt(
    trials: Sequence[Trial], request: RunRequest, hunter: str, home: Path, watcher: RunWatcher,
    stopper: Callable[[], Stopper], tell: Callable[[int, int], None], floor: bool = False,
) -> HuntReport:  # fmt: skip
    """Play all trials that are not finished, one after the other, and write their score.

    Args:
        request: the options that all trials share.
        hunter: who hunts, in words.
        home: the folder of the hunt.
        tell: is told the number of a trial and of all before each.
        floor: whether `FloorHunter` hunts, and no model is asked.

    Raises:
        UsageError: the folder holds another hunt.
        PrerequisiteError: a package or a key of the model is missing.
        DvAgentError: as `launch`.
    """
    if request.model and not floor and not is_there(home / HUNT):  # before there is a folder
        settings = settings_of(request.model)
        endpoint_of(settings).require(settings)
    make_folders(home)
    with owned(home):
        hunt = Hunt(hunter=hunter, trials=tuple(trials))
        if is_there(home / HUNT):
            if read_json(home / HUNT, Hunt) != hunt:
                raise UsageError(f"{home} holds another hunt; choose another folder with --out")
        else:
            replace_text(home / HUNT, hunt.model_dump_json(indent=1) + "\n")
        results = []
        for trial in trials:
            run_folder = home / f"{trial.number:03}" / "run"
            tell(trial.number, len(trials))
            if not _is_finished(run_folder):
                asked = _request(trial, request, run_folder)
                if floor:
                    replies = len(read_run(run_folder).replies) if asked.resume else 0
                    asked = replace(asked, live=floor_of(trial, find_design(trial.design), replies))
                launch(asked, watcher, write_report, stopper())
            if not _is_finished(run_folder):
                break
            results.append(trial_result(trial.number, trial.is_clean, read_run(run_folder)))
        report = HuntReport(hunter=hunter, score=hunt_score(results), trials=tuple(results))
        replace_text(home / SCORE, report.model_dump_json(indent=1) + "\n")
    return report


def floor_of(trial: Trial, folder: DesignFolder, replies: int = 0) -> FloorHunter:
    """Return the floor of a trial, which has given so many replies."""
    return FloorHunter(folder, f"{trial.number}", replies)


def _is_finished(run_folder: Path) -> bool:
    return is_there(run_folder / HEADER) and read_run(run_folder).header.status == "finished"


def _request(trial: Trial, request: RunRequest, run_folder: Path) -> RunRequest:
    if is_there(run_folder / HEADER):
        address = (request.model or {}).get("base_url")
        return replace(request, design=trial.design, resume=run_folder, base_url=address, model=None)
    return replace(request, design=trial.design, bug=trial.bug or None, change=trial.change, into=run_folder)

"""A hunt made again from its record: every reply, test and report of each trial, and the score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from dv_agent.agents.records.reader import RecordedRun, is_there, read_header, read_run
from dv_agent.agents.records.schema import COVERAGE, HEADER, TURNS
from dv_agent.agents.runs.tool_runs import TOOLS
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.loader import find_recorded_design
from dv_agent.designs.text.wording import counted
from dv_agent.errors import DvAgentError, PrerequisiteError, SimulatorLost
from dv_agent.eval.hunting.case_list import MOST_CASES, Trial
from dv_agent.eval.hunting.floor_hunter import FLOOR
from dv_agent.eval.hunting.hunt_score import TrialResult, hunt_score, trial_result
from dv_agent.eval.hunting.play_hunt import HUNT, SCORE, Hunt, HuntReport, floor_of
from dv_agent.eval.verification.again.run_again import made_again
from dv_agent.eval.verification.plain_files import require_plain_file
from dv_agent.eval.verification.verdict import Doubt, Finding, refused

RUN = "run"


def hunt_again(folder: Path, tell: Callable[[str], None] = lambda words: None) -> tuple[Doubt, ...]:
    """Return what is not as the folder of a hunt says; nothing in it is believed, and nothing is written.

    Args:
        tell: is told the number of each trial before it is made again.

    Raises:
        InputFileError: no hunt, or a broken one.
        PrerequisiteError, SimulatorLost: as they say.
    """
    for name in (HUNT, SCORE):
        require_plain_file(folder, name)
    hunt, said = read_json(folder / HUNT, Hunt), read_json(folder / SCORE, HuntReport)
    doubts, results = list(_whole(folder, hunt, said)), list[TrialResult]()
    for number, trial in enumerate(hunt.trials[:MOST_CASES]):
        if trial.number != number or not is_there(folder / f"{number:03}" / RUN / HEADER):
            continue
        tell(f"{number:03}")
        found, result = _trial(folder, trial, hunt)
        doubts += [Doubt(trial=f"{number:03}", what=words, kind=kind) for kind, words in found]
        results += [result] if result else []
    if not doubts and (said.trials, said.score) != (tuple(results), hunt_score(results)):
        doubts.append(Doubt(what="score.json is not the score of these trials"))
    return tuple(doubts)


def _whole(folder: Path, hunt: Hunt, said: HuntReport) -> Iterator[Doubt]:
    if len(hunt.trials) > MOST_CASES or [one.number for one in hunt.trials] != list(range(len(hunt.trials))):
        yield Doubt(what="its trials are not numbered from 0, or are too many")
        return
    if said.hunter != hunt.hunter:
        yield Doubt(what="its score names another hunter than its list of trials")
    if missing := [one.number for one in hunt.trials if not is_there(folder / f"{one.number:03}" / RUN / HEADER)]:
        words = f"{counted(len(missing), 'trial')} not played, such as {missing[0]:03}"
        yield Doubt(what=words, kind="unverifiable")
    budgets, models = set[str](), set[str]()
    for one in hunt.trials:
        if is_there(folder / f"{one.number:03}" / RUN / HEADER):
            header = read_header(folder / f"{one.number:03}" / RUN)
            budgets.add(header.budget.model_dump_json())
            models.add(header.model.model_dump_json() if header.model else "")
    if len(budgets) > 1 or len(models) > 1:
        yield Doubt(what="its trials had different budgets or models")


def _trial(folder: Path, trial: Trial, hunt: Hunt) -> tuple[list[Finding], TrialResult | None]:
    home = f"{trial.number:03}/{RUN}"
    try:
        for name in (HEADER, TURNS, COVERAGE):
            require_plain_file(folder, f"{home}/{name}")
        run = read_run(folder / home)
        found = list(_same(run, trial, hunt)) or list(_of_the_floor(run, trial)) or list(made_again(run))
    except (PrerequisiteError, SimulatorLost):
        raise
    except (DvAgentError, ValidationError, OSError, ValueError, RecursionError) as error:
        return [refused(f"cannot be verified: {type(error).__name__}: {str(error)[:500]}")], None
    return found, None if found else trial_result(trial.number, trial.is_clean, run)


def _of_the_floor(run: RecordedRun, trial: Trial) -> Iterator[Finding]:
    """Check that the replies of a floor, which asks no model, are what it says to these messages."""
    if run.header.model is None or run.header.model.model != FLOOR:
        return
    floor = floor_of(trial, find_recorded_design(trial.design))
    for number, line in enumerate(run.replies):
        if floor.ask(line.messages).tool_calls != line.reply.tool_calls:
            yield refused(f"reply {number} is not what {FLOOR} says")
            return


def _same(run: RecordedRun, trial: Trial, hunt: Hunt) -> Iterator[Finding]:
    """Check that a run is that of its trial."""
    header = run.header
    options = header.agent_options
    if (header.design, options.bug or "", options.change) != (trial.design, trial.bug, trial.change):
        yield refused("the run was made on other RTL than its trial says")
    if header.track != "hunt" or header.agent != TOOLS or header.model is None:
        yield refused("the run is no trial of a hunt: another track or agent, or no model")
    elif hunt.hunter != f"{TOOLS} {header.model.model}":
        yield refused("the run is that of another hunter")
    if set(options.said) - {"bug", "change"}:
        yield refused(f"the run had options that a hunt has not: {sorted(set(options.said) - {'bug', 'change'})[:5]}")
    if header.status != "finished":
        yield refused(f"the run is {header.status}")
    if any(turn.by_hand for turn in run.turns) or any(turn.budget != header.budget for turn in run.turns):
        yield refused("a person chose what a turn was asked, or a turn had another budget")

"""Is a submitted evaluation what it says? Its tests and kills are simulated again; nothing in its folder is believed.

The folder may come from anyone: sizes are bounded before anything is read, names may not lead out of it, links are not
followed, only designs of this installation are simulated, and nothing is written. What cannot be simulated (tokens,
dollars, the id of a model) stays what its author says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.runs.assembly import make_agent
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TurnRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.design import Frozen
from dv_agent.designs.loader import DesignFolder, design_names, find_recorded_design
from dv_agent.errors import DvAgentError, InputFileError, SimulatorLost
from dv_agent.eval.evaluation.data_model import Evaluation, KillSheet, Trial
from dv_agent.eval.evaluation.trial_folder import EVALUATION, KILLS, RUN, TRIAL, read_evaluation, read_kills, read_trial
from dv_agent.eval.execution.bug_hunt import Hunter
from dv_agent.eval.execution.trial_run import Hunters
from dv_agent.eval.suites.suite import task_checksum
from dv_agent.runners.recording_simulator import RecordingSimulator, RecordingStore
from dv_agent.runners.registry import find_simulator

# Bytes. A default trial of a model with tools takes some ten million at most.
LARGEST = {EVALUATION: 64 << 20, TRIAL: 1 << 20, KILLS: 1 << 20, "run.json": 4 << 20, "turns.jsonl": 512 << 20}
MOST_TRIALS = 100_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Doubt(Frozen):
    """Something that is not as recorded."""

    trial: str
    what: str

    def __str__(self) -> str:
        return f"{self.trial}: {self.what}"


class Verification(Frozen):
    """What came of it.

    Attributes:
        trials: finished trials that were simulated again.
        open: trials without a result, which claim nothing.
    """

    trials: int
    open: int
    doubts: tuple[Doubt, ...]


def verify(folder: Path, tell: Callable[[str], None] = lambda words: None, only: Sequence[str] = ()) -> Verification:
    """Simulate all finished trials of an evaluation again.

    Args:
        tell: called with the id of each trial before its turn.
        only: ids; empty for all.

    Raises:
        InputFileError: no evaluation, too large, or not of this version.
        PrerequisiteError: the simulator is not installed.
        SimulatorLost: it was killed from outside, in every try.
    """
    _require_plain_file(folder, EVALUATION)
    evaluation = read_evaluation(folder)
    if evaluation is None:
        raise InputFileError(folder, "no evaluation.json in it")
    if len(evaluation.trials) > MOST_TRIALS:
        raise InputFileError(folder / EVALUATION, f"more than {MOST_TRIALS:,} trials")
    found: dict[str, list[str]] = {}
    with Hunters() as hunters:
        for trial in evaluation.trials:
            if not only or trial.id in only:
                tell(trial.id[:200])
                found[trial.id] = _found(folder, evaluation, trial, hunters)
    closed = {name: lines for name, lines in found.items() if lines != [_OPEN]}
    doubts = tuple(Doubt(trial=name[:200], what=words) for name, lines in closed.items() for words in lines)
    return Verification(trials=len(closed), open=len(found) - len(closed), doubts=doubts)


_OPEN = "open"


def _found(folder: Path, evaluation: Evaluation, trial: Trial, hunters: Hunters) -> list[str]:
    try:
        return list(_trial(folder, evaluation, trial, hunters))
    except SimulatorLost:  # the machine's doing casts no doubt on anybody
        raise
    except (DvAgentError, ValidationError, OSError) as error:
        return [f"cannot be verified: {type(error).__name__}: {str(error)[:500]}"]


def _trial(folder: Path, evaluation: Evaluation, trial: Trial, hunters: Hunters) -> Iterator[str]:
    """What is wrong with one trial, one line each; `_OPEN` if it claims nothing."""
    if not _NAME.fullmatch(trial.id) or trial.design not in design_names():
        yield f"design {trial.design[:60]!r} is none of this installation"
        return
    home = folder / "trials" / trial.id
    if not home.exists():
        yield _OPEN
        return
    _require_plain_file(home, TRIAL)
    record = read_trial(home)
    if record is None or record.status != "finished":
        yield _OPEN
        return
    for name in (*([KILLS] if evaluation.hunts(trial) else []), f"{RUN}/run.json", f"{RUN}/turns.jsonl"):
        _require_plain_file(home, name)
    design = find_recorded_design(trial.design)
    checksum = task_checksum(design)
    claimed = {one.design: one.checksum for one in evaluation.identity.designs}.get(trial.design)
    if not record.identity == claimed == checksum:
        yield "made with another state of the design; it cannot be verified here"
        return
    run = read_run(home / RUN)
    header = run.header
    said = (header.design, header.agent, header.seed, header.budget, _unpaced(header.model), record.trial)
    if said != (trial.design, trial.entry.agent, trial.seed, trial.budget, _unpaced(trial.entry.model), trial):
        yield "the run is not that of this trial: another design, agent, model, seed or budget"
        return
    store = RecordingStore()
    yield from _coverage(run, trial, design, store)
    if evaluation.hunts(trial):
        yield from _kills(run, read_kills(home), hunters.of(trial.design, checksum, trial.simulator), store)


def _unpaced(model: ModelSettings | None) -> ModelSettings | None:
    """Without the pace, which a cap over the evaluation may have set."""
    return model and model.model_copy(update={"requests_per_minute": None})


def _coverage(run: RecordedRun, trial: Trial, design: DesignFolder, store: RecordingStore) -> Iterator[str]:
    plan = load_plan(design.path / "plan.yaml")
    simulator = RecordingSimulator(find_simulator(trial.simulator), store)
    # What a seeded agent proposes can be made anew; what a model said can not.
    agent = make_agent(run.header, design, None, lambda words: None) if trial.entry.model is None else None
    with simulator.open(design.design) as session:
        bench = Testbench(design, plan, session)
        state = RunState(empty_coverage(plan))
        for number, turn in enumerate(run.turns):
            before, tests = state, tuple(record.test for record in turn.tests)
            if agent and _proposed(agent, bench, before, trial)[: len(tests)] != tests:
                yield f"turn {number}: these are not the tests of {trial.entry.label} with seed {trial.seed}"
                return
            # A cut that the record tells of is not believed: the budget cuts anew.
            bounds = _bounds(turn, before, trial.budget)
            state, again = advance(before, Proposal(tests=tests, usage=turn.usage), bench, bounds)
            if faults := list(_turn(number, turn, again)):
                yield from faults
                return
    found = state.coverage.open_bins
    hit = len(plan.bins) - len(found)
    if (run.header.bins_hit, run.header.spent.cycles) != (hit, state.spent.cycles):
        yield (
            f"run.json says {run.header.bins_hit} bins after {run.header.spent.cycles:,} cycles, "
            f"found {hit} after {state.spent.cycles:,}"
        )


def _bounds(turn: TurnRecord, before: RunState, budget: Budget) -> Budget:
    """Those that held in `turn`: until the budget cut the test that crosses it, that test was finished.

    It was the last one then, and its bins do not count (`dv_agent.eval.scoring.coverage_score`).
    """
    total = before.spent.cycles + sum(test.cycles for test in turn.tests)
    if budget.cycles is None or not turn.tests or turn.tests[-1].max_cycles is not None or total <= budget.cycles:
        return budget
    if total - turn.tests[-1].cycles >= budget.cycles:
        return budget  # not even begun within the budget
    return budget.model_copy(update={"cycles": total})


def _proposed(agent: Agent, bench: Testbench, state: RunState, trial: Trial) -> tuple[object, ...]:
    return agent.propose(make_view(bench, state, trial.budget)).tests


def _turn(number: int, said: TurnRecord, found: TurnRecord) -> Iterator[str]:
    if len(said.tests) != len(found.tests):
        yield f"turn {number}: {len(said.tests)} tests, but the budget was used up after {len(found.tests)}"
        return
    for old, new in zip(said.tests, found.tests, strict=True):
        one, other = (
            (test.index, test.hits, test.end, test.cycles, test.max_cycles, test.new_bins, test.failures)
            for test in (old, new)
        )
        if one != other:
            yield (
                f"test {new.index}: {len(old.hits)} bins hit in {old.cycles:,} cycles ({old.end}) are recorded, "
                f"found {len(new.hits)} in {new.cycles:,} ({new.end})"
            )
            return
    if (said.bins_hit, said.spent.cycles) != (found.bins_hit, found.spent.cycles):
        yield f"turn {number}: {said.bins_hit} bins so far are recorded, found {found.bins_hit}"


def _kills(run: RecordedRun, sheet: KillSheet | None, hunter: Hunter, store: RecordingStore) -> Iterator[str]:
    if sheet is None:
        yield "kills.json is not of this version"
        return
    records = [record for turn in run.turns for record in turn.tests]
    found = hunter.hunt(records, store, run.header.budget.cycles)
    if sheet.tests != found.tests:
        yield "kills.json was made from other tests"
    said = {outcome.bug: outcome for outcome in sheet.outcomes}
    if len(said) != len(sheet.outcomes) or set(said) != {outcome.bug for outcome in found.outcomes}:
        yield "kills.json is not about the seeded bugs of this design"
        return
    bound = run.header.budget.cycles
    for outcome in found.outcomes:
        old = said[outcome.bug]
        if bound is not None and old.cycles > bound:
            continue  # of before tests were cut there; no score counts it as a kill
        if old != outcome:
            yield f"seeded bug {outcome.bug}: {_words(old)} is recorded, found {_words(outcome)}"


def _words(outcome: object) -> str:
    killed, test, check = (getattr(outcome, name) for name in ("killed", "test", "check"))
    return f"killed by test {test} ({check[:40]})" if killed else "survived"


def _require_plain_file(folder: Path, name: str) -> None:
    """A file that is no link, nor reached over one, and not too large.

    Raises:
        InputFileError: it is.
    """
    path = folder
    for part in Path(name).parts:
        path /= part
        if path.is_symlink():
            raise InputFileError(path, "a link; a submitted folder holds files only")
    if not path.is_file():
        raise InputFileError(path, "no such file")
    most = LARGEST[path.name]
    if path.stat().st_size > most:
        raise InputFileError(path, f"larger than {most >> 20} MB")

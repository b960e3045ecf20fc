"""Checks of a run against its trial: is it the requested run, under the budget of the whole evaluation?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.schema import RunHeader
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.eval.evaluation.data_model import Entry, Evaluation, Trial
from dv_agent.eval.verification.verdict import Finding, refused, unverifiable
from dv_agent.prompts.renderer import templates_hash
from dv_agent.prompts.strategy import Strategy, find_recorded_strategy

TARGET = 100.0


def same_trial(trial: Trial, evaluation: Evaluation) -> Iterator[Finding]:
    """Check that a trial belongs to its evaluation: same budget, simulator and task."""
    identity = evaluation.identity
    tasks = {one.design: one.task_version for one in identity.designs}
    if trial.budget != identity.budget:
        yield refused(f"its budget is not that of the evaluation, which is {_bounds(identity.budget.model_dump())}")
    if trial.track != identity.track:
        yield refused(f"its track is not that of the evaluation, which is {identity.track}")
    if identity.simulator.split()[:1] != [trial.simulator]:
        yield refused(f"its simulator is not that of the evaluation, which is {identity.simulator[:60]}")
    if tasks.get(trial.design) != trial.task_version:
        yield refused("its task version is not that of the evaluation")


def same_run(run: RecordedRun, trial: Trial, evaluation: Evaluation, design: DesignFolder) -> Iterator[Finding]:
    """Check that a run belongs to its trial."""
    header, entry, identity = run.header, trial.entry, evaluation.identity
    said = (header.design, header.task_version, header.agent, header.seed, _unpaced(header.model))
    if said != (trial.design, trial.task_version, entry.agent, trial.seed, _unpaced(entry.model)):
        yield refused("the run is not that of this trial: another design, agent, model or seed")
    if header.track != identity.track:
        yield refused(f"the run was played on the track {header.track}, not on {identity.track}")
    if header.budget != identity.budget:
        yield refused(f"the run had another budget than the evaluation: {_bounds(header.budget.model_dump())}")
    elif any(turn.budget != identity.budget for turn in run.turns):
        yield refused("a turn of the run had another budget than the evaluation")
    if _options(header) != _expected(entry):
        yield refused(f"the run had other options than its row: {str(header.agent_options.said)[:100]}")
    if header.target != TARGET or header.status != "finished":
        yield refused(f"the run is {header.status}, with a target of {header.target:g} % of the bins")
    if header.simulator != identity.simulator:
        yield refused(f"the run was simulated by {header.simulator[:60]}, not by {identity.simulator[:60]}")
    if header.versions.get("dv-agent") != identity.project:
        yield refused("the run was made by another version of dv-agent than the evaluation")
    now = fingerprint(design)
    if changed := [kind for kind in ("rtl", "model", "schema", "plan") if header.hashes.get(kind) != now.get(kind)]:
        yield refused(f"the run was made with another {' and '.join(changed)} of {trial.design}")
    if any(turn.by_hand for turn in run.turns):
        yield refused("a person chose what a turn was asked")
    yield from _prompting(header, entry)


def strategy_of(entry: Entry) -> Strategy | None:
    """Return the included strategy of a row; None if the row has none, or if this installation does not include it."""
    try:
        return find_recorded_strategy(entry.strategy)
    except (UnknownNameError, UsageError):
        return None


def _prompting(header: RunHeader, entry: Entry) -> Iterator[Finding]:
    if entry.model is None:
        return
    if entry.agent == "llm" and strategy_of(entry) is None:
        yield unverifiable(f"no prompt strategy {entry.strategy[:60]!r} comes with dv-agent")
    elif entry.agent == "llm" and (header.strategy, header.prompting) != (entry.strategy, strategy_of(entry)):
        yield refused(f"it was not prompted as the strategy {entry.strategy} has it")
    elif header.hashes.get("prompts") != templates_hash(strategy_of(entry)):
        yield unverifiable("it was prompted by other templates than those of this version")


def _unpaced(model: ModelSettings | None) -> ModelSettings | None:
    """Return the settings without the request rate, which a cap over the evaluation may have set."""
    return model and model.model_copy(update={"requests_per_minute": None})


def _options(header: RunHeader) -> dict[str, Any]:
    """Return the options without the path of the reply cache, which may differ between machines."""
    said = header.agent_options.said
    return said | ({"cache": True} if "cache" in said else {})


def _expected(entry: Entry) -> dict[str, Any]:
    """Return the options that a run of this row must have recorded."""
    options = entry.options
    said = {
        "guided": False if options.get("guided") is False else None,
        "decoys": options.get("decoys") or None,
        "patience": options.get("patience"),
        "cache": True if "cache" in options else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _bounds(budget: dict[str, float | None]) -> str:
    return ", ".join(f"{value:,} {name}" for name, value in budget.items() if value is not None)

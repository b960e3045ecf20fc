"""Start of a run: new, resumed from a record, or replayed from a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.providers import endpoint_of
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.recorded_names import check_recorded_address, recorded_simulator
from dv_agent.agents.records.schema import TURNS, AgentOptions, RunHeader
from dv_agent.agents.records.shipped_replies import is_shipped, read_recorded
from dv_agent.agents.records.writer import RunRecord, new_folder, utc_now
from dv_agent.agents.runs.assembly import (
    make_agent,
    price_version,
    replaying_agent,
    versions,
)
from dv_agent.agents.runs.request import RunRequest
from dv_agent.agents.runs.tool_runs import TOOLS, replaying_tools_agent, tools_agent
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.benchmark.fingerprint import changed_since, fingerprint
from dv_agent.designs.files.plain_words import plain_words
from dv_agent.designs.loader import DesignFolder, named_folder
from dv_agent.errors import OutputError, UsageError
from dv_agent.prompts.benchmark_track import TRACKS
from dv_agent.prompts.strategy import Strategy, find_strategy
from dv_agent.runners.checks.scope_of_checks import what_is_checked
from dv_agent.runners.simulator import Simulator

REPLAY = "replay:"
Hold = Callable[[Path], None]
"""Locks a run folder until the run ends."""


@dataclass(frozen=True, slots=True)
class Start:
    """The initial state of a run, with its record, its agent, and what is to be said of it at the end."""

    record: RunRecord
    state: RunState
    agent: Agent
    notes: Callable[[], tuple[str, ...]] = tuple


@dataclass(frozen=True, slots=True)
class _Proposer:
    """The agent, model and strategy that propose the tests of a new run."""

    agent: str
    model: ModelSettings | None
    prompting: Strategy | None


def new_run(
    request: RunRequest, folder: DesignFolder, simulator: Simulator, bench: Testbench, say: Callable[[str], None],
    should_stop: Callable[[], bool], hold: Hold,
) -> Start:  # fmt: skip
    """Start a new run; create its folder and write its header.

    Raises:
        UsageError: the agent needs a model, or a bound or a setting of the model is out of range.
        UnknownNameError: no such prompt strategy.
        PrerequisiteError: a package or a key of the model is missing.
        OutputError: the run folder cannot be created.
    """
    agent = request.agent or ("llm" if request.model else "search")
    if agent in ("llm", TOOLS) and not request.model:
        raise UsageError(
            f"the {agent} agent needs a model: --model openai:gpt-5, or --model openai:NAME --base-url URL"
        )
    _check_track(request, agent)
    _budget(request)  # what is out of range is told before there is a folder
    if request.unnoticed and agent != "llm":
        raise UsageError(f"--mutants: only the agent llm reads a prompt, {agent} does not")
    model = _paced(request, settings_of(request.model)) if request.model and agent in ("llm", TOOLS) else None
    if model and not request.live:  # before there is a folder: a run that cannot begin leaves none
        endpoint_of(model).require(model)
    who = _Proposer(agent, model, _prompting(request) if model and agent == "llm" else None)
    run_folder = request.into or new_folder(request.out, folder.design.name, agent, model.model if model else None)
    hold(run_folder)
    header = _header(request, folder, simulator, bench, who, run_folder)
    record, state = (
        RunRecord(run_folder, header, repeated=lambda: simulator.repeated),
        RunState(empty_coverage(bench.plan)),
    )
    if agent == TOOLS:
        return Start(record, state, tools_agent(header, bench, record, say, should_stop, live=request.live))
    return Start(record, state, make_agent(header, folder, record, say))


def _check_track(request: RunRequest, agent: str) -> None:
    track = TRACKS[request.track]
    if track.plan:
        return
    told = {
        "--target": request.target,
        "--patience": request.patience,
        "--decoys": request.decoys,
        "--mutants": request.unnoticed,
    }
    if given := [name for name, value in told.items() if value]:
        raise UsageError(f"{given[0]} tells of the plan or of the RTL: it does not go with --track {track.name}")
    if agent in ("llm", TOOLS) and agent != track.agent:
        raise UsageError(f"--track {track.name} is played by --agent {track.agent}, not by {agent}")


def _prompting(request: RunRequest) -> Strategy:
    """Return the strategy with its templates included, so that the record does not depend on a folder."""
    from dv_agent.agents.session.drafts.changes import self_contained

    strategy = find_strategy(request.prompt_strategy)
    if request.unnoticed:
        strategy = strategy.model_copy(update={"unnoticed": request.unnoticed})
    return self_contained(strategy) if strategy.templates else strategy


def _header(
    request: RunRequest, folder: DesignFolder, simulator: Simulator, bench: Testbench, who: _Proposer, run_folder: Path
) -> RunHeader:
    model, prompting = who.model, who.prompting
    budget, checks = _budget(request), what_is_checked(folder.design, folder.has_model, simulator.name)
    return RunHeader(
        id=run_folder.parent.name if request.into else run_folder.name,
        started=utc_now(),
        design=folder.design.name,
        design_folder=named_folder(request.design or ""),
        task_version=folder.design.task_version,
        rules_off=folder.design.exceptions,
        agent=who.agent,
        agent_options=_options(request, model),
        model=model,
        strategy=prompting.name if prompting else "",
        prompting=prompting,
        goal=request.goal or "functional",
        track=request.track,
        seed=request.seed,
        budget=budget,
        target=100.0 if request.target is None else request.target,
        simulator=f"{simulator.name} {simulator.version()}",
        hashes=fingerprint(folder) | (_prompts_hash(prompting) if model else {}),
        versions=versions() | (price_version() if model else {}),
        reproducible=budget.reproducible and model is None,
        decoys=bench.decoy_ids,
        checked=checks.rules,
        unchecked=checks.left_out,
    )


def _prompts_hash(prompting: Strategy | None) -> dict[str, str]:
    from dv_agent.prompts.renderer import templates_hash

    return {"prompts": templates_hash(prompting)}


def _options(request: RunRequest, model: ModelSettings | None) -> AgentOptions:
    return AgentOptions(
        guided=None if request.guided else False,
        bug=request.bug or None,
        change=request.change,
        cache=str(request.cache.absolute()) if request.cache and model else None,
        decoys=request.decoys or None,
        patience=request.patience,
        stop_on_failure=request.stop_on_failure or None,
    )


def run_to_replay(request: RunRequest) -> RecordedRun | None:
    """Return the run that ``--model replay:RUN`` names, or None."""
    name = (request.model or {}).get("model", "")
    if not name.startswith(REPLAY):
        if request.reparse:
            raise UsageError("--reparse reads a recorded run: it needs --model replay:RUN")
        return None
    return read_recorded(name.removeprefix(REPLAY))


def recorded_settings(past: RecordedRun, request: RunRequest) -> dict[str, Any]:
    """Return the settings that a replay takes from the recorded run: all that affect its course.

    A shipped record holds no prompts: its replies are taken in their order.
    """
    header = past.header
    return {
        "reparse": request.reparse or is_shipped((request.model or {}).get("model", "").removeprefix(REPLAY)),
        "agent": header.agent, "goal": header.goal, "seed": header.seed, "bug": header.agent_options.bug,
        "change": header.agent_options.change,
        "simulator": recorded_simulator(header),
    }  # fmt: skip


def replay_run(
    past: RecordedRun, request: RunRequest, folder: DesignFolder, simulator: Simulator, bench: Testbench,
    should_stop: Callable[[], bool], hold: Hold,
) -> Start:  # fmt: skip
    """Start a new run on the recorded replies, with the settings, budget and strategy of the record."""
    old = past.header
    run_folder = new_folder(request.out, folder.design.name, old.agent, "replay")
    hold(run_folder)
    checks = what_is_checked(folder.design, folder.has_model, simulator.name)
    options = old.agent_options.model_copy(update={"replay": old.id, "reparse": request.reparse})
    header = RunHeader(
        id=run_folder.name, started=utc_now(), design=folder.design.name, task_version=folder.design.task_version,
        design_folder=named_folder(request.design) if request.design else old.design_folder,
        agent=old.agent, agent_options=options, rules_off=folder.design.exceptions,
        model=old.model, strategy=old.strategy, prompting=old.prompting, goal=old.goal, track=old.track, seed=old.seed,
        budget=old.budget,
        target=old.target, simulator=f"{simulator.name} {simulator.version()}", versions=versions(), reproducible=True,
        hashes=fingerprint(folder) | _prompts_hash(old.prompting), decoys=bench.decoy_ids,
        checked=checks.rules, unchecked=checks.left_out,
    )  # fmt: skip
    record = RunRecord(run_folder, header, repeated=lambda: simulator.repeated)
    if old.agent == TOOLS:
        agent = replaying_tools_agent(past, header, bench, record, should_stop, request.reparse)
    else:
        agent = replaying_agent(past, header, record, request.reparse)
    return Start(record, RunState(empty_coverage(bench.plan)), agent, lambda: _replayed(past, agent.differing, bench))


def _replayed(past: RecordedRun, differing: int, bench: Testbench) -> tuple[str, ...]:
    """Return what differs from the record."""
    said, asked = sum(not line.failure for line in past.replies), []
    if differing:
        asked.append(
            f"{differing} of {said} prompts differ from those of the record: its replies were taken in their order"
        )
    if past.header.bins and past.header.bins != len(bench.plan.bins):
        asked.append(
            f"the plan has {len(bench.plan.bins)} bins; it had {past.header.bins} when this was recorded, of which the "
            f"tests hit {past.header.bins_hit}"
        )
    return tuple(asked)


def settings_of(asked: dict[str, Any]) -> ModelSettings:
    """Return the settings that the command line asks for.

    Raises:
        UsageError: one is out of range.
    """
    try:
        return ModelSettings.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        name = "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise UsageError(f"--{name}: {plain_words(first)}") from None


def _paced(request: RunRequest, model: ModelSettings) -> ModelSettings:
    """Return the settings with what may change while a run goes on: how often a model is asked, and how long."""
    asked = {name: getattr(request, name) for name in ("requests_per_minute", "timeout", "retry_seconds")}
    return model.model_copy(update={name: value for name, value in asked.items() if value is not None})


def resume_run(
    past: RecordedRun, request: RunRequest, simulator: Simulator, bench: Testbench, say: Callable[[str], None],
    should_stop: Callable[[], bool],
) -> Start:  # fmt: skip
    """Resume a recorded run: simulate it again up to its end and continue from there.

    Raises:
        UsageError: the design has changed or behaves differently; or the record names a model address that the user did
            not name.
        OutputError: the record cannot be written.
    """
    from dv_agent.agents.records.resimulation import resimulate, why_different

    if changed := changed_since(past.header.hashes, bench.folder):
        raise UsageError(
            f"{past.folder} was made with another {' and '.join(changed)} of {past.header.design}; "
            "it cannot be resumed, only rescored"
        )
    check_recorded_address(past.header.model, request.base_url)
    header = past.header.model_copy(update={"status": "running", "stop_reason": "", **_more(request, past.header)})
    # An agent without a model proposes again to rebuild its state; recorded model calls are not repeated.
    tools = tools_agent(header, bench, None, say, should_stop, past, request.live) if header.agent == TOOLS else None
    along = tools or (make_agent(header, bench.folder, None, say) if header.model is None else None)
    done = resimulate(past, bench, along, lambda turn, turns: say(f"replaying turn {turn} of {turns}"))
    if reason := why_different(past, done.different):
        raise UsageError(f"{past.folder}: {reason}; the run cannot be resumed, only rescored")
    try:
        with (past.folder / TURNS).open("ab") as file:
            file.truncate(past.size)  # remove an incomplete last line left by a kill
    except OSError as error:
        raise OutputError(f"cannot write {past.folder / TURNS}: {error.strerror}") from None
    record = RunRecord(past.folder, header, len(past.turns), lambda: simulator.repeated)
    if tools:
        tools.model.attach(record)
    paid = [one.reply for one in past.paid]
    return Start(record, done.state, along or make_agent(header, bench.folder, record, say, paid))


def _more(request: RunRequest, header: RunHeader) -> dict[str, Any]:
    """Return settings given on resuming that replace recorded ones: target, budget, request rate and cache."""
    target = {} if request.target is None else {"target": request.target}
    model = {} if header.model is None else {"model": _paced(request, header.model)}
    # A cache is a file, so its path is taken only from the user, never from the record.
    cache = str(request.cache.absolute()) if request.cache and header.model else None
    return {
        "budget": header.budget.having(_bounds(request)),
        "agent_options": header.agent_options.model_copy(update={"cache": cache}), **target, **model,
    }  # fmt: skip


def _budget(request: RunRequest) -> Budget:
    usual = TRACKS[request.track]
    return Budget(cycles=usual.cycles, calls=usual.calls).having(_bounds(request))


def _bounds(request: RunRequest) -> dict[str, float]:
    """Return the bounds given by the user; others keep their default or recorded value."""
    asked = {
        "cycles": request.max_cycles, "calls": request.max_calls, "tokens": request.max_tokens_total,
        "usd": request.max_usd, "seconds": request.max_seconds,
    }  # fmt: skip
    return {name: value for name, value in asked.items() if value is not None}

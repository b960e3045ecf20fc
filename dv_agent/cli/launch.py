"""From the words of a command line to a finished run."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.loop import Limits
from dv_agent.agents.loop import run as run_loop
from dv_agent.agents.model import ModelSettings
from dv_agent.agents.record import RunHeader, RunRecord, new_folder, utc_now
from dv_agent.agents.recorded import RecordedRun, read_run
from dv_agent.agents.replay import replay
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.triage import Finding, triage
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.cli.assembly import excerpt_writer, make_agent, open_design, price_version, replaying_agent, versions
from dv_agent.cli.interrupt import Interrupt
from dv_agent.cli.options import Request
from dv_agent.cli.tooling import TOOLS, decoys_of, judge, open_bench, tools_agent
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.export import Report, report
from dv_agent.coverage.loader import load_plan
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import ModelFailure, OutputError, UsageError
from dv_agent.eval.fingerprint import fingerprint
from dv_agent.eval.report.write import write_report
from dv_agent.prompts.renderer import templates_hash
from dv_agent.prompts.strategy import find_strategy
from dv_agent.runners.simulator import Simulator
from dv_agent.runners.simulators import find_simulator

REPLAY = "replay:"


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that ended.

    Attributes:
        findings: failures that a fresh process confirmed, shrunk, with their waveforms.
    """

    header: RunHeader
    folder: Path
    report: Report
    findings: tuple[Finding, ...]
    target_met: bool

    @property
    def failures(self) -> int:
        """Tests with a failed check."""
        return self.header.failing_tests

    def summary(self) -> dict[str, Any]:
        """What ``--json`` prints: run.json, the totals, the holes and the findings."""
        return {
            "run": self.header.model_dump(mode="json"),
            "record": str(self.folder),
            "totals": self.report.summary.model_dump(mode="json"),
            "holes": [hole.model_dump(mode="json") for hole in self.report.holes],
            "findings": [finding.model_dump(mode="json") for finding in self.findings],
        }


class Watcher(Protocol):
    """What is told while a run goes on."""

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """The run begins, or goes on as its header says."""
        ...

    def test(self, record: TestRecord) -> None:
        """A test was simulated."""
        ...

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """A turn ended."""
        ...

    def say(self, words: str) -> None:
        """Something else takes time: a model that is waited for, a replay."""
        ...

    def stop(self) -> None:
        """No more progress will come."""
        ...


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a run begins: at nothing, or at a record."""

    record: RunRecord
    state: RunState
    agent: Agent


def launch(request: Request, watcher: Watcher) -> Finished:
    """Run `request` to its end.

    Raises:
        DvAgentError: bad names or files, missing programs, simulator, model or disk failures.
    """
    past = read_run(request.resume) if request.resume else None
    again = _replayed(request)
    if again:
        request = replace(request, **_as_recorded(again))
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dv-agent-")))
        bug = past.header.agent_options.get("bug") if past else request.bug
        folder = open_design(request.design or (past.header.design if past else ""), bug, room)
        plan = load_plan(folder.path / "plan.yaml")
        simulator = find_simulator(past.header.simulator.split()[0] if past else request.simulator)
        session = stack.enter_context(simulator.open(folder.design))
        bench, interrupt = open_bench(request, past, folder, plan, simulator, session), Interrupt()
        if past:
            start = _resumed(past, request, bench, watcher, interrupt)
        elif again:
            start = _again(again, request, folder, simulator, bench)
        else:
            start = _fresh(request, folder, simulator, bench, watcher, interrupt)
        header, run_folder = start.record.header, start.record.folder
        watcher.start(header, run_folder, len(plan.bins))
        stack.callback(watcher.stop)
        stack.enter_context(interrupt)
        options = header.agent_options
        limits = Limits(header.target, options.get("patience"), options.get("stop_on_failure", False))
        try:
            state = run_loop(
                start.agent, bench, start.state, header.budget, limits, start.record, watcher.test, watcher.turn,
                interrupt.asked,
            )  # fmt: skip
        except ModelFailure as error:
            raise ModelFailure(f"{error.message}\n  go on later with: dv-agent run --resume {run_folder}") from None
        findings = triage(folder, simulator, state.failures, run_folder, excerpt_writer(folder.design))
        if header.agent == TOOLS:
            start.record.judged(*judge(run_folder, folder, bench, simulator))
        write_report(run_folder, folder)
    ended = start.record.header
    return Finished(ended, run_folder, report(state.coverage), findings, ended.stop_reason == "target")


def _fresh(
    request: Request, folder: DesignFolder, simulator: Simulator, bench: Testbench, watcher: Watcher,
    interrupt: Interrupt,
) -> _Start:  # fmt: skip
    agent = request.agent or ("llm" if request.model else "search")
    if agent in ("llm", TOOLS) and not request.model:
        raise UsageError(
            f"the {agent} agent needs a model: --model openai:gpt-5, or --model openai:NAME --base-url URL"
        )
    model = _settings(request.model) if request.model and agent in ("llm", TOOLS) else None
    prompting = find_strategy(request.prompt_strategy) if model and agent == "llm" else None
    budget = Budget().model_copy(update=_bounds(request))
    options: dict[str, Any] = {} if request.guided else {"guided": False}
    if request.bug:
        options["bug"] = request.bug
    if request.cache and model:
        options["cache"] = str(request.cache.absolute())
    if request.decoys:
        options["decoys"] = request.decoys
    if request.patience is not None:
        options["patience"] = request.patience
    if request.stop_on_failure:
        options["stop_on_failure"] = True
    run_folder = new_folder(request.out, folder.design.name, agent, model.model if model else None)
    header = RunHeader(
        id=run_folder.name,
        started=utc_now(),
        design=folder.design.name,
        task_version=folder.design.task_version,
        agent=agent,
        agent_options=options,
        model=model,
        strategy=prompting.name if prompting else "",
        prompting=prompting,
        seed=request.seed,
        budget=budget,
        target=100.0 if request.target is None else request.target,
        simulator=f"{simulator.name} {simulator.version()}",
        hashes=fingerprint(folder) | ({"prompts": templates_hash(prompting)} if model else {}),
        versions=versions() | (price_version() if model else {}),
        reproducible=budget.reproducible and model is None,
        decoys=decoys_of(bench),
    )
    record, state = RunRecord(run_folder, header), RunState(empty_coverage(bench.plan))
    if agent == TOOLS:
        return _Start(record, state, tools_agent(header, bench, record, watcher.say, interrupt.asked))
    return _Start(record, state, make_agent(header, folder, record, watcher.say))


def _replayed(request: Request) -> RecordedRun | None:
    """The run that ``--model replay:RUN`` names."""
    name = (request.model or {}).get("model", "")
    if not name.startswith(REPLAY):
        if request.reparse:
            raise UsageError("--reparse reads a recorded run: it needs --model replay:RUN")
        return None
    return read_run(Path(name.removeprefix(REPLAY)))


def _as_recorded(past: RecordedRun) -> dict[str, Any]:
    """What a replay takes from the run that it replays: all that decides about its course."""
    header = past.header
    return {
        "design": header.design, "agent": header.agent, "seed": header.seed, "bug": header.agent_options.get("bug"),
        "simulator": header.simulator.split()[0],
    }  # fmt: skip


def _again(past: RecordedRun, request: Request, folder: DesignFolder, simulator: Simulator, bench: Testbench) -> _Start:
    """A new run of the recorded replies, with the settings, bounds and strategy of the record."""
    old = past.header
    run_folder = new_folder(request.out, folder.design.name, old.agent, "replay")
    header = RunHeader(
        id=run_folder.name, started=utc_now(), design=folder.design.name, task_version=folder.design.task_version,
        agent=old.agent, agent_options={**old.agent_options, "replay": old.id, "reparse": request.reparse},
        model=old.model, strategy=old.strategy, prompting=old.prompting, seed=old.seed, budget=old.budget,
        target=old.target, simulator=f"{simulator.name} {simulator.version()}", versions=versions(), reproducible=True,
        hashes=fingerprint(folder) | {"prompts": templates_hash(old.prompting)},
    )  # fmt: skip
    record = RunRecord(run_folder, header)
    return _Start(record, RunState(empty_coverage(bench.plan)), replaying_agent(past, header, record, request.reparse))


def _settings(asked: dict[str, Any]) -> ModelSettings:
    try:
        return ModelSettings.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        name = "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise UsageError(f"--{name}: {first['msg'].removeprefix('Value error, ')}") from None


def _resumed(past: RecordedRun, request: Request, bench: Testbench, watcher: Watcher, interrupt: Interrupt) -> _Start:
    now = fingerprint(bench.folder)
    changed = [kind for kind in ("rtl", "model", "schema", "plan") if now.get(kind) != past.header.hashes.get(kind)]
    if changed:
        raise UsageError(
            f"{past.folder} was made with another {' and '.join(changed)} of {past.header.design}; "
            "it cannot be resumed, only rescored"
        )
    header = past.header.model_copy(update={"status": "running", "stop_reason": "", **_more(request, past.header)})
    # An agent without a model proposes along, to know what it knew; a model is asked nothing that is recorded.
    tools = tools_agent(header, bench, None, watcher.say, interrupt.asked, past) if header.agent == TOOLS else None
    along = tools or (make_agent(header, bench.folder, None, watcher.say) if header.model is None else None)
    done = replay(past, bench, along, lambda turn, turns: watcher.say(f"replaying turn {turn} of {turns}"))
    if done.different:
        raise UsageError(f"{past.folder}: tests {done.different[:5]} behave otherwise now; the run cannot be resumed")
    try:
        with (past.folder / "turns.jsonl").open("ab") as file:
            file.truncate(past.size)  # half a line that a kill left
    except OSError as error:
        raise OutputError(f"cannot write {past.folder}/turns.jsonl: {error.strerror}") from None
    record = RunRecord(past.folder, header, len(past.turns))
    if tools:
        tools.model.attach(record)
    return _Start(record, done.state, along or make_agent(header, bench.folder, record, watcher.say, past.paid))


def _more(request: Request, header: RunHeader) -> dict[str, Any]:
    """Bounds that were given anew on resuming, larger ones above all."""
    target = {} if request.target is None else {"target": request.target}
    return {"budget": header.budget.model_copy(update=_bounds(request)), **target}


def _bounds(request: Request) -> dict[str, float]:
    """The bounds that were asked for; what was not said keeps its default, or what the record says."""
    asked = {
        "cycles": request.max_cycles, "calls": request.max_calls, "tokens": request.max_tokens_total,
        "usd": request.max_usd, "seconds": request.max_seconds,
    }  # fmt: skip
    return {name: value for name, value in asked.items() if value is not None}

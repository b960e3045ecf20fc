"""From the words of a command line to a finished run."""

from __future__ import annotations

import platform
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from dv_agent import __version__
from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines import NullAgent, OracleAgent, RandomAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.loop import Limits
from dv_agent.agents.loop import run as run_loop
from dv_agent.agents.record import RunHeader, RunRecord, new_folder, utc_now
from dv_agent.agents.search import SearchAgent
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.triage import Finding, triage
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.export import Report, report
from dv_agent.coverage.loader import load_plan
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.witnesses import load_witnesses
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.eval.bugs import broken_copy, load_bugs
from dv_agent.eval.fingerprint import fingerprint
from dv_agent.runners.simulators import find_simulator


@dataclass(frozen=True, slots=True)
class Request:
    """The options of ``dv-agent run``; see its ``--help``."""

    design: str
    agent: str = "search"
    seed: int = 0
    max_cycles: int = 200_000
    max_seconds: float | None = None
    target: float | None = None
    patience: int | None = None
    stop_on_failure: bool = False
    guided: bool = True
    bug: str | None = None
    simulator: str = "icarus"
    out: Path = Path("runs")


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
        """The run begins."""
        ...

    def test(self, record: TestRecord) -> None:
        """A test was simulated."""
        ...

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """A turn ended."""
        ...

    def stop(self) -> None:
        """No more progress will come."""
        ...


def launch(request: Request, watcher: Watcher) -> Finished:
    """Run `request` to its end.

    Raises:
        DvAgentError: bad names or files, missing programs, simulator or disk failures.
    """
    folder = find_design(request.design)
    plan = load_plan(folder.path / "plan.yaml")
    simulator = find_simulator(request.simulator)
    agent = make_agent(request, folder)
    with ExitStack() as stack:
        if request.bug:
            room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dv-agent-")))
            folder = _with_bug(folder, request.bug, room)
        session = stack.enter_context(simulator.open(folder.design))
        budget = Budget(cycles=request.max_cycles, seconds=request.max_seconds)
        limits = Limits(
            target=100.0 if request.target is None else request.target,
            patience=request.patience,
            stop_on_failure=request.stop_on_failure,
        )
        run_folder = new_folder(request.out, folder.design.name, request.agent, None)
        header = _header(request, folder, budget, limits, run_folder.name, f"{simulator.name} {simulator.version()}")
        record = RunRecord(run_folder, header)
        bench = Testbench(folder, plan, session)
        watcher.start(header, run_folder, len(plan.bins))
        stack.callback(watcher.stop)
        state = run_loop(
            agent, bench, RunState(empty_coverage(plan)), budget, limits, record, watcher.test, watcher.turn
        )
        findings = triage(folder, simulator, state.failures, run_folder)
    return Finished(record.header, run_folder, report(state.coverage), findings, record.header.stop_reason == "target")


def make_agent(request: Request, folder: DesignFolder) -> Agent:
    """The agent that `request` names.

    Raises:
        UsageError: the oracle without witnesses.
    """
    if request.agent == "null":
        return NullAgent()
    if request.agent == "random":
        return RandomAgent(request.seed)
    if request.agent == "search":
        return SearchAgent(request.seed, guided=request.guided)
    witnesses = load_witnesses(folder)
    if not witnesses:
        raise UsageError(f"{folder.design.name} has no witnesses; the oracle agent has nothing to replay")
    return OracleAgent(witnesses)


def _with_bug(folder: DesignFolder, name: str, room: Path) -> DesignFolder:
    bugs = {bug.id: bug for bug in load_bugs(folder)}
    if name not in bugs:
        raise UnknownNameError(f"seeded bug of {folder.design.name}", name, bugs)
    return broken_copy(folder, bugs[name], room)


def _header(
    request: Request, folder: DesignFolder, budget: Budget, limits: Limits, name: str, simulator: str
) -> RunHeader:
    options: dict[str, Any] = {} if request.guided else {"guided": False}
    if request.bug:
        options["bug"] = request.bug
    return RunHeader(
        id=name,
        started=utc_now(),
        design=folder.design.name,
        task_version=folder.design.task_version,
        agent=request.agent,
        agent_options=options,
        seed=request.seed,
        budget=budget,
        target=limits.target,
        simulator=simulator,
        hashes=fingerprint(folder),
        versions=_versions(),
        reproducible=budget.reproducible,
    )


def _versions() -> dict[str, str]:
    versions = {"dv-agent": __version__, "python": platform.python_version(), "cocotb": version("cocotb")}
    revision = _git(["rev-parse", "HEAD"])
    if revision:
        versions["git"] = revision + ("-dirty" if _git(["status", "--porcelain", "--untracked-files=no"]) else "")
    return versions


def _git(arguments: Sequence[str]) -> str:
    """Output of git in the folder that dv-agent was installed from; empty where there is no git."""
    folder = Path(__file__).resolve().parent
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

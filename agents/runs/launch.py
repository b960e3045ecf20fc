"""Execution of one run, from the options of the command line to the finished run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from dv_agent.agents.failures.finding import Triaged
from dv_agent.agents.loop import Limits, target_on
from dv_agent.agents.loop import run as run_loop
from dv_agent.agents.records.crash_file import note_folder
from dv_agent.agents.records.lock import owned
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.recorded_names import recorded_simulator
from dv_agent.agents.records.schema import FAILURES, RunHeader
from dv_agent.agents.runs.assembly import open_design, open_recorded
from dv_agent.agents.runs.goal import check_same_points, goal_of, keep_points, open_goal, simulator_of_goal
from dv_agent.agents.runs.progress import RunWatcher
from dv_agent.agents.runs.request import RunRequest
from dv_agent.agents.runs.start import new_run, recorded_settings, replay_run, resume_run, run_to_replay
from dv_agent.agents.runs.tool_runs import TOOLS, has_claims, judge, open_bench, tell_the_end
from dv_agent.agents.state import RunState
from dv_agent.coverage.code.by_kind import KindCounts, code_counts
from dv_agent.coverage.export import Report, report
from dv_agent.designs.code.counter import CodeKind
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import DvAgentError, ModelFailure, SimulatorLost
from dv_agent.runners.checks.ending import ending_notes
from dv_agent.runners.checks.exceptions import exception_notes
from dv_agent.runners.registry import find_simulator, usable_name
from dv_agent.runners.simulator import Simulator


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished run.

    Attributes:
        triaged: failures that a fresh process confirmed, shrunk, with waveforms; and notes on those not analysed.
        code: counts of code coverage by kind; empty if it was no goal.
        notes: further messages for the user, see `dv_agent.runners.checks.ending.ending_notes`.
    """

    header: RunHeader
    folder: Path
    report: Report
    triaged: Triaged
    target_met: bool
    notes: tuple[str, ...] = ()
    code: Mapping[CodeKind, KindCounts] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        """Return the number of tests with a failed check."""
        return self.header.failing_tests

    def summary(self) -> dict[str, Any]:
        """Return what ``--json`` prints: run.json, the totals, the holes and the findings."""
        return {
            "run": self.header.model_dump(mode="json"),
            "record": str(self.folder),
            "totals": self.report.summary.model_dump(mode="json"),
            "code": {kind: one.model_dump(mode="json") for kind, one in self.code.items()},
            "holes": [hole.model_dump(mode="json") for hole in self.report.holes],
            "notes": list(self.notes),
            "findings": [finding.model_dump(mode="json") for finding in self.triaged.findings],
            "finding_notes": list(self.triaged.notes),
        }


class Stopper(AbstractContextManager[object], Protocol):
    """Can end a run between two turns; active while the context is entered."""

    def asked(self) -> bool:
        """Return whether the run should end after the current turn."""
        ...


class _NeverStops(nullcontext[object]):
    """Never ends the run."""

    def asked(self) -> bool:
        """Return False."""
        return False


ReportWriter = Callable[[Path, DesignFolder], object]
"""Writes the report of a finished run into its folder; implemented in `eval.report`."""


def launch(
    request: RunRequest,
    watcher: RunWatcher,
    write_report: ReportWriter,
    stopper: Stopper | None = None,
    simulator_of: Callable[[str], Simulator] = find_simulator,
) -> FinishedRun:
    """Run `request` to its end.

    Args:
        write_report: called at the end with the run folder and its design.
        simulator_of: finds the simulator by its name.
        stopper: can end the run between two turns; None: the run is not stopped.

    Raises:
        DvAgentError: bad names or files, missing programs, simulator, model or disk failures.
    """
    stopper = stopper or _NeverStops()
    with ExitStack() as stack:
        past = _taken_up(request.resume, stack) if request.resume else None
        recorded = run_to_replay(request)
        if recorded:
            request = replace(request, **recorded_settings(recorded, request))
        room = stack.enter_context(scratch_folder())
        old = past or recorded
        if old:
            folder = open_recorded(old.header, request.design, room)
        else:
            folder = open_design(request.design or "", request.bug, room, request.change)
        request = replace(request, goal=old.header.goal if old else goal_of(request, folder, watcher.say))
        asked = recorded_simulator(past.header) if past else simulator_of_goal(request.simulator, request.goal)
        name, told = usable_name(asked, folder.design)
        if told:
            watcher.say(told)
        plan, simulator = open_goal(folder, request.goal, simulator_of(name))
        session = stack.enter_context(simulator.open(folder.design))
        bench = open_bench(request, past or recorded, folder, plan, simulator, session)

        def hold(run_folder: Path) -> None:
            stack.enter_context(owned(run_folder))

        if past:
            check_same_points(past.folder, plan)
            start = resume_run(past, request, simulator, bench, watcher.say, stopper.asked)
        elif recorded:
            start = replay_run(recorded, request, folder, simulator, bench, stopper.asked, hold)
        else:
            start = new_run(request, folder, simulator, bench, watcher.say, stopper.asked, hold)
        header, run_folder = start.record.header, start.record.folder
        if not past:
            keep_points(run_folder, plan)
        watcher.start(header, run_folder, len(plan.bins))
        stack.callback(watcher.stop)
        stack.enter_context(stopper)
        options = header.agent_options
        limits = Limits(
            target_on(bench.track, header.target), options.patience, bool(options.stop_on_failure),
            reports=header.agent == TOOLS,
        )  # fmt: skip
        with _traced_to(run_folder):
            with _resumable(run_folder, "mcp" if request.live else "run"):
                state = run_loop(
                    start.agent, bench, start.state, header.budget, limits, start.record, watcher.test, watcher.turn,
                    stopper.asked,
                )  # fmt: skip
            tell_the_end(request.live, start.agent, bench, state, header.budget)
            triaged = _triaged(folder, simulator, state, run_folder)
            if header.agent == TOOLS or has_claims(header.agent, run_folder):
                start.record.judged(*judge(run_folder, folder, bench, simulator))
            start.record.recount()
            write_report(run_folder, folder)
    ended = start.record.header
    notes = (*start.notes(), *ending_notes(state.ended), *state.reset_notes, *exception_notes(ended.rules_off))
    return FinishedRun(
        ended,
        run_folder,
        report(state.coverage),
        triaged,
        ended.stop_reason == "target",
        notes,
        code_counts(state.coverage),
    )


def _triaged(folder: DesignFolder, simulator: Simulator, state: RunState, run_folder: Path) -> Triaged:
    """Analyse the failures of a run, if it has any, or had when it was interrupted."""
    if not len(state.failures) and not (run_folder / FAILURES).exists():
        return Triaged()
    from dv_agent.agents.failures.triage import triage
    from dv_agent.agents.runs.assembly import excerpt_writer

    return triage(folder, simulator, state.failures, run_folder, excerpt_writer(folder.design))


def _taken_up(folder: Path, stack: ExitStack) -> RecordedRun:
    """Read the run in `folder` to resume it, and lock the folder until `stack` is closed."""
    if (folder / "run.json").is_file():  # lock only a run folder; otherwise the reader reports the error
        stack.enter_context(owned(folder))
    return read_run(folder)


@contextmanager
def _resumable(run_folder: Path, command: str) -> Iterator[None]:
    """Say in the errors after which a run can go on how that is done."""
    try:
        yield
    except (ModelFailure, SimulatorLost) as error:
        raise type(error)(f"{error}\n  go on later with: dv-agent {command} --resume {run_folder}") from None


@contextmanager
def _traced_to(run_folder: Path) -> Iterator[None]:
    """Attach the run folder to an internal error of dv-agent, so that its traceback is written there."""
    try:
        yield
    except DvAgentError:
        raise
    except Exception as error:
        note_folder(error, run_folder)
        raise

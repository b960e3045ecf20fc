"""One run made again from its record: its proposals, tests and end, and the verdicts on its claims and reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.recorded_names import recorded_simulator
from dv_agent.agents.records.schema import COVERAGE, HEADER, TURNS, RunHeader
from dv_agent.agents.runs.assembly import open_recorded
from dv_agent.agents.runs.tool_runs import TOOLS
from dv_agent.agents.tools.judgement import judge_run
from dv_agent.agents.tools.testbench import ToolsTestbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.fingerprint import changed_since
from dv_agent.designs.files.places import design_names
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.loader import DesignFolder, find_recorded_design
from dv_agent.eval.evaluation.data_model import Entry, Trial
from dv_agent.eval.evaluation.spec import AGENTS
from dv_agent.eval.verification.again.judging_again import claims_again, other_claims
from dv_agent.eval.verification.again.proposing_again import agent_of, bench_of
from dv_agent.eval.verification.again.simulating_again import begin, simulate_again
from dv_agent.eval.verification.plain_files import require_plain_file
from dv_agent.eval.verification.same_run import TARGET, strategy_of
from dv_agent.eval.verification.verdict import Doubt, Finding, refused, unverifiable
from dv_agent.prompts.renderer import templates_hash
from dv_agent.runners.registry import find_simulator

_OPTIONS = {"bug", "change", "guided", "decoys", "patience", "replay", "reparse", "cache"}
"""Options of a run that are made again, or that change nothing of what is."""


def run_again(folder: Path) -> tuple[Doubt, ...]:
    """Return what is not as the folder of a run says; nothing in it is believed, and nothing is written.

    Raises:
        InputFileError: no run, or a broken one.
        PrerequisiteError, SimulationError: as they say.
    """
    for name in (HEADER, TURNS, COVERAGE):
        require_plain_file(folder, name)
    run = read_run(folder)
    found = list(_comparable(run.header)) or list(made_again(run))
    return tuple(Doubt(trial=run.header.design, what=words, kind=kind) for kind, words in found)


def made_again(run: RecordedRun) -> Iterator[Finding]:
    """Yield what is not as the record says.

    Raises:
        UsageError: a bug or mutant that the design has not.
        PrerequisiteError, SimulationError: as they say.
    """
    header = run.header
    simulator = find_simulator(recorded_simulator(header))
    trial = trial_of(header, simulator.name)
    with scratch_folder() as room:
        folder = open_recorded(header, None, room)
        if changed := changed_since(header.hashes, folder):
            yield unverifiable(
                f"made with another {' and '.join(changed)} of {header.design}; it cannot be verified here"
            )
            return
        with simulator.open(folder.design) as session:
            bench = bench_of(trial, folder, plan_of(folder), session, simulator)
            again = begin(bench)
            yield from simulate_again(run, trial, agent_of(trial, run, folder, bench), bench, again)
            if not again.complete:
                return
            if not isinstance(bench, ToolsTestbench):
                yield from claims_again(run, bench, folder, simulator)
                return
            refuted = bench.decoys.hit() if bench.decoys else ()
        yield from _verdicts(run, folder, find_recorded_design(header.design), refuted)


def trial_of(header: RunHeader, simulator: str) -> Trial:
    """Return the trial of an evaluation that a run would be."""
    said = header.agent_options.said
    options: dict[str, Any] = {name: said[name] for name in ("guided", "decoys", "patience", "cache") if name in said}
    strategy = header.strategy if header.model and header.agent != TOOLS else ""
    return Trial(
        design=header.design, task_version=header.task_version,
        entry=Entry(agent=header.agent, model=header.model, strategy=strategy, options=options),
        seed=header.seed, budget=header.budget, simulator=simulator, track=header.track,
    )  # fmt: skip


def _comparable(header: RunHeader) -> Iterator[Finding]:
    """Check that this installation can make such a run again."""
    if header.design not in design_names() or header.agent not in AGENTS:
        yield unverifiable(f"a run of {header.agent[:40]} on {header.design} cannot be made again here")
    if header.status != "finished":
        yield refused(f"the run is {header.status}")
    if header.target != TARGET and header.track == "closure":
        yield unverifiable("runs with a target of their own are not made again")
    if strange := sorted(set(header.agent_options.said) - _OPTIONS):
        yield unverifiable(f"runs with the option {strange[0]} are not made again")
    if header.goal != "functional":
        yield unverifiable("runs with code coverage as their goal are not made again")
    if header.model and header.agent != TOOLS:
        entry = Entry(agent=header.agent, model=header.model, strategy=header.strategy)
        if (strategy := strategy_of(entry)) is None or strategy != header.prompting:
            yield unverifiable(f"no prompt strategy {header.strategy[:60]!r} of this content comes with dv-agent")
        elif header.hashes.get("prompts") != templates_hash(strategy):
            yield unverifiable("it was prompted by other templates than those of this version")


def _verdicts(
    run: RecordedRun, folder: DesignFolder, clean: DesignFolder, refuted: tuple[str, ...]
) -> Iterator[Finding]:
    """Check the verdicts on claims and reports: tests that fail in a fresh process and pass on clean RTL; places."""
    simulator = find_simulator(recorded_simulator(run.header))
    claims, reports = judge_run(run, folder, clean, plan_of(folder), simulator, refuted)
    if run.header.claims != claims:
        yield other_claims(run.header.claims, claims)
    said = [(one.test, one.judged) for one in run.header.bug_reports or ()]
    if said != (found := [(one.test, one.judged) for one in reports]):
        yield refused(f"the bug reports are not worth what run.json says: {said[:3]} are recorded, found {found[:3]}")

"""The long-running design commands: checking a design, and making its witnesses."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.testbench import Testbench
from dv_agent.cli.terminal import complain_of_choice, overwrite, say, say_json
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.benchmark.witnesses import load_tests, load_witnesses, save_witnesses
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError
from dv_agent.eval.soundness.check import Options, PartResult, check_design
from dv_agent.eval.soundness.proof import write_proof as write
from dv_agent.eval.soundness.witness_search import Target, WitnessSearch, choose
from dv_agent.runners.registry import usable_simulator


def check_and_print(name: str, simulator: str, options: Options, *, write_proof: bool, as_json: bool) -> bool:
    """Check one design, printing each part as it ends; return True if all parts pass."""
    folder = find_design(name)
    chosen = usable_simulator(simulator, folder.design, complain_of_choice)
    before = fingerprint(folder)
    parts: list[PartResult] = []
    for part in check_design(folder, chosen, options, _say if sys.stderr.isatty() else None):
        parts.append(part)
        if as_json:
            say_json({"design": folder.design.name, "ok": part.ok, **part.model_dump(mode="json")}, indent=None)
            continue
        figures = ", ".join(f"{key} {value}" for key, value in part.figures.items() if value != "")
        say(f"{'ok  ' if part.ok else 'FAIL'} {folder.design.name} {part.part:10} {part.seconds:6.1f} s  {figures}")
        for problem in part.problems:
            say(f"       {problem}")
    held = all(part.ok for part in parts)
    if held and write_proof:
        now = fingerprint(folder)
        if changed := sorted(kind for kind in {*before, *now} if before.get(kind) != now.get(kind)):
            raise UsageError(
                f"{folder.design.name}: {' and '.join(changed)} changed while it was checked, so nothing is proved; "
                "check it again"
            )
        command = f"dv-agent designs check {folder.design.name} --beats {options.beats} --write-proof"
        path = write(folder, command, f"{chosen.name} {chosen.version()}", options, parts)
        if not as_json:
            say(f"     proof written to {path}")
    return held


def _say(words: str) -> None:
    """Print one line of progress, which the next one overwrites."""
    overwrite(words)


def make_witnesses(name: str, more: tuple[Path, ...], seed: int, max_cycles: int, simulator: str) -> tuple[str, ...]:
    """Find, choose, trim and save witnesses; return the bins and bugs that have none."""
    folder = find_design(name)
    chosen = usable_simulator(simulator, folder.design, complain_of_choice)
    plan = plan_of(folder)
    tests = list(load_witnesses(folder))
    for path in more:
        tests += load_tests(path, folder)
    with ExitStack() as stack:
        room = stack.enter_context(scratch_folder())
        copies = {bug.id: broken_copy(folder, bug, room) for bug in load_bugs(folder)}

        def bench(one: DesignFolder) -> Testbench:
            return Testbench(one, plan, stack.enter_context(chosen.open(one.design)))

        work = WitnessSearch(bench(folder), {bug: bench(copy) for bug, copy in copies.items()})
        known = work.candidates(tests)
        found = [*known, *work.find(SearchAgent(seed), known, max_cycles, print)]
        trimmed = work.trim_all(choose(found), print)
        kept = choose([one for test in trimmed if (one := work.measure(test.test))])
    reached = frozenset[Target]().union(*(one.targets for one in kept))
    named = [one.test.model_copy(update={"name": f"witness {index}"}) for index, one in enumerate(kept)]
    save_witnesses(folder, tuple(named))
    bins = [one.id for index, one in enumerate(plan.bins) if index not in reached]
    bugs = [bug for bug in copies if bug not in reached]
    say(f"{counted(len(kept), 'witness')}, {counted(sum(one.cycles for one in kept), 'cycle')}")
    say(
        f"{len(plan.bins) - len(bins)} of {counted(len(plan.bins), 'bin')}, "
        f"{len(copies) - len(bugs)} of {counted(len(copies), 'bug')}"
    )
    return (*bins, *bugs)

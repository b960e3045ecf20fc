"""The tests of a run that kill the design's seeded bugs, and whether the checks of a project see each kill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from dv_agent.agents.turn import TestRecord
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.trace import End, Trace
from dv_agent.eval.cocotb_project.files.output_checks import failed_checks
from dv_agent.eval.cocotb_project.test_data import recording_of
from dv_agent.eval.execution.seeded_bugs.bug_hunt import Hunter
from dv_agent.runners.recording.simulator import RecordingStore
from dv_agent.runners.simulator import Simulator


@dataclass(frozen=True, slots=True)
class Kept:
    """A seeded bug, and the test that kills it with its first failed check."""

    bug: str
    test: int
    check: str


def kills_of(
    folder: DesignFolder, simulator: Simulator, tests: Sequence[TestRecord], first: Sequence[int],
    tell: Callable[[str], None],
) -> tuple[Kept, ...]:  # fmt: skip
    """Return for each seeded bug that any of the tests kills the test that does; those of `first` are tried first.

    Args:
        folder: the design without a seeded bug.
        tell: called with the id of each bug before it is tried.

    Raises:
        BuildError, SimulationError: a copy does not build, or the simulator failed.
    """
    if not load_bugs(folder):
        return ()
    preferred = {number: place for place, number in enumerate(first)}
    ordered = sorted(tests, key=lambda one: (one.index not in preferred, one.index))
    with Hunter(folder, simulator) as hunter:
        sheet = hunter.hunt(ordered, RecordingStore(), tell=tell)
    return tuple(
        Kept(one.bug, one.test, one.check) for one in sheet.outcomes if one.killed and one.test is not None
    )  # fmt: skip


def unseen_kills(
    folder: DesignFolder, simulator: Simulator, kills: Sequence[Kept], tests: Mapping[int, TestRecord],
    design: Mapping[str, Any], data: Mapping[int, Mapping[str, Any]],
) -> tuple[Kept, ...]:  # fmt: skip
    """Return the kills that the checks of the project would not see.

    Args:
        design: the content of ``design.json``.
        data: number of a test -> the content of its file.
    """
    bugs = {one.id: one for one in load_bugs(folder)}
    unseen = []
    with ExitStack() as stack:
        room = stack.enter_context(scratch_folder())
        for kill in kills:
            record = tests[kill.test]
            broken = broken_copy(folder, bugs[kill.bug], room).design
            program = expand(broken, folder.schema, record.test, record.max_cycles)
            with simulator.open(broken) as session:
                trace = session.run(program).trace
            if not _seen(trace, design, data[kill.test]):
                unseen.append(kill)
    return tuple(unseen)


def _seen(trace: Trace, design: Mapping[str, Any], test: Mapping[str, Any]) -> bool:
    if trace.end in (End.HUNG, End.CRASHED) or (trace.reported and not test["may_report"]):
        return True
    return bool(failed_checks(design, test, recording_of(trace, design["sampled"])))

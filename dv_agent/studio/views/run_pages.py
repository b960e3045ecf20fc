"""What the pages of a recorded run show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.records.recorded_names import recorded_simulator
from dv_agent.coverage.totals import summarise
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError
from dv_agent.eval.report.data.recorded_coverage import coverage_by_turns, coverage_of
from dv_agent.eval.report.data.run_data import FailureData, RunData, Track, TurnData
from dv_agent.eval.report.figures import all_notes, facts, main_figures, small_figures, spendings, verdict
from dv_agent.eval.report.page import with_tests
from dv_agent.eval.report.pictures.curves import progress
from dv_agent.eval.report.pictures.line_chart import LineChart, line_chart
from dv_agent.eval.report.rerun_command import commands
from dv_agent.eval.report.turn_rows import TALK_MOST, CallRow, TestRow, call_rows, cut_tracks
from dv_agent.studio.run_index import OpenedRun
from dv_agent.studio.views.coverage_column import CoverageColumn, coverage_column
from dv_agent.studio.views.waveforms import Waveforms, WaveformSetup, WaveformWindow

STEPS = 20_000
Kept = tuple[FailureData, tuple[tuple[str, tuple[Track, ...], int], ...]]


@dataclass(frozen=True, slots=True)
class TurnStep:
    """One turn in the list of turns; `covered` counts the bins of the run after it."""

    number: int
    tests: int
    new_bins: int
    failing: int
    covered: int


@dataclass(frozen=True, slots=True)
class TurnPage:
    """One turn in full.

    Attributes:
        kept: failures of this turn that the run kept with a shrunk test, by number of the test.
        column: the coverage after the turn; None where the plan of the run is not at hand.
        note: what is to be said about it.
    """

    turn: TurnData
    tests: tuple[TestRow, ...]
    calls: tuple[CallRow, ...]
    kept: dict[int, Kept]
    column: CoverageColumn | None
    note: str


@dataclass(frozen=True, slots=True)
class TestPage:
    """One test with a window of its waveform; `turn` is the number of its turn."""

    __test__ = False

    row: TestRow
    turn: TurnData
    number: int
    window: WaveformWindow


def turn_steps(run: RunData) -> tuple[TurnStep, ...]:
    """The list of turns."""
    steps, covered = [], 0
    for number, turn in enumerate(run.turns):
        covered += turn.new_bins
        steps.append(TurnStep(number, len(turn.tests), turn.new_bins, turn.failing, covered))
    return tuple(steps)


def overview(opened: OpenedRun) -> dict[str, Any]:
    """What the first page of a run shows: the head of its report, charts, turns, failures."""
    run = opened.run
    found = coverage_of(run, opened.plan)
    known = opened.plan if found.coverage is not None else None
    summary = summarise(found.coverage) if found.coverage is not None else None
    charts: tuple[LineChart, ...] = tuple(map(line_chart, progress(run, known, run.header.bins)))
    return {
        "opened": opened, "run": run, "header": run.header, "bins": len(known.bins) if known else run.header.bins,
        "title": opened.folder.design.title if opened.folder else "",
        "verdict": verdict(run), "notes": all_notes(run, found.note),
        "main_figures": main_figures(run, summary), "small_figures": small_figures(run),
        "facts": facts(run), "spendings": spendings(run), "command": commands(run.header),
        "charts": charts if run.tests else (), "steps": turn_steps(run),
        "failures": tuple(map(with_tests, run.failures)),
        "column": coverage_column(found.coverage, (), found.measured) if found.coverage else None,
    }  # fmt: skip


def turn_page(opened: OpenedRun, number: int) -> TurnPage:
    """Turn `number` of a run, from 0.

    Raises:
        UsageError: there is none.
    """
    run = opened.run
    if not 0 <= number < len(run.turns):
        raise UsageError(f"{opened.name} has no turn {number}; it has {counted(len(run.turns), 'turn')}, from 0")
    turn = run.turns[number]
    column, note = _column(opened, number)
    share = STEPS * 10 // max(len(turn.tests), 10)
    indices = {test.index for test in turn.tests}
    return TurnPage(
        turn=turn,
        tests=tuple(TestRow(test, cut_tracks(test.tracks, share)) for test in turn.tests),
        calls=call_rows(turn.calls, 2 * TALK_MOST, number, {}),
        kept={failure.index: with_tests(failure) for failure in run.failures if failure.index in indices},
        column=column,
        note=note,
    )


def _column(opened: OpenedRun, number: int) -> tuple[CoverageColumn | None, str]:
    run, plan = opened.run, opened.plan
    found = coverage_of(run, plan)
    if plan is None or found.coverage is None:
        return None, found.note
    last = number == len(run.turns) - 1
    coverage = found.coverage if last else coverage_by_turns(run.turns[: number + 1], plan)
    won = [(test.index, test.new_bins) for test in run.turns[number].tests]
    return coverage_column(coverage, won, found.measured and last), found.note


def test_page(opened: OpenedRun, index: int, start: int | None, waveforms: Waveforms) -> TestPage:
    """Test `index` of a run, simulated again; `start` is the first cycle to show.

    Raises:
        DvAgentError: no such test, or it cannot be simulated.
    """
    if opened.folder is None:
        raise UsageError(f"the design {opened.run.header.design!r} of this run is not at hand")
    past = read_run(opened.run.folder)
    record = past.test(index)
    number = next(place for place, turn in enumerate(past.turns) if record in turn.tests)
    rig = WaveformSetup(past.header.design, past.header.agent_options.bug, recorded_simulator(past.header))
    turn = opened.run.turns[number]
    data = next(test for test in turn.tests if test.index == index)
    return TestPage(
        TestRow(data, cut_tracks(data.tracks, STEPS)),
        turn,
        number,
        waveforms.window(rig, record.test, start, record.max_cycles),
    )

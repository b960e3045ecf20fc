"""How far the run of a client has come, and how it ended, in words for the client."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.runs.launch import FinishedRun
from dv_agent.agents.state import RunState
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.coverage.totals import overall_totals
from dv_agent.prompts.benchmark_track import TRACKS


class Standing:
    """Watcher of a run that keeps what is last known of it; read from another thread."""

    def __init__(self) -> None:
        self.header: RunHeader | None = None
        self.folder: Path | None = None
        self.tests = 0
        self.said = "beginning"
        self._state: RunState | None = None

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """Note the run that begins or resumes."""
        del bins
        self.header, self.folder, self.tests, self.said = header, folder, header.tests, "running"

    def test(self, record: TestRecord) -> None:
        """Count a test."""
        self.tests, self.said = self.tests + 1, f"{self.tests + 1} tests simulated, the last one {record.cycles} cycles"

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """Note the state after a turn."""
        del turn
        self._state = state

    def say(self, words: str) -> None:
        """Note another activity."""
        self.said = words

    def stop(self) -> None:
        """There is nothing to end."""

    def words(self) -> str:
        """Return design, tests, coverage and budget up to the last `run_tests`."""
        if self.header is None:
            return f"The run has not begun: {self.said}."
        track, state = TRACKS[self.header.track], self._state
        lines = [f"{self.header.design}, track {track.name}, {self.tests} tests so far; {self.said}."]
        if state:
            totals = overall_totals(state.coverage)
            lines += [f"{totals.bins_hit} of {totals.bins} bins are covered."] if track.plan else []
            left = self.header.budget.left(state.spent)
            lines.append("Left when the last turn ended: " + ", ".join(f"{n:,.0f} {name}" for name, n in left.items()))
        return "\n".join(lines)


def ending_words(run: FinishedRun, scored: bool) -> str:
    """Return how a run ended; of a scored one neither verdicts nor where its record lies."""
    header = run.header
    lines = [f"The run has ended: {header.stop_reason}. {header.tests} tests, {header.spent.cycles:,} cycles."]
    if TRACKS[header.track].plan:
        lines.append(f"{header.bins_hit} of {header.bins} bins are covered.")
    if scored:
        return "\n".join([*lines, "Claims and reports are judged and kept. Nothing more can be done in this session."])
    lines.append(f"{header.failing_tests} tests failed a check.")
    lines += [
        f"claim {one.bin}: {one.verdict} ({one.why})" for one in (header.claims.verdicts if header.claims else ())
    ]
    lines += [f"report on test {one.test}: {one.words} {one.why}".rstrip() for one in header.bug_reports or ()]
    lines += run.notes
    lines.append(f"Record: {run.folder} (report.html shows it). A new session begins a new run.")
    return "\n".join(lines)

"""How far the run of a client has come, and how it ended, in words for the client."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.runs.launch import FinishedRun
from dv_agent.agents.state import RunState
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.coverage.totals import overall_totals
from dv_agent.designs.text.wording import counted
from dv_agent.prompts.benchmark_track import TRACKS


class Standing:
    """Watcher of a run that keeps what is last known of it; read from another thread."""

    def __init__(self) -> None:
        self.header: RunHeader | None = None
        self.folder: Path | None = None
        self.tests = 0
        self.said = "beginning"
        self._covered = (0, 0)
        self._spent = Spent()
        self._cycles, self._since = 0, 0.0

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """Note the run that begins or resumes."""
        self.header, self.folder, self.tests, self.said = header, folder, header.tests, "running"
        self._covered, self._spent, self._since = (header.bins_hit, bins), header.spent, monotonic()

    def test(self, record: TestRecord) -> None:
        """Count a test."""
        self.tests += 1
        self.said = f"{counted(self.tests, 'test')} simulated, the last one {counted(record.cycles, 'cycle')}"
        self._cycles += record.cycles

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """Note the state after a turn."""
        del turn
        totals = overall_totals(state.coverage)
        self._covered, self._spent = (totals.bins_hit, totals.bins), state.spent
        self._cycles, self._since = 0, monotonic()

    def say(self, words: str) -> None:
        """Note another activity."""
        self.said = words

    def stop(self) -> None:
        """There is nothing to end."""

    def words(self, replies: int) -> str:
        """Return design, tests, coverage and budget as they are now.

        Args:
            replies: how many replies the run has had, the one that is being answered included.
        """
        if self.header is None:
            return f"The run has not begun: {self.said}."
        track, (hit, bins) = TRACKS[self.header.track], self._covered
        lines = [f"{self.header.design}, track {track.name}, {counted(self.tests, 'test')} so far; {self.said}."]
        lines += [f"{hit} of {bins} bins are covered."] if track.plan else []
        left = self._left(self.header.budget, replies)
        lines += ["Left now: " + ", ".join(f"{n:,.0f} {name}" for name, n in left.items())] if left else []
        return "\n".join(lines)

    def _left(self, budget: Budget, replies: int) -> dict[str, float]:
        """Return what is left of each bound; the state of the run knows it as of the end of a turn only."""
        spent = self._spent.model_copy(update={
            "cycles": self._spent.cycles + self._cycles,
            "calls": max(replies, self._spent.calls),
            "seconds": self._spent.seconds + monotonic() - self._since,
        })  # fmt: skip
        return budget.left(spent)


def ending_words(run: FinishedRun, scored: bool) -> str:
    """Return how a run ended; of a scored one neither verdicts nor where its record lies."""
    header = run.header
    played = f"{counted(header.tests, 'test')}, {counted(header.spent.cycles, 'cycle')}"
    lines = [f"The run has ended: {header.stop_reason}. {played}."]
    if TRACKS[header.track].plan:
        lines.append(f"{header.bins_hit} of {header.bins} bins are covered.")
    if scored:
        return "\n".join([*lines, "Claims and reports are judged and kept. Nothing more can be done in this session."])
    lines.append(f"{counted(header.failing_tests, 'test')} failed a check.")
    lines += [
        f"claim {one.bin}: {one.verdict} ({one.why})" for one in (header.claims.verdicts if header.claims else ())
    ]
    lines += [
        f"report on test {one.test}: {one.words}{f' ({one.why})' if one.why else ''}"
        for one in header.bug_reports or ()
    ]
    lines += run.notes
    lines.append(f"Record: {run.folder} (report.html shows it). A new session begins a new run.")
    return "\n".join(lines)

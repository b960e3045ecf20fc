"""The terminal display of a run: live progress, and the final report."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dv_agent.cli.running.run_words import judgement_lines, usage_words, verdict_text
from dv_agent.cli.terminal import safe_console
from dv_agent.designs.text.wording import counted, tidy_version
from dv_agent.eval.report.wording import structured_words

if TYPE_CHECKING:
    from dv_agent.agents.records.schema import RunHeader
    from dv_agent.agents.runs.launch import FinishedRun
    from dv_agent.agents.state import RunState
    from dv_agent.agents.turn import TestRecord, TurnRecord
    from dv_agent.coverage.holes import Hole

HOLES_SHOWN = 12
REFRESH_SECONDS = 0.1


class Display:
    """Live progress on stderr (one line for each turn if it is not a terminal) and the final report on stdout.

    Args:
        quiet: no progress; the report is still printed.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = safe_console()
        self._progress = safe_console(sys.stderr)
        self._quiet = quiet
        self._live: Live | None = None
        self._lines: list[str] = []
        self._drawn = self._started = 0.0
        self._bins = self._hit = self._cycles = self._tests = self._failing = self._turn = self._fresh = 0
        self._limited = 0
        self._budget: int | None = None
        self._words = ""

    # During the run -------------------------------------------------------------------------------------

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """Show which agent and design run."""
        self._bins, self._budget, self._started = bins, header.budget.cycles, time.monotonic()
        self._hit, self._cycles, self._tests = header.bins_hit, header.spent.cycles, header.tests
        self._turn, self._failing, self._words = header.turns, header.failing_tests, ""
        if self._quiet:
            return
        simulator, size = tidy_version(header.simulator), counted(bins, "bin")
        goal = {"functional": "", "code": " of code coverage", "both": ", code coverage among them"}[header.goal]
        words = f"{header.design} · {header.agent} · seed {header.seed} · {simulator} · {size}{goal}"
        self._progress.print(Text(words, style="bold"), soft_wrap=True)
        if self._progress.is_terminal:
            self._live = Live(self._picture(), console=self._progress, auto_refresh=False, transient=True)
            self._live.start()

    def test(self, record: TestRecord) -> None:
        """Count one test."""
        self._tests += 1
        self._cycles += record.cycles
        self._hit += len(record.new_bins)
        self._fresh += len(record.new_bins)
        self._failing += bool(record.failures)
        self._limited += record.end == "cycle_limit"
        if self._live and time.monotonic() - self._drawn > REFRESH_SECONDS:
            self._draw()

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """Show a finished turn."""
        self._turn, self._words = state.turn, ""
        line = (
            f"turn {state.turn:3}  {self._hit:4}/{self._bins} bins  +{self._fresh:<3}  "
            f"{self._tests:5} {'test ' if self._tests == 1 else 'tests'}  {self._cycles:8,} cycles  {self._checks()}"
        )
        self._fresh = 0
        if self._live:
            self._draw()
        elif not self._quiet and (turn.turn < 10 or turn.turn % 10 == 9):
            self._progress.print(line)

    def say(self, words: str) -> None:
        """Show another activity that takes time."""
        self._words = words
        if self._live:
            self._draw()
        elif not self._quiet:
            self._progress.print(Text(words, style="dim"))

    def stop(self) -> None:
        """Remove the live display."""
        if self._live:
            self._live.stop()
            self._live = None

    def note(self, text: str) -> None:
        """Add a line below the report."""
        self._console.print(Text(text, style="dim"), soft_wrap=True)

    def _checks(self) -> str:
        checks = "checks ok" if not self._failing else f"{counted(self._failing, 'test')} FAILED"
        return f"{checks}, {counted(self._limited, 'test')} reached the cycle limit" if self._limited else checks

    def _draw(self) -> None:
        if self._live:
            self._drawn = time.monotonic()
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        grid = Table.grid(padding=(0, 2))
        seconds = max(time.monotonic() - self._started, 1e-9)
        grid.add_row("coverage", ProgressBar(self._bins, self._hit, width=40), f"{self._hit}/{self._bins} bins")
        if self._budget:
            used = min(self._cycles, self._budget)
            grid.add_row(
                "budget", ProgressBar(self._budget, used, width=40), f"{self._cycles:,}/{self._budget:,} cycles"
            )
        speed = f"{self._cycles / seconds:,.0f} cycles/s"
        style = "red" if self._failing else "green"
        fresh, tests = counted(self._fresh, "bin"), counted(self._tests, "test")
        grid.add_row(
            f"turn {self._turn + 1}", Text(f"+{fresh} this turn · {tests} · {speed}"), Text(self._checks(), style=style)
        )
        return Group(grid, Text(self._words, style="yellow")) if self._words else Group(grid)

    # At the end ------------------------------------------------------------------------------------------

    def report(self, finished: FinishedRun) -> None:
        """Print totals, holes, findings, and the folder of the record."""
        header = finished.header
        self._console.print(_totals_table(finished))
        self._print_holes(finished.report.holes)
        for finding in finished.triaged.findings:
            self._console.print(Text(f"FAILED {finding.headline}", style="bold red"), soft_wrap=True)
            for line in finding.lines():
                self._console.print(Text(f"  {line}"), soft_wrap=True)
        for note in finished.triaged.notes:
            self._console.print(Text(f"FAILED {note}", style="bold red"), soft_wrap=True)
        if not header.failing_tests:
            self._console.print(verdict_text(finished), soft_wrap=True)
        if header.repeated_simulations:
            self._console.print(
                f"repeated: {counted(header.repeated_simulations, 'simulation')}, killed from outside the first time",
                style="yellow", soft_wrap=True,
            )  # fmt: skip
        for line in finished.notes:
            self._console.print(Text(line, style="yellow"), soft_wrap=True)
        if header.unchecked and not header.nothing_checked:
            self._console.print(Text(f"checked: {'; '.join(header.checked)}"), soft_wrap=True)
            self._console.print(Text(f"not checked: {'; '.join(header.unchecked)}", style="yellow"), soft_wrap=True)
        self._print_end(header)
        for line in judgement_lines(header):
            self._console.print(Text(line), soft_wrap=True)
        self._console.print(f"record: {finished.folder} (report.html shows it)", soft_wrap=True)

    def _print_end(self, header: RunHeader) -> None:
        """Print why the run stopped, and what it used."""
        spent = header.spent
        reasons = {"target": "target reached", "agent_done": "nothing more to propose", "stalled": "no new bins"}
        reason = reasons.get(header.stop_reason, header.stop_reason.replace("budget:", "budget used up: "))
        self._console.print(
            f"stopped: {reason} · {counted(header.turns, 'turn')} · {counted(header.tests, 'test')} · "
            f"{counted(spent.cycles, 'cycle')} · "
            f"{spent.seconds:.1f} s",
            soft_wrap=True,
        )
        if header.model:
            self._console.print(Text(usage_words(header)), soft_wrap=True)
        if header.structured:
            self._console.print(
                Text(f"structured output, in turns: {structured_words(header.structured)}"), soft_wrap=True
            )

    def _print_holes(self, holes: tuple[Hole, ...]) -> None:
        if not holes:
            return
        remain = f"{counted(len(holes), 'hole')} {'remains' if len(holes) == 1 else 'remain'}"
        self._console.print(Text(f"{remain} (distance 0 would be a hit)", style="bold"))
        for hole in holes[:HOLES_SHOWN]:
            distance = "not seen" if hole.distance is None else f"distance {hole.distance}"
            self._console.print(Text(f"  {hole.bin}  ({hole.tier}, {distance})"), soft_wrap=True)
            self._console.print(Text(f"      {hole.description}", style="dim"), soft_wrap=True)
        if len(holes) > HOLES_SHOWN:
            self._console.print(f"  ... and {len(holes) - HOLES_SHOWN} more; `--json` lists all")


def _totals_table(finished: FinishedRun) -> Table:
    summary = finished.report.summary
    title = f"{finished.header.design}: coverage"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("bins hit", justify="right")
    table.add_column("")
    table.add_column("IEEE 1800 total", justify="right")
    rows = {"all": summary.overall, **summary.tiers, **summary.covergroups}
    for name, totals in rows.items():
        bar = ProgressBar(totals.bins, totals.bins_hit, width=24)
        style = "bold" if name == "all" else None
        table.add_row(name, f"{totals.bins_hit}/{totals.bins}", bar, f"{totals.coverage_pct:.2f} %", style=style)
        if name in ("all", *summary.tiers) and name == list({"all": 0, **summary.tiers})[-1]:
            table.add_row()
    return table

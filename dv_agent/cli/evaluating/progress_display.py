"""The terminal display of a running evaluation."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dv_agent.cli.terminal import safe_console
from dv_agent.designs.text.wording import counted
from dv_agent.eval.evaluation.data_model import Trial, TrialRecord
from dv_agent.eval.execution.events import Event

REFRESH_SECONDS = 0.2


class EvalDisplay:
    """One line on stderr for each trial that ended; on a terminal also a live display of the running trials.

    Args:
        quiet: whether to show nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = safe_console(sys.stderr)
        self._quiet = quiet
        self._live: Live | None = None
        self._trials: dict[str, Trial] = {}
        self._running: dict[str, Event] = {}
        self._ended = self._reused = self._failed = 0
        self._started = self._drawn = 0.0

    def begin(self, trials: Sequence[Trial], reused: Mapping[str, TrialRecord]) -> None:
        """Show the number of trials."""
        self._trials = {trial.id: trial for trial in trials}
        self._reused = self._ended = len(reused)
        self._failed = sum(record.status == "failed" for record in reused.values())
        self._started = time.monotonic()
        self._say(f"{counted(len(trials), 'trial')}, {len(reused)} of them there already")
        if self._console.is_terminal and not self._quiet and len(reused) < len(trials):
            self._live = Live(self._picture(), console=self._console, auto_refresh=False, transient=True)
            self._live.start()

    def started(self, trial: Trial) -> None:
        """Show that a trial begins."""
        self._running[trial.id] = Event(trial=trial.id, kind="say", words="starting")

    def event(self, event: Event) -> None:
        """Show an event of a trial."""
        if not event.last:
            if event.kind != "progress":
                event = self._running.get(event.trial, event).model_copy(
                    update={"kind": event.kind, "words": event.words}
                )  # fmt: skip
            self._running[event.trial] = event
            return
        last = self._running.pop(event.trial, event)
        if event.kind in ("done", "lost"):
            self._ended += 1
            failed = event.kind == "lost" or (event.record is not None and event.record.status == "failed")
            self._failed += failed
            self._say(f"{self._count()}  {name_of(self._trials[event.trial])}  {_how(event, last)}", failed)

    def tick(self) -> None:
        """Redraw the live display from time to time."""
        if self._live and time.monotonic() - self._drawn > REFRESH_SECONDS:
            self._drawn = time.monotonic()
            self._live.update(self._picture(), refresh=True)

    def close(self) -> None:
        """Remove the live display."""
        if self._live:
            self._live.stop()
            self._live = None

    def _say(self, words: str, failed: bool = False) -> None:
        if not self._quiet:
            self._console.print(Text(words, style="red" if failed else ""), soft_wrap=True)

    def _count(self) -> str:
        width = len(str(len(self._trials)))
        return f"{self._ended:{width}}/{len(self._trials)}"

    def _picture(self) -> Group:
        bar = Table.grid(padding=(0, 2))
        total = len(self._trials)
        words = f"{self._ended}/{counted(total, 'trial')}"
        fresh, seconds = self._ended - self._reused, time.monotonic() - self._started
        if fresh >= 3:
            left = seconds / fresh * (total - self._ended)
            words += f", about {left / 60:.0f} min left"
        if self._failed:
            words += f", {self._failed} failed"
        bar.add_row(ProgressBar(total, self._ended, width=40), words)
        table = Table.grid(padding=(0, 2))
        for name, event in self._running.items():
            budget = self._trials[name].budget.cycles or 1
            table.add_row(
                name_of(self._trials[name]), ProgressBar(budget, min(event.cycles, budget), width=16),
                f"{event.bins_hit}/{counted(event.bins, 'bin')}", _now(event),
            )  # fmt: skip
        return Group(bar, table)


def name_of(trial: Trial) -> str:
    """Return the name of a trial to show, such as ``mxint_softmax · search · seed 0``."""
    return f"{trial.design} · {trial.entry.label} · seed {trial.seed}"


def _now(event: Event) -> str:
    if event.kind == "hunting":
        return f"seeded bug {event.words}"
    return event.words if event.kind == "say" else f"{counted(event.tests, 'test')}, {counted(event.cycles, 'cycle')}"


def _how(event: Event, last: Event) -> str:
    record = event.record
    if record is None:
        return f"lost: {event.words.splitlines()[0]}"
    if record.failure:
        words = (record.failure.message or record.failure.error).splitlines()[0]
        return f"FAILED ({record.failure.kind}): {words}"
    if record.nothing_checked:
        return f"NOTHING CHECKED: {record.nothing_checked.splitlines()[0]}"
    bins = f"{last.bins_hit}/{counted(last.bins, 'bin')}, " if last.bins else ""
    again = f", {counted(record.repeated_simulations, 'simulation')} repeated" if record.repeated_simulations else ""
    return f"{bins}{record.seconds:.1f} s, seeded bugs {record.kill_seconds:.1f} s{again}"

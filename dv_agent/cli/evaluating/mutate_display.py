"""The terminal display of ``dv-agent mutate``: progress on stderr, and the tables at the end."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dv_agent.cli.terminal import safe_console
from dv_agent.designs.text.wording import counted
from dv_agent.eval.mutants.data_model import VERDICTS, Mutant, Outcome, Selection, Settings
from dv_agent.eval.mutants.summary import (
    Counts,
    MutationResult,
    SourceCounts,
    by_check,
    by_kind,
    by_module,
    by_source,
    counts,
)
from dv_agent.eval.report.wording import check_title

REFRESH_SECONDS = 0.2
SHOWN = 10


class MutateDisplay:
    """A live bar on a terminal, else one line for every mutant that is not killed.

    Args:
        quiet: whether to show nothing.

    Attributes:
        folder: the folder of the results, once it is there.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = safe_console(sys.stderr)
        self._quiet = quiet
        self._live: Live | None = None
        self._mutants: Mapping[str, Mutant] = {}
        self._verdicts: Counter[str] = Counter()
        self._total = self._before = 0
        self._words, self._started, self._drawn = "", 0.0, 0.0
        self.folder: Path | None = None

    def say(self, words: str) -> None:
        """Show what takes time."""
        self._words = words
        if not self._quiet and self._console.is_terminal:
            self._draw()

    def begin(self, settings: Settings, selection: Selection, folder: Path, done: tuple[Outcome, ...]) -> None:
        """Show what is tried."""
        self.folder = folder
        self._mutants = {one.id: one for one in selection.mutants}
        self._total, self._before = len(selection.to_run), len(done)
        self._verdicts = Counter(one.verdict for one in done)
        self._started, self._words = time.monotonic(), ""
        tests = f"{counted(settings.test_count, 'test')}, {counted(settings.test_cycles, 'cycle')}"
        there = f", {len(done)} there already" if done else ""
        self._print(
            f"{settings.design} · {counted(self._total, 'mutant')}{there} · seed {settings.seed} · "
            f"{settings.simulator} · {settings.tests} ({tests})"
        )

    def outcome(self, outcome: Outcome) -> None:
        """Show what became of a mutant."""
        self._verdicts[outcome.verdict] += 1
        if outcome.verdict != "killed":
            change = self._mutants[outcome.mutant].change
            self._print(f"{outcome.mutant} {outcome.verdict:10} {change.module}:{change.line} {change.change}")
        if self._live and time.monotonic() - self._drawn > REFRESH_SECONDS:
            self._draw()

    def close(self) -> None:
        """Remove the live display."""
        if self._live:
            self._live.stop()
        self._live = None

    def _print(self, words: str) -> None:
        if not self._quiet:
            self._console.print(Text(words), soft_wrap=True)

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        if self._live is None:
            self._live = Live(self._picture(), console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group | Text:
        if not self._total or self._words:
            return Text(self._words)
        done = sum(self._verdicts.values())
        words = f"{done}/{self._total}  " + ", ".join(f"{self._verdicts[name]} {name}" for name in VERDICTS)
        fresh, seconds = done - self._before, time.monotonic() - self._started
        if fresh >= 3 and done < self._total:
            words += f", about {seconds / fresh * (self._total - done) / 60:.0f} min left"
        row = Table.grid(padding=(0, 2))
        row.add_row(ProgressBar(self._total, done, width=40), words)
        return Group(row)


def show_result(result: MutationResult) -> None:
    """Print the tables and the survivors on stdout."""
    console = safe_console()
    for part in _tables(result):
        console.print(part)
    for line in _words(result):
        console.print(Text(line), soft_wrap=True)


def _tables(result: MutationResult) -> Iterator[Table]:
    total = counts([outcome for _, outcome in result.pairs()])
    if sources := by_source(result):
        yield _of_sources(sources)
    for title, groups in (("kind", by_kind(result)), ("module", by_module(result))):
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column(title)
        for name in (*VERDICTS, "score"):
            table.add_column(name, justify="right")
        for name, one in groups.items():
            table.add_row(Text(name), *_numbers(one))
        table.add_row(Text("all", style="bold"), *_numbers(total))
        yield table


def _of_sources(sources: Mapping[str, SourceCounts]) -> Table:
    """Return a table with a row for each source of tests; `alone` counts what no other source kills."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("tests")
    for name in (*VERDICTS, "score", "alone"):
        table.add_column(name, justify="right")
    for words, one in sources.items():
        table.add_row(Text(words), *_numbers(one), str(one.alone) if one.alone else "·")
    return table


def _numbers(one: Counts) -> list[str]:
    score = "" if one.score is None else f"{one.score:.1f} %"
    return [*(str(getattr(one, name)) if getattr(one, name) else "·" for name in VERDICTS), score]


def _words(result: MutationResult) -> Iterator[str]:
    selection = result.selection
    checks = ", ".join(f"{check_title(name)} {number}" for name, number in by_check(result).items())
    if checks:
        yield f"killed by: {checks}"
    yield from _notes(result)
    survivors = [(mutant, one) for mutant, one in result.pairs() if one.verdict in ("unnoticed", "unknown")]
    if survivors:
        sure = any(one.verdict == "unnoticed" for _, one in survivors)
        yield (
            "these changes of the RTL would not be noticed:"
            if sure
            else "nothing is known of these changes of the RTL:"
        )
    for mutant, one in sorted(survivors, key=lambda pair: pair[1].verdict == "unknown")[:SHOWN]:
        change = mutant.change
        yield f"  {mutant.id} {change.source}:{change.line}  {change.change}"
        yield f"      {_why(one)}"
    if len(survivors) > SHOWN:
        yield f"  ... {len(survivors) - SHOWN} more, see report.html"
    yield (
        f"{counted(selection.candidates, 'change')} possible; of those met, {selection.refused} did not build and "
        f"{selection.repeated} compiled to the same as another"
    )
    if result.left:
        yield f"{counted(result.left, 'mutant')} not tried: dv-agent mutate --resume {result.folder} goes on"
    yield f"record: {result.folder} (report.html shows it)"


def _notes(result: MutationResult) -> Iterator[str]:
    settings = result.settings
    if not settings.has_model:
        how = "any difference from the clean RTL at the pins kills (differs)" if settings.oracle == "comparison" else ""
        yield f"no reference model: the protocol rules are checked{', and ' + how if how else ' and nothing else'}"
    if settings.left_out:
        yield f"{counted(len(settings.left_out), 'test')} left out, which fail a check on the clean RTL"


def _why(one: Outcome) -> str:
    if one.verdict == "unknown":
        return f"unknown: {one.reason}"
    where = one.difference.message if one.difference else ""
    cycles = f"; shown in {counted(one.shortest.cycles, 'cycle')}" if one.shortest else ""
    if one.missing == "stimulus":
        return f"stimulus is missing: a further test fails {one.failure.check if one.failure else 'a check'}{cycles}"
    return f"a check is missing: {where}{cycles}; would be noticed by {one.hint}"

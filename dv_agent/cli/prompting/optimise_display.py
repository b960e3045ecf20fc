"""The terminal display of ``dv-agent optimise``: a line a step, and what it came to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dv_agent.cli.terminal import complain, overwrite, say
from dv_agent.designs.text.wording import counted

if TYPE_CHECKING:
    from dv_agent.agents.records.schema import RunHeader
    from dv_agent.agents.state import RunState
    from dv_agent.agents.turn import TestRecord, TurnRecord
    from dv_agent.eval.optimisation.optimise import Result


class OptimiseProgress:
    """A line for each step on stderr, and on a terminal how the present trial goes on."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._lively = quiet, sys.stderr.isatty() and not quiet
        self._trial = ""

    def line(self, words: str) -> None:
        """Show a step that ended."""
        self.stop()
        if not self._quiet:
            complain(words)

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """Show that a trial starts."""
        self._trial = f"trial on {header.design}, seed {header.seed}"
        self.say("starting")

    def test(self, record: TestRecord) -> None:
        """See `RunWatcher`."""

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """Show how far the trial is."""
        self.say(f"turn {turn.turn + 1}, {counted(turn.bins_hit, 'bin')}")

    def say(self, words: str) -> None:
        """Show what takes time."""
        if self._lively:
            overwrite(f"{self._trial}: {words}" if self._trial else words)

    def hunting(self, bug: str) -> None:
        """See `TrialWatcher`."""

    def stop(self) -> None:
        """Remove what may be overwritten."""
        if self._lively:
            overwrite("")


def tell_result(result: Result, folder: Path) -> None:
    """Print what an optimisation came to."""
    first, best = result.validation
    price = "price not known" if result.usd is None else f"{result.usd:,.2f} US dollars"
    played = f"{counted(result.trials, 'trial')}, {counted(result.calls, 'call')}, {price}"
    say(f"{counted(result.steps, 'proposal')}, {result.refused} refused; {played}; "
        f"ended: {result.why_ended}")  # fmt: skip
    if result.improved:
        say(f"validation: {first:.1f} % of the bins, {best:.1f} % with the best strategy")
        say(result.held_out.words if result.held_out else "")
        say(f"strategy: {folder / result.strategy} (dv-agent run --prompt-strategy {folder / result.strategy})")
    else:
        say(f"no better strategy was found than the one at the start ({first:.1f} % of the bins in validation)")
    say(f"record: {folder} (history.json, curve.svg, candidates/, trials/)")

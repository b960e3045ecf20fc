"""The noun Finding: what is left of failing tests that show one bug."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.frozen import Frozen
from dv_agent.runners.checks.failure import CheckFailure


class Finding(Frozen):
    """A confirmed failure.

    Attributes:
        test_index: number of the failing test in the run.
        failure: the first failed check of the shrunk test, in a fresh process.
        steps, shrunk_steps: size of the test before and after shrinking, in operations.
        not_shrunk: why shrinking did nothing or ended early; empty where it went to its end.
        tests: failing tests that stand behind the finding.
        merged: tests that were shrunk too and came to the same.
        apart: further tests that fail in this way, but may be of another finding that fails so.
        folder: where the test, the shrunk test and the waveform stand.
        open_command: shows the waveform.
    """

    test_index: int
    failure: CheckFailure
    steps: int
    shrunk_steps: int
    not_shrunk: str = ""
    tests: int = 1
    merged: tuple[int, ...] = ()
    apart: int = 0
    folder: str
    open_command: str

    @property
    def headline(self) -> str:
        """One line."""
        return f"{self.failure.check} on {self.failure.port or 'the design'}: {self.failure.message}"

    @property
    def sizes(self) -> str:
        """How far the test was shrunk, and why no farther."""
        if self.shrunk_steps >= self.steps:
            return f"not shrunk: {self.not_shrunk or f'nothing smaller than its {self.steps} operations fails so'}"
        early = f" ({self.not_shrunk})" if self.not_shrunk else ""
        return f"shrunk from {self.steps} to {self.shrunk_steps} operations{early}"

    def lines(self) -> Iterator[str]:
        """What a person wants to know next."""
        yield f"test {self.test_index}, {self.sizes}, confirmed in a fresh process"
        yield self.behind
        yield f"files: {self.folder}"
        yield f"waveform: {self.open_command}"

    @property
    def behind(self) -> str:
        """How many tests stand behind it."""
        merged = f", of which {', '.join(map(str, self.merged))} shrank to the same" if self.merged else ""
        apart = f"; {self.apart} more fail so, of this finding or another" if self.apart else ""
        return f"failing tests behind it: {self.tests}{merged}{apart}"

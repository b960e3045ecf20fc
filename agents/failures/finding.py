"""Data class Finding: the result of triage for failing tests that show the same bug."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dv_agent.designs.frozen import Frozen
from dv_agent.runners.checks.failure import CheckFailure


class Finding(Frozen):
    """A confirmed failure.

    Attributes:
        test_index: number of the failing test in the run.
        failure: the first failed check of the shrunk test, in a fresh process.
        steps, shrunk_steps: size of the test before and after shrinking, in operations.
        not_shrunk: why shrinking did nothing or ended early; empty if it was completed.
        tests: number of failing tests attributed to this finding.
        merged: indices of other tests that were also shrunk and led to the same result.
        apart: number of further tests that fail in the same way, but may belong to another finding of the same kind.
        folder: the folder with the test, the shrunk test and the waveform.
        open_command: the command that shows the waveform.
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
        """Return a one-line description."""
        return f"{self.failure.check} on {self.failure.port or 'the design'}: {self.failure.message}"

    @property
    def sizes(self) -> str:
        """Return by how much the test was shrunk, and why not further."""
        if self.shrunk_steps >= self.steps:
            return f"not shrunk: {self.not_shrunk or f'nothing smaller than its {self.steps} operations fails so'}"
        early = f" ({self.not_shrunk})" if self.not_shrunk else ""
        return f"shrunk from {self.steps} to {self.shrunk_steps} operations{early}"

    def lines(self) -> Iterator[str]:
        """Yield the further details to print, line by line."""
        yield f"test {self.test_index}, {self.sizes}, confirmed in a fresh process"
        yield self.behind
        yield f"files: {self.folder}"
        yield f"waveform: {self.open_command}"

    @property
    def behind(self) -> str:
        """Return how many tests are attributed to this finding."""
        merged = f", of which {_tests(self.merged)} shrank to the same" if self.merged else ""
        apart = f"; {self.apart} more fail so, of this finding or another" if self.apart else ""
        return f"failing tests behind it: {self.tests}{merged}{apart}"


def _tests(indices: tuple[int, ...]) -> str:
    return f"test{'s' if len(indices) > 1 else ''} {', '.join(map(str, indices))}"


@dataclass(frozen=True, slots=True)
class Triaged:
    """All findings of a run, and one note for each kind of failure that was not analysed."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

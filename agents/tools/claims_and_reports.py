"""What the agent `tools` leaves in the record besides tests: calls of tools, claims, bug reports, their judgement."""

from __future__ import annotations

from typing import Literal

from dv_agent.designs.design import Frozen

Verdict = Literal["right", "wrong", "undecided"]


class ToolUse(Frozen):
    """One call of a tool.

    Attributes:
        name, arguments: as the model wrote them, shortened; the reply in the record has them whole.
        size: characters of the result; 0 for ``run_tests``, whose result is what the turn's tests did.
        error: why the call was refused, empty if it was not.
    """

    name: str
    arguments: str
    size: int = 0
    error: str = ""


class Claim(Frozen):
    """A bin that the agent holds to be unreachable, and why."""

    bin: str
    argument: str


class BugReport(Frozen):
    """A fault of the design that the agent reports; `test` is the number of the test that shows it."""

    test: int
    title: str
    explanation: str


class ClaimVerdict(Frozen):
    """What became of a claim; `why` says which test or witness reaches the bin, or what the plan argues."""

    bin: str
    verdict: Verdict
    why: str


class ClaimScore(Frozen):
    """All claims of a run.

    Attributes:
        wanted: decoys that were asked for.
        decoys: the unreachable bins that stood among the holes; those that a test did reach are in `refuted` instead.
        precision: share of right claims among those that were decided; None without any.
        recall: share of `decoys` that were claimed; None without any.
    """

    wanted: int = 0
    decoys: tuple[str, ...] = ()
    refuted: tuple[str, ...] = ()
    verdicts: tuple[ClaimVerdict, ...] = ()
    precision: float | None = None
    recall: float | None = None

    def count(self, verdict: Verdict) -> int:
        """How many claims were judged so."""
        return sum(one.verdict == verdict for one in self.verdicts)


class ReportVerdict(Frozen):
    """What became of a bug report; `failure` is the first check that its test fails in a fresh process."""

    test: int
    title: str
    confirmed: bool
    failure: str = ""

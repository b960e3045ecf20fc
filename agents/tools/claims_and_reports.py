"""What the agent `tools` leaves in the record besides tests: calls of tools, claims, bug reports, their judgement."""

from __future__ import annotations

from typing import Literal

from dv_agent.designs.bounds import Count, Number
from dv_agent.designs.frozen import Frozen

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
    size: Count = 0
    error: str = ""


class Claim(Frozen):
    """A bin that the agent holds to be unreachable, and why."""

    bin: str
    argument: str


class Place(Frozen):
    """Where the RTL is said to be wrong: a module, and signals of it or lines of its file.

    Attributes:
        first_line, last_line: as `read_rtl` numbers them; 0 where none are named.
    """

    module: str
    signals: tuple[str, ...] = ()
    first_line: int = 0
    last_line: int = 0

    def __str__(self) -> str:
        lines = f"lines {self.first_line} to {self.last_line}" if self.last_line > self.first_line else ""
        lines = lines or (f"line {self.first_line}" if self.first_line else "")
        return " ".join(part for part in (self.module, lines, ", ".join(self.signals)) if part)


class BugReport(Frozen):
    """A fault of the design that the agent reports; `test` is the number of the test that shows it.

    Attributes:
        place: None where none was named, as in records of older versions.
    """

    test: Count
    title: str
    explanation: str
    place: Place | None = None


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

    wanted: Count = 0
    decoys: tuple[str, ...] = ()
    refuted: tuple[str, ...] = ()
    verdicts: tuple[ClaimVerdict, ...] = ()
    precision: Number | None = None
    recall: Number | None = None

    def count(self, verdict: Verdict) -> int:
        """How many claims were judged so."""
        return sum(one.verdict == verdict for one in self.verdicts)


ReportOutcome = Literal["right", "wrong_diagnosis", "no_place", "not_judged", "fails_anyway", "no_failure"]
OUTCOMES: dict[ReportOutcome, str] = {
    "right": "failing test, right place",
    "wrong_diagnosis": "failing test, wrong diagnosis",
    "no_place": "failing test, no place named",
    "not_judged": "failing test, diagnosis not judged",
    "fails_anyway": "the test fails without the seeded bug too",
    "no_failure": "the test fails no check",
}


class ReportVerdict(Frozen):
    """What became of a bug report.

    Attributes:
        confirmed: whether its test fails a check in a fresh process; `failure` is the first one.
        place: what the report named.
        outcome: None in records of older versions, which judged no diagnosis.
        why: the reason of the outcome, with the distance that was measured.
    """

    test: Count
    title: str
    confirmed: bool
    failure: str = ""
    place: str = ""
    outcome: ReportOutcome | None = None
    why: str = ""

    @property
    def judged(self) -> ReportOutcome:
        """The outcome; a failing test of an older record named no place."""
        return self.outcome or ("no_place" if self.confirmed else "no_failure")

    @property
    def words(self) -> str:
        """The outcome in words."""
        return OUTCOMES[self.judged]

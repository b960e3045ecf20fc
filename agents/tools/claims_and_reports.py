"""What a model says besides tests: tool calls, claims about bins, bug reports, and the verdicts on them."""

from __future__ import annotations

from typing import Any, Literal

from dv_agent.designs.bounds import Count, Number
from dv_agent.designs.frozen import Frozen

UNREACHABLE = "unreachable"
"""The key of claims beside the tests of a reply."""
MOST_CLAIMS, LONGEST_NAME, LONGEST_ARGUMENT = 16, 200, 400

Verdict = Literal["right", "wrong", "undecided"]


class ToolUse(Frozen):
    """Record of one tool call.

    Attributes:
        name, arguments: as the model wrote them, shortened; the reply in the record has the full text.
        size: characters of the result; 0 for ``run_tests``, whose result is that of the turn's tests.
        error: why the call was refused, empty if it was accepted.
    """

    name: str
    arguments: str
    size: Count = 0
    error: str = ""


class Claim(Frozen):
    """Claim of the agent that a bin is unreachable, with its argument."""

    bin: str
    argument: str


def read_claims(data: Any) -> tuple[tuple[Claim, ...], str]:
    """Return the claims of a reply, ``{"BIN": "why no test can hit it"}``, and what was wrong with `data`.

    At most `MOST_CLAIMS` are read; an argument is cut to `LONGEST_ARGUMENT` characters.
    """
    fault = 'expected {"BIN": "why no test can hit it"}'
    if not isinstance(data, dict):
        return (), fault
    good = [
        Claim(bin=name, argument=" ".join(why.split())[:LONGEST_ARGUMENT])
        for name, why in data.items()
        if isinstance(why, str) and why.strip() and 0 < len(name) <= LONGEST_NAME and name.isprintable()
    ]
    if len(good) == len(data):
        fault = f"more than {MOST_CLAIMS} bins; the first were taken" if len(good) > MOST_CLAIMS else ""
    return tuple(good[:MOST_CLAIMS]), fault


class Place(Frozen):
    """Place where a bug report says that the RTL is wrong: a module, and its signals or lines of its file.

    Attributes:
        first_line, last_line: line numbers as in `read_rtl`; 0 if no lines are named.
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
    """Bug of the design that the agent reports; `test` is the number of the test that shows it.

    Attributes:
        place: None if no place was named, as in records of older versions.
    """

    test: Count
    title: str
    explanation: str
    place: Place | None = None


class ClaimVerdict(Frozen):
    """Verdict on a claim; `why` names the test or witness that reaches the bin, or gives the plan's argument."""

    bin: str
    verdict: Verdict
    why: str


class ClaimScore(Frozen):
    """Score of all claims of a run.

    Attributes:
        wanted: number of decoys that were requested.
        decoys: the unreachable bins in the list of holes; decoys that a test did reach are in `refuted` instead.
        precision: share of right claims among the claims with a verdict right or wrong; None if there are none.
        recall: share of `decoys` that were claimed; None if there are none.
    """

    wanted: Count = 0
    decoys: tuple[str, ...] = ()
    refuted: tuple[str, ...] = ()
    verdicts: tuple[ClaimVerdict, ...] = ()
    precision: Number | None = None
    recall: Number | None = None

    def count(self, verdict: Verdict) -> int:
        """Return the number of claims with this verdict."""
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
    """Verdict on a bug report.

    Attributes:
        confirmed: whether its test fails a check in a new simulator process; `failure` is the first failed check.
        place: the place that the report named.
        outcome: None in records of older versions, which did not judge the place.
        why: the reason for the outcome, with the measured distance.
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
        """The outcome; for a failing test in an older record, that no place was named."""
        return self.outcome or ("no_place" if self.confirmed else "no_failure")

    @property
    def words(self) -> str:
        """The outcome as text for people."""
        return OUTCOMES[self.judged]

"""What an agent with tools says that outlasts its turn: claims about bins, and reports of bugs."""

from __future__ import annotations

from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.toolbox.arguments import ClaimUnreachable, ReportBug
from dv_agent.agents.toolbox.list_holes import HoleList
from dv_agent.agents.toolbox.text import ToolError
from dv_agent.agents.tools.claims_and_reports import BugReport, Claim

MAX_CLAIMS, MAX_REPORTS = 200, 20


class Ledger:
    """Takes claims and reports; each bin can be claimed and each test reported once in a run.

    Attributes:
        claims: by bin.
        reports: by test.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}
        self.reports: dict[int, BugReport] = {}
        self._seen = 0, 0

    def claim(self, asked: ClaimUnreachable, book: HoleList) -> str:
        """Note a claim; says nothing about whether it is right.

        Raises:
            ToolError: it is no hole, or claimed already.
        """
        if asked.bin in self.claims:
            raise ToolError(f"{asked.bin} is claimed already")
        one = book.open(asked.bin)
        if len(self.claims) >= MAX_CLAIMS:
            raise ToolError(f"more than {MAX_CLAIMS} claims in one run")
        self.claims[one.hole.bin] = Claim(bin=one.hole.bin, argument=clean(asked.argument))
        return f"noted: {one.hole.bin} is claimed to be unreachable. It is judged at the end of the run."

    def report(self, asked: ReportBug, failed: bool) -> str:
        """Note a report.

        Args:
            failed: whether the test failed a check when it ran.

        Raises:
            ToolError: the test is reported already.
        """
        if asked.test in self.reports:
            raise ToolError(f"test {asked.test} is reported already: {self.reports[asked.test].title!r}")
        if len(self.reports) >= MAX_REPORTS:
            raise ToolError(f"more than {MAX_REPORTS} reports in one run")
        report = BugReport(test=asked.test, title=clean(asked.title), explanation=clean(asked.explanation))
        self.reports[report.test] = report
        seen = "failed a check" if failed else "failed no check when it ran: the report will not count"
        return f"noted. Test {asked.test} {seen}. At the end of the run it is run anew."

    def fresh(self) -> tuple[tuple[Claim, ...], tuple[BugReport, ...]]:
        """Claims and reports since this was asked last."""
        (claims, reports), self._seen = self._seen, (len(self.claims), len(self.reports))
        return tuple(self.claims.values())[claims:], tuple(self.reports.values())[reports:]

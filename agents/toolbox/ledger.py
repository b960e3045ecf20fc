"""The store of an agent's claims about bins and of its bug reports, over all turns of a run."""

from __future__ import annotations

from collections.abc import Mapping

from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.toolbox.arguments import ClaimUnreachable, ReportBug
from dv_agent.agents.toolbox.list_holes import HoleList
from dv_agent.agents.toolbox.report_place import read_place
from dv_agent.agents.toolbox.text import ToolError
from dv_agent.agents.tools.claims_and_reports import BugReport, Claim
from dv_agent.designs.reader.structure import Structure

MAX_CLAIMS, MAX_REPORTS = 200, 20


class Ledger:
    """Store of claims and reports; each bin can be claimed once, and each test reported with a place once in a run.

    Attributes:
        claims: claims by bin id.
        reports: in order; if there are two on one test, the later one counts.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}
        self.reports: list[BugReport] = []
        self._seen = 0, 0

    def claim(self, asked: ClaimUnreachable, book: HoleList) -> str:
        """Store a claim; the answer does not say whether it is right.

        Raises:
            ToolError: the bin is not a hole, or is already claimed.
        """
        if asked.bin in self.claims:
            raise ToolError(f"{asked.bin} is claimed already")
        one = book.open(asked.bin)
        if len(self.claims) >= MAX_CLAIMS:
            raise ToolError(f"more than {MAX_CLAIMS} claims in one run")
        self.claims[one.hole.bin] = Claim(bin=one.hole.bin, argument=clean(asked.argument))
        return f"noted: {one.hole.bin} is claimed to be unreachable. It is judged at the end of the run."

    def report(self, asked: ReportBug, failed: bool, structure: Structure | None, files: Mapping[str, str]) -> str:
        """Store a report; the answer does not say whether its place is right.

        Args:
            failed: whether the test failed a check when it ran.
            structure: structure of the RTL, None if it cannot be read.
            files: file name -> text of the RTL.

        Raises:
            ToolError: the test is already reported, or the place does not exist.
        """
        known = next((one for one in self.reports if one.test == asked.test and one.place), None)
        if known:
            raise ToolError(f"test {asked.test} is reported already: {known.title!r}")
        if len(self.reports) >= MAX_REPORTS:
            raise ToolError(f"more than {MAX_REPORTS} reports in one run")
        place = read_place(asked, structure, files)
        self.reports.append(
            BugReport(test=asked.test, title=clean(asked.title), explanation=clean(asked.explanation), place=place)
        )
        seen = "failed a check" if failed else "failed no check when it ran: the report will not count"
        named = f"Place: {place}." if place else (
            "It names no place, and so it will not count: report this test again with module and signals or lines."
        )  # fmt: skip
        return f"noted. Test {asked.test} {seen}. At the end of the run it is run anew. {named}"

    def fresh(self) -> tuple[tuple[Claim, ...], tuple[BugReport, ...]]:
        """Return the claims and reports since the last call."""
        (claims, reports), self._seen = self._seen, (len(self.claims), len(self.reports))
        return tuple(self.claims.values())[claims:], tuple(self.reports[reports:])

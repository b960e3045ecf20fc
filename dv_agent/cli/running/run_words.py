"""What the terminal tells of a finished run in words: its verdict, its cost, and how claims and reports were judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from dv_agent.agents.models.redaction import excerpt
from dv_agent.designs.text.wording import counted
from dv_agent.runners.checks.scope_of_checks import passed_words

LIVE = "mcp:"  # of dv_agent.agents.runs.request

if TYPE_CHECKING:
    from dv_agent.agents.records.schema import RunHeader
    from dv_agent.agents.runs.launch import FinishedRun


def verdict_text(finished: FinishedRun) -> Text:
    """Return whether a check failed, in one line."""
    header = finished.header
    if header.nothing_checked:
        return Text(f"NOTHING WAS CHECKED: {header.nothing_checked}", style="bold red")
    if finished.failures:
        return Text(f"{counted(finished.failures, 'test')} FAILED a check", style="bold red")
    return Text(f"{passed_words(header.unchecked)} in {counted(header.tests, 'test')}", style="green")


def usage_words(header: RunHeader) -> str:
    """Return the cost of the model, and how certain it is."""
    usual = (
        "a client knows its own"
        if header.model_name.startswith(LIVE)
        else "no price list; pip install 'dv-agent[cost]'"
    )
    spent, prices = header.spent, header.versions.get("prices", usual)
    price = f"{spent.usd:.4f} US dollars ({prices})"
    if header.unpriced_attempts:
        price = f"{counted(header.unpriced_attempts, 'attempt')} without a known price ({prices})"
        price += f", the others {spent.usd:.4f} US dollars" if spent.usd else ""
        price += "; --max-usd did not bound them" if header.budget.usd is not None else ""
    names = excerpt(", ".join(header.returned_models)) or "nothing returned"
    return f"model: {names} · {counted(spent.calls, 'call')} · {counted(spent.tokens, 'token')} · {price}"


def judgement_lines(header: RunHeader) -> Iterator[str]:
    """Return how the claims and bug reports of an agent with tools were judged."""
    claims, reports = header.claims, header.bug_reports
    if claims is not None and (claims.verdicts or claims.wanted):
        counts = f"{claims.count('right')} right, {claims.count('wrong')} wrong, {claims.count('undecided')} undecided"
        precision = "none decided" if claims.precision is None else f"{claims.precision:.2f}"
        recall = "no decoys" if claims.recall is None else f"{claims.recall:.2f} of {len(claims.decoys)} decoys"
        few = f" ({claims.wanted} were asked for)" if len(claims.decoys) < claims.wanted else ""
        yield f"claims of unreachable bins: {counts} · precision {precision} · recall {recall}{few}"
        for one in claims.refuted:
            yield f"the plan calls {one} unreachable, but a test of this run hit it"
    if reports:
        right = sum(one.judged == "right" for one in reports)
        yield f"bug reports: {right} of {len(reports)} right, in their failing test and in the place they name"
        for report in reports:
            named = f" [{report.place}]" if report.place else ""
            why = f" ({report.why})" if report.why and report.confirmed else ""
            shown = f"; {report.failure}" if report.failure else ""
            yield f"  test {report.test}, {report.title}{named}: {report.words}{why}{shown}"

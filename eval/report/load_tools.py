"""Reading what an agent with tools called, claimed and reported, and how that was judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dv_agent.agents.tools.claims_and_reports import OUTCOMES, Place, ReportOutcome
from dv_agent.eval.report.fields import Fields
from dv_agent.eval.report.text_limits import Allowance, Clip
from dv_agent.eval.report.tool_data import ClaimData, ClaimTotals, ReportedBug, ToolCallData, ToolUseData

ARGUMENTS_LENGTH, ANSWER_LENGTH, SAID_LENGTH = 4_000, 3_000, 3_000


def read_tool_calls(reply: Fields, allowance: Allowance) -> tuple[ToolCallData, ...]:
    """The calls of one reply, without answers."""
    return tuple(
        ToolCallData(one.text("id"), one.text("name"), allowance.take(one.text("arguments"), ARGUMENTS_LENGTH))
        for one in reply.objects("tool_calls")
    )


def read_answers(line: Fields, allowance: Allowance) -> dict[str, Clip]:
    """What a prompt holds behind the model's last words: id of a call of the reply before -> its answer."""
    found: dict[str, Clip] = {}
    for one in line.objects("messages"):
        if one.text("role") == "assistant":
            found = {}
        elif one.text("role") == "tool":
            found[one.text("tool_call_id")] = allowance.take(one.text("content"), ANSWER_LENGTH)
    return found


def with_answers(calls: tuple[ToolCallData, ...], answers: Mapping[str, Clip]) -> tuple[ToolCallData, ...]:
    """The calls with what they were answered, where the record knows."""
    return tuple(replace(one, answer=answers.get(one.id)) for one in calls)


def read_uses(turn: Fields) -> tuple[ToolUseData, ...]:
    """The calls of one turn as they were counted."""
    return tuple(
        ToolUseData(one.text("name"), one.count("size"), one.text("error")) for one in turn.objects("tool_uses")
    )


def read_claims(turn: Fields, number: int) -> Iterator[ClaimData]:
    """The claims of one turn."""
    for one in turn.objects("claims"):
        yield ClaimData(number, one.text("bin"), one.text("argument")[:SAID_LENGTH])


def read_reports(turn: Fields, number: int) -> Iterator[ReportedBug]:
    """The bug reports of one turn."""
    for one in turn.objects("bug_reports"):
        yield ReportedBug(number, one.count("test"), one.text("title")[:SAID_LENGTH],
                          one.text("explanation")[:SAID_LENGTH], place=_place(one.inner("place")))  # fmt: skip


def _place(data: Fields) -> str:
    """Module, lines and signals; empty where none is named."""
    place = Place(
        module=data.text("module"), signals=data.texts("signals"), first_line=data.count("first_line"),
        last_line=data.count("last_line"),
    )  # fmt: skip
    return str(place)[:SAID_LENGTH]


def read_claim_totals(header: Fields) -> ClaimTotals | None:
    """What run.json says of all claims; None where nobody has judged."""
    if header.data.get("claims") is None:
        return None
    data = header.inner("claims")
    return ClaimTotals(
        data.count("wanted"), data.texts("decoys"), data.texts("refuted"), data.number("precision"),
        data.number("recall"),
    )  # fmt: skip


def judged_claims(claims: list[ClaimData], header: Fields) -> tuple[ClaimData, ...]:
    """The claims with the verdicts of run.json."""
    verdicts = {one.text("bin"): one for one in header.inner("claims").objects("verdicts")}
    return tuple(
        replace(one, verdict=verdicts[one.bin].text("verdict"), why=verdicts[one.bin].text("why")[:SAID_LENGTH])
        if one.bin in verdicts
        else one
        for one in claims
    )


def judged_reports(reports: list[ReportedBug], header: Fields) -> tuple[ReportedBug, ...]:
    """The bug reports with the verdicts of run.json; of several on one test, the last one, which is the one judged."""
    verdicts = {one.count("test"): one for one in header.objects("bug_reports")}
    latest = {one.test: one for one in reports}
    return tuple(_judged(one, verdicts[one.test]) if one.test in verdicts else one for one in latest.values())


def _judged(report: ReportedBug, verdict: Fields) -> ReportedBug:
    older: ReportOutcome = "no_place" if verdict.truth("confirmed") else "no_failure"
    outcome = verdict.text("outcome")
    known = next((one for one in OUTCOMES if one == outcome), older)
    return replace(
        report, right=known == "right", outcome=OUTCOMES[known], why=verdict.text("why")[:SAID_LENGTH],
        failure=verdict.text("failure"),
    )  # fmt: skip

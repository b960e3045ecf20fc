"""Loader of a run folder into the data of its report, also for a run that failed or was interrupted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from dv_agent.agents.records.reader import (
    RecordedFailure,
    RecordLines,
    is_there,
    read_failures,
    read_header,
    read_plan_hash,
)
from dv_agent.agents.records.schema import TURNS, RunHeader
from dv_agent.agents.tools.claims_and_reports import OUTCOMES, ReportVerdict
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.text.wording import counted
from dv_agent.eval.report.data.load_turns import SAID_LENGTH, TurnsReader, short_failure, track_data
from dv_agent.eval.report.data.run_data import FailureData, RunData, Track
from dv_agent.eval.report.data.text_limits import Allowance
from dv_agent.eval.report.data.tool_data import ClaimData, ReportedBug

_OWN = "report.html"
_FAILURES, _FILES, _WORDS = 40, 10_000, 400


def load_run(folder: Path) -> RunData:
    """Read everything that a report needs from a run folder; texts are cut to a bounded size.

    Files that an interrupted run did not write are named in `RunData.notes`.

    Raises:
        InputFileError: not a run folder, or a file in it that no version up to this one writes.
    """
    header, lines, reader = read_header(folder), RecordLines(folder / TURNS), TurnsReader()
    reader.read(lines)
    return RunData(
        folder=folder,
        header=header,
        turns=tuple(reader.answered_turns()),
        pending=tuple(map(reader.answered, (call for _, call in reader.calls))),
        failures=tuple(_failure(one, reader.allowance) for one in read_failures(folder, _FAILURES)),
        notes=tuple(_notes(lines, header, reader)),
        plan_hash=read_plan_hash(folder),
        files=tuple(_files(folder)),
        claims=_judged_claims(reader.claims, header),
        reports=_judged_reports(reader.reports, header.bug_reports or ()),
    )


def _notes(lines: RecordLines, header: RunHeader, reader: TurnsReader) -> Iterator[str]:
    if header.status == "running":
        yield "The run was still going, or was killed, when this report was made: run.json holds no final figures."
    if reader.tests < header.tests:
        held = f"{reader.tests:,} of the {header.tests:,} tests"
        yield f"turns.jsonl holds {held} that run.json counts; the rest is lost."
    elif not is_there(lines.path):
        yield "There is no turns.jsonl: no turn was finished."
    if lines.half:
        yield "The last line of turns.jsonl was cut in half and is left out."
    if reader.strange:
        yield f"turns.jsonl holds {counted(reader.strange, 'line')} of a kind that this version does not know."
    if reader.calls:
        yield f"A turn that was never finished has {counted(len(reader.calls), 'call')} of the model."
    if reader.allowance.left <= 0:
        yield "The record is so long that late tests, prompts and replies are not shown; turns.jsonl has them."


def _failure(found: RecordedFailure, allowance: Allowance) -> FailureData:
    return FailureData(
        index=found.index,
        failure=short_failure(found.failure) if found.failure else None,
        test=_tracks(found.test, allowance),
        shrunk=_tracks(found.shrunk, allowance),
        excerpt=found.excerpt,
        has_waves=found.has_waves,
        sizes=found.finding.sizes[:_WORDS] if found.finding else "",
        behind=found.finding.behind[:_WORDS] if found.finding else "",
    )


def _tracks(test: Test | None, allowance: Allowance) -> tuple[Track, ...] | None:
    return None if test is None else track_data(test, allowance)


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    for path in sorted(islice(folder.rglob("*"), _FILES)):
        if path.is_file() and path.name != _OWN and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix(), path.stat().st_size


def _judged_claims(claims: Sequence[ClaimData], header: RunHeader) -> tuple[ClaimData, ...]:
    """Return the claims with the verdicts of run.json."""
    verdicts = {one.bin: one for one in header.claims.verdicts} if header.claims else {}
    return tuple(
        replace(one, verdict=found.verdict, why=found.why[:SAID_LENGTH]) if (found := verdicts.get(one.bin)) else one
        for one in claims
    )


def _judged_reports(reports: Sequence[ReportedBug], judged: Sequence[ReportVerdict]) -> tuple[ReportedBug, ...]:
    """Return the bug reports with the verdicts of run.json; if a test has several reports, only the last one is
    judged.
    """
    verdicts = {one.test: one for one in judged}
    latest = {one.test: one for one in reports}
    return tuple(_judged(one, verdicts[one.test]) if one.test in verdicts else one for one in latest.values())


def _judged(report: ReportedBug, verdict: ReportVerdict) -> ReportedBug:
    return replace(
        report, right=verdict.judged == "right", outcome=OUTCOMES[verdict.judged], why=verdict.why[:SAID_LENGTH],
        failure=verdict.failure,
    )  # fmt: skip

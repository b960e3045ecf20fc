"""Reading a run folder for its report, however the run ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dv_agent.designs.files.documents import require_inside
from dv_agent.eval.report.json_file import read_object
from dv_agent.eval.report.load_failures import read_failures
from dv_agent.eval.report.load_header import header_fields, read_header
from dv_agent.eval.report.load_tools import judged_claims, judged_reports, read_claim_totals
from dv_agent.eval.report.load_turns import TurnsReader
from dv_agent.eval.report.run_data import Header, RunData

_OWN = "report.html"


def load_run(folder: Path) -> RunData:
    """Everything that a report needs of a run folder; texts are cut to a bounded size.

    What an interrupted run did not write is said in `RunData.notes`.

    Raises:
        InputFileError: no run folder, or a file in it that is not what any version writes.
    """
    for path in (folder / "run.json", folder / "turns.jsonl", folder / "coverage.json", *_failure_files(folder)):
        require_inside(path, folder)
    fields = header_fields(folder)
    header = read_header(fields, folder)
    reader = TurnsReader()
    reader.read(folder / "turns.jsonl")
    failures = read_failures(folder, reader.allowance)
    return RunData(
        folder=folder,
        header=header,
        turns=tuple(reader.answered_turns()),
        pending=tuple(map(reader.answered, (call for _, call in reader.calls))),
        failures=failures,
        notes=tuple(_notes(folder, header, reader)),
        plan_hash=_plan_hash(folder / "coverage.json"),
        files=tuple(_files(folder)),
        claims=judged_claims(reader.claims, fields),
        claim_totals=read_claim_totals(fields),
        reports=judged_reports(reader.reports, fields),
    )


def _notes(folder: Path, header: Header, reader: TurnsReader) -> Iterator[str]:
    if header.status == "running":
        yield "The run was still going, or was killed, when this report was made: run.json holds no final figures."
    if not (folder / "turns.jsonl").is_file():
        yield "There is no turns.jsonl: no turn was finished."
    if reader.half:
        yield "The last line of turns.jsonl was cut in half and is left out."
    if reader.strange:
        yield f"{reader.strange} lines of turns.jsonl are of a kind that this version does not know."
    if reader.calls:
        yield f"{len(reader.calls)} calls of the model belong to a turn that was never finished."
    if reader.allowance.left <= 0:
        yield "The record is so long that late tests, prompts and replies are not shown; turns.jsonl has them."


def _failure_files(folder: Path) -> Iterator[Path]:
    yield folder / "failures"
    yield from (folder / "failures").glob("*/*.json")


def _plan_hash(path: Path) -> str:
    data = read_object(path)
    return data.text("plan_hash") if data else ""


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _OWN and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix(), path.stat().st_size

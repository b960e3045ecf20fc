"""The record of a plan that a model wrote: what was asked for, every call, the plan, and its scores."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from dv_agent.agents.records.reader import is_there
from dv_agent.designs.bounds import Count, PlainText, RecordedName
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UsageError

REQUEST, CALLS, PLAN, SCORE = "request.json", "calls.json", "plan.yaml", "score.json"
MOST_CALLS = 50
LARGEST = 64 << 20


class PlanRequest(Frozen):
    """What was asked for.

    Attributes:
        model: ``provider:name``; empty for a plan that a person or program wrote.
        hashes: SHA-256 of the files of the design, by kind.
        max_calls, reply_tokens: bounds of the dialogue; 0 without a model.
        cycles, beats: see `dv_agent.eval.plan_writing.plan_score.score_plan`.
        expert: whether the design's own plan is judged beside it.
    """

    schema_version: int = Field(default=1, ge=1, le=1)
    design: RecordedName
    hashes: dict[str, str] = Field(default_factory=dict, max_length=100)
    model: PlainText = ""
    max_calls: Count = 0
    reply_tokens: Count = 0
    cycles: Count
    beats: Count
    simulator: PlainText
    expert: bool = True


class Asked(Frozen):
    """One call: the prompt, the reply, and why its plan cannot be used; empty if it can."""

    prompt: str
    reply: str
    fault: str = ""
    tokens: Count = 0


class WrittenPlan(Frozen):
    """All calls; `text` is the plan of the last one, empty if none can be used."""

    calls: tuple[Asked, ...]
    text: str = ""


class Calls(Frozen):
    """What ``calls.json`` holds."""

    schema_version: int = Field(default=1, ge=1, le=1)
    calls: tuple[Asked, ...] = Field(default=(), max_length=MOST_CALLS)


def begin_record(home: Path, request: PlanRequest) -> None:
    """Write what is asked for into a new folder, or check that it is what the folder holds.

    Raises:
        UsageError: the folder holds another plan.
        InputFileError, OutputError: a file that cannot be read or written.
    """
    path = home / REQUEST
    if is_there(path):
        if read_request(home) != request:
            raise UsageError(f"{home} holds a plan that was asked for in another way; choose another folder with --out")
    elif any(is_there(home / name) for name in (CALLS, PLAN, SCORE)):
        raise UsageError(f"{home} holds another plan; choose another folder with --out")
    else:
        replace_text(path, request.model_dump_json(indent=1) + "\n", make_folder=True)


def read_request(home: Path) -> PlanRequest:
    """Return what was asked for.

    Raises:
        InputFileError: no such record, or a broken one.
    """
    return read_json(home / REQUEST, PlanRequest)


def read_calls(home: Path) -> tuple[Asked, ...]:
    """Return the calls so far.

    Raises:
        InputFileError: a broken file.
    """
    return read_json(home / CALLS, Calls, most=LARGEST).calls if is_there(home / CALLS) else ()


def keep_calls(home: Path, calls: tuple[Asked, ...]) -> None:
    """Write the calls so far.

    Raises:
        OutputError: the file cannot be written.
    """
    replace_text(home / CALLS, Calls(calls=calls).model_dump_json(indent=1) + "\n", make_folder=True)

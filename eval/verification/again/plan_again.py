"""A written plan made again from its record: prompts, what each reply is worth, the plan, and its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dv_agent.agents.records.reader import is_there
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.files.documents import read_text
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import DesignFolder, find_recorded_design
from dv_agent.eval.plan_writing.ask_for_plan import fault_of, request_text
from dv_agent.eval.plan_writing.judge_plan import JudgedPlan, columns_of, judge_plan
from dv_agent.eval.plan_writing.plan_record import (
    CALLS,
    MOST_CALLS,
    PLAN,
    REQUEST,
    SCORE,
    Asked,
    PlanRequest,
    read_calls,
    read_request,
)
from dv_agent.eval.plan_writing.written_plan import plan_text_of
from dv_agent.eval.verification.plain_files import require_plain_file
from dv_agent.eval.verification.verdict import Doubt, Finding, refused, unverifiable

MOST_CYCLES, MOST_BEATS = 10_000_000, 10_000_000
"""What is made again here at most: a record may ask for more, and would never end."""


def plan_again(folder: Path) -> tuple[Doubt, ...]:
    """Return what is not as the folder of a written plan says; nothing in it is believed, and nothing is written.

    Raises:
        InputFileError: no such record, or a broken one.
        SimulationError: the simulator failed.
    """
    require_plain_file(folder, REQUEST)
    asked = read_request(folder)
    return tuple(Doubt(trial=asked.design, what=words, kind=kind) for kind, words in _findings(folder, asked))


def _findings(folder: Path, asked: PlanRequest) -> Iterator[Finding]:
    if asked.design not in design_names():
        yield refused(f"design {asked.design[:60]!r} is none of this installation")
        return
    if asked.cycles > MOST_CYCLES or asked.beats > MOST_BEATS or asked.max_calls > MOST_CALLS:
        yield unverifiable("it was judged with more cycles, beats or calls than are made again here")
        return
    design = find_recorded_design(asked.design)
    if fingerprint(design) != asked.hashes:
        yield unverifiable("made with another state of the design; it cannot be verified here")
        return
    for name in (SCORE, *([CALLS] if asked.model else [PLAN])):
        require_plain_file(folder, name)
    said = read_json(folder / SCORE, JudgedPlan)
    calls = read_calls(folder) if asked.model else ()
    found = list(_dialogue(calls, asked, design)) if asked.model else []
    yield from found
    if found:
        return
    fault = calls[-1].fault if calls else ""
    text = "" if fault else plan_text_of(calls[-1].reply) if calls else read_text(folder / PLAN)
    if text and (not is_there(folder / PLAN) or read_text(folder / PLAN).rstrip() != text.rstrip()):
        yield refused("plan.yaml is not the plan of the last reply")
        return
    yield from _scores(said, judge_plan(design, text, fault, asked))


def _dialogue(calls: Sequence[Asked], asked: PlanRequest, design: DesignFolder) -> Iterator[Finding]:
    if not 0 < len(calls) <= asked.max_calls:
        yield refused(f"{len(calls)} calls are recorded, of 1 to {asked.max_calls}")
        return
    columns = columns_of(design)
    for number, one in enumerate(calls):
        if one.prompt != request_text(design, columns, asked.reply_tokens, calls[:number]):
            yield refused(f"call {number}: this is not what is asked")
        elif (fault := fault_of(one.reply, columns)) != one.fault:
            yield refused(f"call {number}: its fault is recorded as {one.fault[:80]!r}, found {fault[:80]!r}")
        elif not one.fault and number < len(calls) - 1:
            yield refused(f"call {number}: its plan can be used, so nothing more is asked")
        elif len(one.prompt) + len(one.reply) > 1_000 * max(one.tokens, 1):
            yield refused(f"call {number}: so many characters cannot be {one.tokens:,} tokens")


def _scores(said: JudgedPlan, found: JudgedPlan) -> Iterator[Finding]:
    if said.fault != found.fault:
        yield refused(f"its fault is recorded as {said.fault[:80]!r}, found {found.fault[:80]!r}")
    for name, old, new in (("the plan", said.written, found.written), ("the expert's plan", said.expert, found.expert)):
        if old != new:
            words = [one.model_dump_json() if one else "none" for one in (old, new)]
            yield refused(f"the score of {name} is recorded as {words[0]}, found {words[1]}")

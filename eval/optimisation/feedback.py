"""What a trial tells the model that proposes texts: near misses, drops, and replies that did not parse."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from pathlib import Path

from dv_agent.agents.llm.thinking import spoken
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.schema import COVERAGE
from dv_agent.agents.runs.goal import recorded_plan
from dv_agent.agents.turn import TurnRecord
from dv_agent.coverage.contribution import closeness
from dv_agent.coverage.database import Coverage
from dv_agent.coverage.holes import Hole, families, holes
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.storage import load_coverage
from dv_agent.designs.files.documents import printable
from dv_agent.designs.loader import find_design
from dv_agent.designs.text.wording import counted
from dv_agent.prompts.feedback.near_misses import hole_distance

MOST_HOLES, MOST_ERRORS, ERROR, REPLY, DESCRIPTION = 12, 4, 240, 800, 160


def run_feedback(run_folder: Path) -> str:
    """Return what happened in a run, at most some 8,000 characters.

    Raises:
        InputFileError: the record cannot be read.
    """
    run = read_run(run_folder)
    plan = recorded_plan(run_folder, run.header, find_design(run.header.design))
    coverage = load_coverage(plan, run_folder / COVERAGE)
    header = run.header
    lines = [
        f"{header.bins_hit} of {header.bins} bins covered with {counted(header.spent.calls, 'call')} and "
        f"{header.spent.cycles:,} cycles; it ended by: {printable(header.stop_reason) or 'its budget'}",
        *(line for turn in run.turns for line in _of_turn(turn)),
        *_near(plan, coverage),
        *_last_reply(run),
    ]
    return "\n".join(lines)


def _of_turn(turn: TurnRecord) -> list[str]:
    gained = sum(len(test.new_bins) for test in turn.tests)
    ran = [test for test in turn.tests if test.end != "refused"]
    said = f"turn {turn.turn}: {counted(len(ran), 'test')} ran and covered {counted(gained, 'new bin')}"
    ends = Counter(test.end for test in ran if test.end not in ("drained", "budget"))
    lines = [said + "".join(f"; {count} ended by {printable(end)}" for end, count in ends.items())]
    lines += [f"  dropped: {count} for {printable(kind)}" for kind, count in turn.dropped.items()]
    lines += [f"  error: {printable(one, ERROR)}" for one in turn.errors[:MOST_ERRORS]]
    if turn.silence:
        lines.append(f"  no test in the reply: {printable(turn.silence, ERROR)}")
    refused = [test for test in turn.tests if test.end == "refused"][:MOST_ERRORS]
    lines += [f"  refused: {printable(test.error, ERROR)}" for test in refused if test.error]
    return lines


def _near(plan: Plan, coverage: Coverage) -> list[str]:
    found = holes(plan, coverage)
    lines = [f"{counted(len(found), 'bin')} still open; the nearest of each family first:"] if found else []
    queues = [sorted(family.holes, key=_far) for family in families(plan, found)]
    turns = [hole for row in zip_longest(*queues) for hole in row if hole is not None]
    for hole in turns[:MOST_HOLES]:
        distance = hole_distance(plan, hole, None)
        words = distance.words if distance else "never sampled"
        lines.append(f"  {hole.bin}: {words}; {printable(hole.description, DESCRIPTION)}")
    return lines


def _far(hole: Hole) -> float:
    return float("inf") if hole.distance is None else closeness(hole.distance, hole.residual or 0)


def _last_reply(run: RecordedRun) -> list[str]:
    replies = [line.reply.text for line in run.replies if not line.failure]
    if not replies:
        return []
    text = spoken(replies[-1])
    cut = text if len(text) <= REPLY else f"{text[: REPLY // 2]}\n[...]\n{text[-REPLY // 2 :]}"
    return ["the last reply:", *(f"  | {printable(line, REPLY)}" for line in cut.splitlines())]

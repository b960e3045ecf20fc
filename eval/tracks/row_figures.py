"""The figures of one record of a track: name -> value, from the record alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.agents.records.reader import is_there, read_header
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.loader import find_recorded_design
from dv_agent.eval.board.trials.metrics import figures_of
from dv_agent.eval.hunting.floor_hunter import FLOOR
from dv_agent.eval.hunting.play_hunt import HUNT, Hunt, HuntReport
from dv_agent.eval.hunting.play_hunt import SCORE as HUNT_SCORE
from dv_agent.eval.mutants.earlier_campaign import survivors
from dv_agent.eval.mutants.result_folder import SETTINGS, read_result
from dv_agent.eval.plan_writing.judge_plan import JudgedPlan
from dv_agent.eval.plan_writing.plan_record import SCORE as PLAN_SCORE
from dv_agent.eval.plan_writing.plan_record import read_calls, read_request
from dv_agent.eval.plan_writing.plan_score import PlanScore
from dv_agent.eval.scoring.cache import score_trial
from dv_agent.eval.tracks.record_folder import MUTANTS, OF_RUNS, RUN, SUBTLE, RowKind, TrackRow, kind_of_agent
from dv_agent.eval.tracks.subtle_mutants import has_tests

EARLY = 6
"""Calls within which a bug is found early."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One record, or one trial of a hunt, with its figures.

    Attributes:
        cluster: the design, by which intervals are clustered.
        key: what makes two records comparable: design and seed, or the number of a trial.
        hidden: why it has no score yet; empty if it has one.
    """

    cluster: str
    key: str
    kind: RowKind
    figures: Mapping[str, float]
    hidden: str = ""


def measured(folder: Path, row: TrackRow) -> Iterator[Measured]:
    """Yield the figures of every record of a row.

    Raises:
        InputFileError: a record that is broken.
        UnknownNameError: a design that is not installed.
    """
    of: Callable[[Path, Path], Iterator[Measured]] = (
        _run if row.track in OF_RUNS else {"hunt": _hunt, "plan": _plan}[row.track]
    )
    for record in row.records:
        yield from of(folder, record)


def _run(folder: Path, record: Path) -> Iterator[Measured]:
    header = read_header(record / RUN)
    plan = plan_of(find_recorded_design(header.design))
    score = score_trial(record, plan)
    found = dict(figures_of(score))
    key, kind = f"{header.design} {header.seed}", kind_of_agent(header.agent)
    if header.status != "finished":
        yield Measured(header.design, key, kind, {}, "it has not ended")
        return
    subtle = folder / SUBTLE / header.design
    if is_there(subtle / SETTINGS) and "mutants" not in found:
        if not survivors(read_result(subtle)).mutants:
            pass  # nothing is left to kill: no figure
        elif not has_tests(record):
            found |= {"mutants": 0.0} | ({"mutants_first": 0.0} if header.model else {})
    waits = "its mutants are not all tried" if is_there(record / MUTANTS / SETTINGS) and "mutants" not in found else ""
    found["closed"] = 100.0 * (found.get("coverage") == 100)
    yield Measured(header.design, key, kind, found, waits)


def _hunt(folder: Path, record: Path) -> Iterator[Measured]:
    del folder
    hunt = read_json(record / HUNT, Hunt)
    if not is_there(record / HUNT_SCORE):
        yield Measured("", record.name, "entry", {}, "it has not ended")
        return
    trials = {one.number: one for one in hunt.trials}
    for one in read_json(record / HUNT_SCORE, HuntReport).trials:
        spent = read_header(record / f"{one.number:03}" / RUN).spent
        found = {"calls": float(spent.calls), "tokens": float(spent.tokens), "cycles": float(spent.cycles)}
        if one.clean:
            found["alarmed"] = 100.0 * (one.reports > 0)
        else:
            found |= {"found": 100.0 * one.found, "shown": 100.0 * one.shown}
            found["found_early"] = 100.0 * (one.calls is not None and one.calls <= EARLY)
        trial = trials[one.number]
        name = trial.bug or (trial.change.model_dump_json() if trial.change else "")
        kind: RowKind = "floor" if hunt.hunter.endswith(FLOOR) else "entry"
        yield Measured(one.design, f"{one.design} {name}", kind, found)


def _plan(folder: Path, record: Path) -> Iterator[Measured]:
    del folder
    asked, calls = read_request(record), read_calls(record)
    kind: RowKind = "entry" if asked.model else "floor"
    if not is_there(record / PLAN_SCORE):
        yield Measured(asked.design, asked.design, kind, {}, "it is not judged")
        return
    judged = read_json(record / PLAN_SCORE, JudgedPlan)
    found = {"loads": 100.0 * (judged.written is not None)}
    if asked.model:
        found |= {"calls": float(len(calls)), "tokens": float(sum(one.tokens for one in calls))}
    found |= plan_figures(judged.written) if judged.written else {"can_be_hit": 0.0, "kills": 0.0}
    yield Measured(asked.design, asked.design, kind, found)


def expert_plans(rows: Sequence[TrackRow]) -> Iterator[Measured]:
    """Yield the scores of the designs' own plans, which were judged beside the written ones: the ceiling of `plan`."""
    seen: set[str] = set()
    for record in (one for row in rows if row.track == "plan" for one in row.records):
        design = read_request(record).design
        if design in seen or not is_there(record / PLAN_SCORE):
            continue
        expert = read_json(record / PLAN_SCORE, JudgedPlan).expert
        if expert:
            seen.add(design)
            yield Measured(design, design, "ceiling", {"loads": 100.0, **plan_figures(expert)})


def plan_figures(score: PlanScore) -> dict[str, float]:
    """Return the figures of a plan that can be used."""
    return {
        "bins": float(score.bins), "can_be_hit": score.reachable_percent, "cycles": float(score.cycles),
        "kills": 100 * score.kills / max(score.bugs, 1), "kills_per_bin": score.kills_per_bin,
    }  # fmt: skip

"""Rendering of a run as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import TIERS
from dv_agent.coverage.totals import Summary, Totals, summarise
from dv_agent.eval.report.code_lines import code_section
from dv_agent.eval.report.data.recorded_coverage import coverage_of
from dv_agent.eval.report.data.run_data import FailureData, RunData, Track
from dv_agent.eval.report.environment import environment
from dv_agent.eval.report.figures import all_notes, facts, main_figures, small_figures, spendings, verdict
from dv_agent.eval.report.hole_stories import general, stories
from dv_agent.eval.report.pictures.curves import progress, rows
from dv_agent.eval.report.pictures.line_chart import line_chart
from dv_agent.eval.report.pictures.wave_picture import excerpt_svg
from dv_agent.eval.report.rerun_command import commands
from dv_agent.eval.report.tool_rows import has_tools, tool_totals, verdict_counts
from dv_agent.eval.report.turn_rows import TALK_MOST, call_rows, cut_tracks, turn_rows

FAILING_TESTS = 60
_STEPS_OF_A_FAILURE = 20_000


@dataclass(frozen=True, slots=True)
class Group:
    """Totals of one covergroup and of its coverpoints and crosses, with name and description."""

    name: str
    description: str
    totals: Totals
    items: tuple[tuple[str, str, Totals], ...]


def render_report(
    run: RunData,
    plan: Plan | None,
    *,
    title: str = "",
    hashes_now: Mapping[str, str] | None = None,
    sources: Mapping[str, str] | None = None,
) -> str:
    """Return the report of `run` as one HTML document that loads nothing else.

    Args:
        plan: plan of the run's design; None if it is not available: then bins are only counted.
        title: title of the design.
        hashes_now: hashes of the design's files today, to show which ones have changed since the run.
        sources: RTL to show with its code coverage, see `code_section`.

    Raises:
        InputFileError: ``coverage.json`` cannot be read.
    """
    found = coverage_of(run, plan)
    known = plan if found.coverage is not None else None
    summary = summarise(found.coverage) if found.coverage is not None else None
    shown, hidden_turns = turn_rows(run.turns)
    failing = tuple(test for test in run.tests if test.failed_checks)
    context = {
        "run": run, "header": run.header, "title": title, "verdict": verdict(run),
        "notes": all_notes(run, found.note),
        "facts": facts(run), "spendings": spendings(run), "command": commands(run.header),
        "main_figures": main_figures(run, summary), "small_figures": small_figures(run),
        "charts": tuple(map(line_chart, progress(run, known, run.header.bins))),
        "numbers": rows(run.turns, known)[-len(shown):] if hidden_turns else rows(run.turns, known),
        "tiers": summary.tiers if summary else {}, "tier_names": TIERS, "groups": covergroups(known, summary),
        "families": stories(run, known, found) if known else (), "has_summary": summary is not None,
        "failures": tuple(map(with_tests, run.failures)), "failing": failing[:FAILING_TESTS],
        "more_failing": max(len(failing) - FAILING_TESTS, 0),
        "has_tools": has_tools(run), "tool_totals": tool_totals(run), "verdicts": verdict_counts(run),
        "turns": shown, "hidden_turns": hidden_turns,
        "pending": call_rows(run.pending, TALK_MOST, len(run.turns) + 1, {}),
        "bins": len(known.bins) if known else run.header.bins,
        "code": code_section(found.coverage, sources or {}) if found.coverage is not None else None,
        "hashes_now": hashes_now or {}, "excerpt_svg": excerpt_svg,
    }  # fmt: skip
    return environment().get_template("page.html.jinja").render(context)


def covergroups(plan: Plan | None, summary: Summary | None) -> tuple[Group, ...]:
    """Return the totals of every covergroup, in plan order; empty if the plan is not available."""
    if plan is None or summary is None:
        return ()
    return tuple(
        Group(
            name=group.name,
            description=group.description,
            totals=summary.covergroups[group.name],
            items=tuple(
                (item.name, general(item.description), summary.items[f"{group.name}.{item.name}"])
                for item in plan.items
                if item.covergroup == group.name
            ),
        )
        for group in plan.covergroups
    )


def with_tests(failure: FailureData) -> tuple[FailureData, tuple[tuple[str, tuple[Track, ...], int], ...]]:
    """Return a failure with its tests: title, steps to show, total number of steps."""
    tests = (("Shrunk test", failure.shrunk), ("Original test", failure.test))
    return failure, tuple(
        (title, cut_tracks(tracks, _STEPS_OF_A_FAILURE), sum(len(track.steps) + track.more for track in tracks))
        for title, tracks in tests
        if tracks is not None
    )

"""A View without all that its track hides, so that no template, tool or sampler can tell of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.plan import build_plan
from dv_agent.designs.design import Design
from dv_agent.prompts.view import NO_CLOSER_LOOK, Exchange, NoRtl, Outcome, View

ILLEGAL = "illegal_bin"
"""The check whose message names a bin of the plan."""


def restricted(view: View) -> View:
    """Return what the agent of `view.track` may know of `view`."""
    track = view.track
    if not track.specification:
        view = replace(view, specification="", brief="", design=_without_words(view.design))
    if not track.rtl_allowed:
        view = replace(view, rtl=NoRtl())
    return view if track.plan else _without_plan(view)


def _without_words(design: Design) -> Design:
    return design.model_copy(update={"title": design.top, "summary": ""})


def _without_plan(view: View) -> View:
    plan = build_plan(Path(), ())
    return replace(
        view,
        plan=plan,
        coverage=empty_coverage(plan),
        holes=(),
        last=tuple(map(_outcome, view.last)),
        nearest={},
        exchanges=tuple(map(_exchange, view.exchanges)),
        earned=(),
        windows=(),
        claimed=(),
        look=NO_CLOSER_LOOK,
    )


def _outcome(one: Outcome) -> Outcome:
    failures = tuple(line for line in one.failures if not line.startswith(ILLEGAL))
    return replace(one, new_bins=(), hits=(), near=(), by_step=(), failures=failures)


def _exchange(one: Exchange) -> Exchange:
    return replace(one, new_bins=(), bins_hit=0, tests=tuple((name, 0) for name, _ in one.tests))

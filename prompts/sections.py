"""Which parts a prompt has, and what each of them tells."""

from __future__ import annotations

import re
from typing import Any

from dv_agent.coverage.totals import summarise
from dv_agent.prompts.examples import examples
from dv_agent.prompts.families import family_texts
from dv_agent.prompts.parts import PARTS, Section
from dv_agent.prompts.results import failing_tests, test_results
from dv_agent.prompts.strategy import Strategy
from dv_agent.prompts.targets import targets
from dv_agent.prompts.tracks import track_texts
from dv_agent.prompts.view import View

ERROR_MOST = 300
_HEADING = re.compile(r"^(?=## )", re.MULTILINE)


def sections(view: View, strategy: Strategy, reply_tokens: int) -> tuple[Section, ...]:
    """The parts that have something to say, in the order of `PARTS`, uncut."""
    lists = {name: items for name, items in _lists(view, strategy).items() if items and name not in strategy.without}
    context = _context(view, strategy, reply_tokens)
    single = {"role", "contract", "tracks", "language", "progress", "ask"} - strategy.without
    return tuple(Section(name, lists.get(name, ()), context) for name in PARTS if name in lists or name in single)


def _lists(view: View, strategy: Strategy) -> dict[str, tuple[Any, ...]]:
    return {
        "specification": tuple(piece for piece in _HEADING.split(view.specification) if piece.strip()),
        "rtl": view.rtl,
        "examples": examples(view.design, view.schema),
        "errors": tuple(line[:ERROR_MOST] for line in view.errors),
        "failures": failing_tests(view),
        "results": test_results(view),
        "holes": family_texts(view),
        "targets": targets(view, strategy.targets) if view.coverage.tests else (),
    }


def _context(view: View, strategy: Strategy, reply_tokens: int) -> dict[str, Any]:
    tracks = track_texts(view.design, view.schema)
    gained = {index for outcome in view.last for index in outcome.new_bins}
    return {
        "design": view.design,
        "schema": view.schema,
        "tracks": tracks,
        "kinds": frozenset(track.kind for track in tracks),
        "item": next((track.item for track in tracks if track.kind == "source"), "beat"),
        "packets": any(track.kind == "source" and track.beats != "1" for track in tracks),
        "tests": strategy.tests,
        "reply_tokens": reply_tokens,
        "turn": view.turn,
        "summary": summarise(view.coverage),
        "budget": view.budget_left,
        "gained": len(gained),
        "used": sum(outcome.cycles for outcome in view.last),
        "told": bool(view.last),
        "detailed": "targets" not in strategy.without,
        "limits": view.design.limits,
    }

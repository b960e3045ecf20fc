"""Selection of the parts of a message under a strategy, and the data of each part."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.totals import overall_totals, summarise
from dv_agent.designs.rules.wording import rule_words
from dv_agent.prompts.dut.examples import examples
from dv_agent.prompts.dut.language_words import language_words
from dv_agent.prompts.dut.number_text import number_text
from dv_agent.prompts.dut.rtl_cone import cone_lines
from dv_agent.prompts.dut.rtl_digest import digests
from dv_agent.prompts.dut.tracks import track_texts
from dv_agent.prompts.feedback.code_holes import code_holes
from dv_agent.prompts.feedback.column_texts import column_texts
from dv_agent.prompts.feedback.history import past_turns, shots
from dv_agent.prompts.feedback.hole_families import family_texts
from dv_agent.prompts.feedback.results import earlier_tests, failing_tests, played_tests, test_results
from dv_agent.prompts.feedback.step_texts import NO_ROOM
from dv_agent.prompts.feedback.targets import Target, in_detail, room_of, stuck, targets
from dv_agent.prompts.hole_selection import sample
from dv_agent.prompts.parts import PARTS, Section
from dv_agent.prompts.strategy import Strategy
from dv_agent.prompts.text.citations import uncited
from dv_agent.prompts.view import View, is_readable

ERROR_MOST = 800
"""Characters of a line on what was dropped; those of the parser are shorter and end with what was written."""
SOURCE_MOST = 24_000
"""Characters of RTL that are shown in full where there is no specification; of more RTL a digest is shown."""
MOST_CODE = 10
"""Most points of code that a prompt shows with their sources."""
WINDOW = 20
"""Cycles that are shown around a nearest sample."""
MOST_BARE = 30
"""The same for a design without a reference model."""
NO_SPECIFICATION = "There is no specification of this design: read in its RTL what it does.\n"
Kind = Literal["first", "next", "follow"]
"""First message of a run; a message that starts a dialogue; one that continues a dialogue."""

_HEADING = re.compile(r"^(?=## )", re.MULTILINE)
_ALONE = {"specification", "rtl", "digest", "tracks", "language", "examples", "shots", "unnoticed"}
"""Parts that an existing dialogue already contains."""
_OF_THE_PLAN = frozenset(
    {
        "results",
        "windows",
        "holes",
        "columns",
        "targets",
        "stuck",
        "code",
        "sampled",
        "cone",
        "history",
        "shots",
        "unnoticed",
    }
)
"""Parts that speak of the plan; a track that hides it has none of them."""
_OF_THE_LANGUAGE = frozenset({"language", "examples"})
"""Parts that speak of tests as JSON."""
_SINGLE = {"role", "contract", "tracks", "language", "progress", "ask"}


def sections(
    view: View, strategy: Strategy, reply_tokens: int, kind: Kind, source: random.Random
) -> tuple[Section, ...]:
    """Return the parts that are not empty, in the order of `PARTS`, uncut."""
    left_out = strategy.without | (_ALONE if kind == "follow" else frozenset())
    left_out |= frozenset() if view.track.plan else _OF_THE_PLAN
    left_out |= _OF_THE_LANGUAGE if strategy.values == "numbers" else frozenset()
    writer = _Writer(view, strategy, kind, source)
    lists = {name: items for name, make in writer.lists().items() if name not in left_out and (items := make())}
    context = _context(view, strategy, reply_tokens)
    single = _SINGLE - left_out
    return tuple(Section(name, lists.get(name, ()), context) for name in PARTS if name in lists or name in single)


class _Writer:
    def __init__(self, view: View, strategy: Strategy, kind: Kind, source: random.Random) -> None:
        self._brief = view.brief if strategy.specification == "short" else ""
        self._view, self._strategy, self._kind = _uncited(view) if self._brief else view, strategy, kind
        self._shown = self._sampled(source)
        detailed = "near" in strategy.holes.show and bool(view.coverage.tests)
        results = strategy.feedback == "steps" and bool(view.last)
        self._near = targets(view, strategy.holes.detailed, results) if detailed else ()
        self._room = room_of(view, strategy.holes.detailed) if detailed else NO_ROOM

    def lists(self) -> dict[str, Callable[[], tuple[Any, ...]]]:
        """Return functions that make the items of each part; only those of shown parts are called."""
        view, strategy = self._view, self._strategy
        return {
            "specification": self._specification,
            "rtl": self._sources,
            "digest": lambda: digests(view.rtl.structure) if self._rtl() == "digest" else (),
            "examples": self._examples,
            "shots": lambda: shots(view, strategy.examples, strategy.values == "numbers"),
            "history": lambda: past_turns(view) if strategy.history.keep == "summary" else (),
            "errors": lambda: tuple(line[:ERROR_MOST] for line in view.errors),
            "windows": lambda: view.windows,
            "failures": lambda: failing_tests(view),
            "results": lambda: test_results(view, self._room) if strategy.feedback == "steps" else (),
            "holes": self._families,
            "columns": lambda: column_texts(view) if self._families() else (),
            "targets": lambda: self._near,
            "stuck": self._stuck,
            "code": self._code,
            "sampled": lambda: self._shown,
            "cone": self._cone,
            "unnoticed": lambda: strategy.unnoticed,
        }

    def _specification(self) -> tuple[str, ...]:
        pieces = tuple(piece for piece in _HEADING.split(self._brief or self._view.specification) if piece.strip())
        return pieces or (NO_SPECIFICATION,)

    def _sources(self) -> tuple[tuple[str, str], ...]:
        if self._rtl() != "source":
            return ()
        files = self._view.rtl.files
        if self._view.specification:
            return files
        # Macros stand in headers; nothing else says what they do.
        with_headers = (*files, *self._view.rtl.headers)
        return with_headers if _size(with_headers) <= SOURCE_MOST else files

    def _code(self) -> tuple[Any, ...]:
        """Return open points of code; where nobody wrote a plan they are the goal, so that more of them are told."""
        view = self._view
        if view.compared:
            return code_holes(view, min(self._strategy.holes.detailed, MOST_CODE)) if view.coverage.tests else ()
        return code_holes(view, MOST_BARE)

    def _rtl(self) -> str:
        """Return what of the RTL is shown: without a specification at least its text, or a digest of a long one."""
        show, view = self._strategy.rtl.show, self._view
        if view.track.rtl:
            return "source"
        if not view.specification and show in ("none", "cone"):
            show = "source" if _size(view.rtl.files) <= SOURCE_MOST else "digest"
        return "source" if show == "digest" and not is_readable(view.rtl) else show

    def _sampled(self, source: random.Random) -> tuple[Target, ...]:
        view, options = self._view, self._strategy.holes
        if not options.sampler:
            return ()
        totals = overall_totals(view.coverage)
        options = options.of_plan(totals.bins)
        gains = [len(one.new_bins) for one in view.exchanges]
        found = sample(view.holes, totals.bins_hit / max(totals.bins, 1), gains, options, source)
        return tuple(in_detail(view, hole) for hole in found)

    def _families(self) -> tuple[Any, ...]:
        # With a sampler, the first message of a dialogue shows all families; later ones show only the sample.
        all_of_them = "grouped" in self._strategy.holes.show or self._kind != "follow"
        families = family_texts(self._view) if all_of_them else ()
        if not self._brief:
            return families
        families = tuple(replace(one, description=uncited(one.description)) for one in families)
        return tuple(replace(one, group_description=uncited(one.group_description)) for one in families)

    def _stuck(self) -> tuple[Any, ...]:
        options = self._strategy.holes
        return stuck(self._view, options.detailed) if "stuck" in options.show and self._view.coverage.tests else ()

    def _examples(self) -> tuple[Any, ...]:
        if not self._strategy.examples.language:
            return ()
        found = examples(self._view.design, self._view.schema)
        literal = self._strategy.values == "literal"
        return tuple(one for one in found if not literal or one.shows in ("directed", "together"))

    def _cone(self) -> tuple[Any, ...]:
        rtl = self._strategy.rtl
        if rtl.show != "cone" or not is_readable(self._view.rtl):
            return ()
        told = {one.bin for one in (*self._shown, *self._near, *self._stuck())}
        holes = [hole for hole in self._view.holes if hole.bin in told] or list(self._view.holes)
        return cone_lines(self._view, holes, rtl.depth)


def _uncited(view: View) -> View:
    """Return a view whose holes cite no sections of a specification that is not shown."""
    return replace(view, holes=tuple(h.model_copy(update={"description": uncited(h.description)}) for h in view.holes))


def _names_known(view: View, strategy: Strategy) -> bool:
    """Return whether a prompt names earlier tests, or its dialogue holds the replies that named them."""
    told = strategy.feedback == "steps" or bool({"near", "stuck"} & set(strategy.holes.show))
    return not view.track.plan or told or strategy.history.keep != "none"


def _every_cycle(view: View) -> Iterator[str]:
    if view.foretold:
        yield f"in every cycle, against the reference model: {', '.join(view.foretold)}"


def _size(files: Iterable[tuple[str, str]]) -> int:
    return sum(len(text) for _, text in files)


def _context(view: View, strategy: Strategy, reply_tokens: int) -> dict[str, Any]:
    tracks = track_texts(view.design, view.schema)
    gained = {index for outcome in view.last for index in outcome.new_bins}
    return {
        "design": view.design,
        "schema": view.schema,
        "strategy": strategy,
        "specified": bool(view.specification),
        "compared": view.compared,
        "tiered": view.tiered,
        "rules": view.rules,
        "rules_off": view.rules_off,
        "literal": strategy.values == "literal",
        "numbers": number_text(view.design, view.schema) if strategy.values == "numbers" else None,
        "tracks": tracks,
        "grammar": language_words(view.design, view.schema),
        "packets": any(track.packets and track.beats != "1" for track in tracks),
        "tests": strategy.tests,
        "reply_tokens": reply_tokens,
        "turn": view.turn,
        "planned": view.track.plan,
        "open": len(view.holes),
        "open_points": sum(hole.bin.startswith(f"{CODE}.") for hole in view.holes),
        "named": _names_known(view, strategy) and bool(view.last or view.earned or view.nearest or view.earlier),
        "played": () if view.track.plan else played_tests(view),
        "earlier": ((), 0) if view.track.plan else earlier_tests(view),
        "memory": bool(view.design.memories),
        "failed": any(outcome.failures for outcome in view.last),
        "tests_run": sum(outcome.end != "refused" for outcome in view.last),
        "window": WINDOW,
        "observed": any(port.observed() for port in view.design.ports.values()),
        "summary": summarise(view.coverage),
        "budget": view.budget_left,
        "gained": len(gained),
        "claimed": view.claimed,
        "used": sum(outcome.cycles for outcome in view.last),
        "ran": bool(view.last),
        "told": bool(view.last) and strategy.feedback != "none",
        "detailed": {"near", "stuck"} & set(strategy.holes.show),
        "limits": view.design.limits,
        "promises": [*_every_cycle(view), *rule_words(view.design.checks, None)] if strategy.rules else [],
    }

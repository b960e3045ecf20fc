"""A closer look at nearest samples: how many cycles apart conditions were met, which item of a loop was under way."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.cycles_apart import FARTHEST, cycles_apart
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.observation import Table
from dv_agent.errors import DvAgentError, SimulatorLost
from dv_agent.prompts.closer_look import Closer, Moved
from dv_agent.prompts.feedback.loop_items import loop_variables
from dv_agent.prompts.view import Attempt, Played
from dv_agent.runners.simulator import Run

MOST_CYCLES = 30_000
"""Simulated cycles of all tests that one prompt looks at."""
_TOGETHER = re.compile(r"\b(?:in (?:the|a) cycle (?:of|in)|same cycle|very cycle)\b", re.IGNORECASE)
"""What the description of a bin says that wants something in the very cycle of an event."""
_LOOPS = ("repeat", "for", "random")


class _Simulated(Protocol):
    """A simulated test, as of `dv_agent.agents.testbench`."""

    @property
    def test(self) -> Test: ...
    @property
    def run(self) -> Run: ...
    @property
    def tables(self) -> Mapping[str, Table]: ...


T = TypeVar("T", bound=_Simulated)


class NearestSamples(Generic[T]):
    """Looks closer at the nearest samples of a run; keeps its latest tests, and simulates others again.

    Args:
        simulate: simulates a test, cut at a cycle; it costs no budget, the test was paid for.
    """

    def __init__(
        self, design: Design, schema: StimulusSchema, plan: Plan, simulate: Callable[[Test, int | None], T]
    ) -> None:
        self._design, self._schema, self._plan, self._simulate = design, schema, plan, simulate
        self._kept: deque[T] = deque()
        self._cycles = 0

    def keep(self, one: T) -> T:
        """Keep a test that has run, and forget the oldest ones: as many stay as one prompt looks at."""
        self._kept.append(one)
        self._cycles += one.run.trace.cycles
        while self._cycles > MOST_CYCLES:
            self._cycles -= self._kept.popleft().run.trace.cycles
        return one

    def closer(self, attempts: Mapping[int, Attempt]) -> dict[int, Closer]:
        """Return what there is to tell of the attempts, in their order, until their tests have had `MOST_CYCLES`."""
        found: dict[int, Closer] = {}
        known: dict[int, T | None] = {}
        left = MOST_CYCLES
        for index, one in attempts.items():
            place = id(one.test)
            if place not in known:
                known[place] = self._again(one.test, one.cycles) if 0 < one.cycles <= left else None
                left -= one.cycles if known[place] else 0
            if played := known[place]:
                found[index] = self._look(one, played)
        return found

    def unsampled(self, bins: Sequence[int], tests: Sequence[Played]) -> dict[int, Closer]:
        """Return, of bins without a nearest sample, how many cycles apart their conditions were met in any test."""
        found: dict[int, Closer] = {}
        left = MOST_CYCLES
        for place, (test, cycles) in enumerate(tests if bins else ()):
            played = self._again(test, cycles) if 0 < cycles <= left else None
            if played is None:
                continue
            left -= cycles
            for index in bins:
                apart, best = cycles_apart(self._plan, self._plan.bins[index], played.tables), found.get(index)
                if apart and (best is None or best.apart is None or apart.cycles < best.apart.cycles):
                    found[index] = Closer(apart, test=place)
        return found

    def _look(self, one: Attempt, played: T) -> Closer:
        items = _items(self._design, one, played.run)
        loops = {
            track: values
            for track, number in items.items()
            if (values := loop_variables(_step(one, track), number, self._words(track)))
        }
        bin_ = self._plan.bins[one.near.bin]
        begun = bin_.kind == "transition" and one.near.distance < len(bin_.values)
        apart = None if begun else cycles_apart(self._plan, bin_, played.tables)
        together = apart is None and not begun and _TOGETHER.search(bin_.description)
        return Closer(apart, items, loops, moved=_moved(played.run, one.near.cycle) if together else ())

    def _again(self, test: Test, cycles: int) -> T | None:
        kept = (known for known in self._kept if known.test is test and known.run.trace.cycles == cycles)
        try:
            return next(kept, None) or self._simulate(test, cycles)
        except SimulatorLost:  # a problem of the machine: without the look the prompt would be another one
            raise
        except DvAgentError:  # a simulator that fails now says nothing of a test that ran
            return None

    def _words(self, track: str) -> tuple[str, ...]:
        """Return the keywords of steps that are one item."""
        grammar = self._design.grammars[track]
        forms = grammar.item.forms if grammar.item else ()
        return (grammar.item_word(self._schema.tracks[track].item), *forms)


def _moved(run: Run, cycle: int) -> tuple[Moved, ...]:
    """Return when the ports moved around a cycle, as far as they did so near it."""
    found = []
    for port, moved in run.trace.accepted.items():
        cycles = moved.cycle[abs(moved.cycle - cycle) <= FARTHEST]
        before, after = cycles[cycles <= cycle], cycles[cycles >= cycle]
        if len(cycles):
            last = int(cycle - before[-1]) if len(before) else None
            found.append(Moved(port, last, int(after[0] - cycle) if len(after) else None))
    return tuple(found)


def _step(one: Attempt, track: str) -> Step:
    return one.test.tracks[track][one.near.steps[track]]


def _items(design: Design, one: Attempt, run: Run) -> dict[str, int]:
    """Return the number of the item that was under way in each loop at the nearest sample."""
    found = {}
    # Writes that beats carry are transfers of their own port, but no items of its track.
    carried = {stream.port for stream in design.streams if stream.rides} if '"with":' in one.test.text() else set()
    for track, step in one.near.steps.items():
        counted = track in design.grammars and design.grammars[track].item and track not in carried
        key = design.item_key(track) if counted else ""
        steps = one.test.tracks.get(track, ())
        if key not in run.trace.accepted or step >= len(steps) or not any(word in steps[step] for word in _LOOPS):
            continue
        start = next((cycle for cycle, number in run.step_starts.get(track, ()) if number == step), None)
        if start is None or run.trace.in_reset[start : one.near.cycle].any():
            continue  # a reset abandons a packet, so that counting says nothing
        moved = run.trace.accepted[key]
        within = (moved.cycle >= start) & (moved.cycle < one.near.cycle)
        last = moved.columns.get("last")
        found[track] = int(within.sum() if last is None else np.count_nonzero(last[within]))
    return found

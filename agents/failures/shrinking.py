"""Shrinking (test case reduction) of a failing test that keeps the same kind of failure.

The order is that of delta debugging: whole tracks, steps after the failure, time slices over all tracks, halves down
to single operations of each track, then beats, then pauses, then values. There is no randomness: the same test on the
same simulator shrinks to the same test, unless the time limit in seconds ends it.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dv_agent.agents.failures.attempts import Limits, Shrunk, Tried
from dv_agent.agents.failures.kind import Kind, kind_of
from dv_agent.agents.failures.reduction import (
    Path,
    at,
    extras,
    number_lists,
    numbers,
    reduce_list,
    simpler_numbers,
    with_value,
    without,
)
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.runners.checks.failure import CheckFailure

SLICES = 32
Tracks = dict[str, list[Any]]


class _LimitReached(Exception):
    """A limit in `Limits` was reached."""


def shrink(
    design: Design,
    schema: StimulusSchema,
    test: Test,
    failure: CheckFailure,
    run: Callable[[Test], Tried],
    limits: Limits | None = None,
) -> Shrunk:
    """Return a smaller test whose first failure is of the same kind.

    Args:
        run: simulates a test; may raise StimulusError.
    """
    shrinker = _Shrinker(test, kind_of(failure), run, limits or Limits())
    stopped = ""
    try:
        literal = literal_test(design, schema, expand(design, schema, test), test.name)
        if not shrinker.good(literal):
            stopped = f"it does not fail again with {kind_of(failure)}"
        else:
            shrinker.descend({name: track.item for name, track in schema.tracks.items()})
    except StimulusError as error:
        stopped = f"it cannot be written out: {error}"
    except _LimitReached as reached:
        stopped = str(reached)
    return Shrunk(shrinker.best, shrinker.tests, shrinker.cycles, stopped)


class _Shrinker:
    """Greedy reduction: every candidate that still fails becomes the new starting point."""

    def __init__(self, test: Test, wanted: Kind, run: Callable[[Test], Tried], limits: Limits) -> None:
        self.best = test
        self.tests = self.cycles = 0
        self._wanted, self._run, self._limits = wanted, run, limits
        self._ends = time.monotonic() + limits.seconds
        self._last: Tried | None = None
        self._known: set[str] = set()

    def good(self, candidate: Test) -> bool:
        """Return whether `candidate` fails with the wanted kind; if so, store it as the best so far.

        Raises:
            _LimitReached: a limit is reached; `candidate` is then not simulated.
        """
        if candidate.digest in self._known:
            return False
        self._known.add(candidate.digest)
        self._ask_limits()
        self.tests += 1
        try:
            tried = self._run(candidate)
        except StimulusError:
            return False
        self.cycles += tried.cycles
        if tried.failures and kind_of(tried.failures[0]) == self._wanted:
            self.best, self._last = candidate, tried
            return True
        return False

    def _ask_limits(self) -> None:
        limits = self._limits
        if self.tests >= limits.tests:
            raise _LimitReached(f"stopped after {limits.tests:,} tests")
        if self.cycles >= limits.cycles:
            raise _LimitReached(f"stopped after {self.cycles:,} simulated cycles")
        if time.monotonic() >= self._ends:
            raise _LimitReached(f"stopped after {limits.seconds:g} s")

    def descend(self, items: Mapping[str, str]) -> None:
        """Repeat all reductions in order until none of them makes the test smaller.

        Args:
            items: track -> its keyword for a packet.
        """
        while True:
            before = self.best.digest
            self._drop_tracks()
            self._cut_tail()
            self._drop_slices()
            self._drop_steps()
            self._drop_beats(items)
            self._drop_extras()
            self._simplify()
            if self.best.digest == before:
                return

    def _tracks(self) -> Tracks:
        return {name: list(steps) for name, steps in self.best.tracks.items()}

    def _good_tracks(self, tracks: Tracks) -> bool:
        kept = {name: tuple(copy.deepcopy(steps)) for name, steps in tracks.items() if steps}
        return self.good(self.best.model_copy(update={"tracks": kept}))

    def _drop_tracks(self) -> None:
        for name in list(self.best.tracks):
            self._good_tracks({**self._tracks(), name: []})

    def _cut_tail(self) -> None:
        """Remove steps that begin after the failure."""
        if self._last is None or self._last.failures[0].cycle is None:
            return
        place, starts = self._last.failures[0].cycle, self._last.step_starts
        begun = {name: {step for cycle, step in starts.get(name, ()) if cycle <= place} for name in self.best.tracks}
        self._good_tracks({
            name: steps[: max(begun[name], default=len(steps) - 1) + 1] for name, steps in self._tracks().items()
        })  # fmt: skip

    def _drop_slices(self) -> None:
        """Apply delta debugging over time: the steps of all tracks in the same cycles are kept or removed together."""
        when = self._begins()
        last = max((cycle for cycles in when.values() for cycle in cycles), default=0)
        width = max(-(-(last + 1) // SLICES), 1)
        tracks = self._tracks()

        def kept(slices: Sequence[int]) -> Tracks:
            wanted = set(slices)
            return {
                name: [step for step, cycle in zip(steps, when[name], strict=True) if cycle // width in wanted]
                for name, steps in tracks.items()
            }

        reduce_list(range(SLICES), lambda slices: self._good_tracks(kept(slices)))

    def _begins(self) -> dict[str, list[int]]:
        """Return track -> start cycle of each step of the best test; steps that never started come last."""
        found = {}
        for name, steps in self.best.tracks.items():
            starts: dict[int, int] = {}
            for cycle, step in self._last.step_starts.get(name, ()) if self._last else ():
                starts.setdefault(step, cycle)
            cycles, now = [], 0
            for step in range(len(steps)):
                now = max(now, starts.get(step, now))
                cycles.append(now)
            found[name] = cycles
        return found

    def _drop_steps(self) -> None:
        for name in list(self.best.tracks):
            tracks = self._tracks()
            reduce_list(tracks.get(name, []), lambda left, n=name, t=tracks: self._good_tracks({**t, n: left}))  # type: ignore[misc]

    def _drop_beats(self, items: Mapping[str, str]) -> None:
        for name in list(self.best.tracks):
            for index in range(len(self.best.tracks[name])):
                beats = self.best.tracks[name][index].get(items.get(name, ""))
                if isinstance(beats, list) and len(beats) > 1:
                    where = ("tracks", name, index, items[name])
                    reduce_list(beats, lambda left, w=where: self._good_value(w, left))  # type: ignore[misc]

    def _drop_extras(self) -> None:
        """Remove pauses and side strobes: first all of a track together, then one by one."""
        for name in list(self.best.tracks):
            found = [("tracks", name, *where) for where in extras(self.best.tracks[name])]
            if found and not self._good_data(without(self._data(), found)):
                for where in found:
                    self._good_data(without(self._data(), [where]))

    def _simplify(self) -> None:
        """Move numbers towards 0: first whole lists, then one by one."""
        for where in list(number_lists(self._data())):
            self._good_value(where, [0] * len(at(self._data(), where)))
        for where in list(numbers(self._data())):
            for simpler in simpler_numbers(at(self._data(), where)):
                if self._good_value(where, simpler):
                    break

    def _data(self) -> dict[str, Any]:
        return {"tracks": self._tracks(), "memory": self.best.memory}

    def _good_value(self, where: Path, value: Any) -> bool:
        return self._good_data(with_value(self._data(), where, value))

    def _good_data(self, data: dict[str, Any]) -> bool:
        tracks = {name: tuple(steps) for name, steps in data["tracks"].items() if steps}
        return self.good(self.best.model_copy(update={"tracks": tracks, "memory": data["memory"]}))

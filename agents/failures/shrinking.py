"""Making a failing test smaller while it still fails the same check."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Step, StimulusError, Test
from dv_agent.runners.checks.run_checks import CheckFailure

FailuresOf = Callable[[Test], tuple[CheckFailure, ...]]
DEFAULT_ATTEMPTS = 300


@dataclass
class _Shrinker:
    """Greedy descent: every accepted candidate becomes the new start."""

    best: Test
    wanted: tuple[str, str]
    failures_of: FailuresOf
    attempts: int

    def try_test(self, candidate: Test) -> bool:
        """Whether `candidate` fails the wanted check; if so it is the best so far."""
        if self.attempts <= 0:
            return False
        self.attempts -= 1
        try:
            failures = self.failures_of(candidate)
        except StimulusError:
            return False
        if any((failure.check, failure.port) == self.wanted for failure in failures):
            self.best = candidate
            return True
        return False

    def pass_over(self, candidates: Callable[[Test], Iterator[Test]]) -> bool:
        """Try every candidate made from the best; start again after each success."""
        progress, again = False, True
        while again and self.attempts > 0:
            again = any(self.try_test(candidate) for candidate in candidates(self.best))
            progress |= again
        return progress


def shrink(
    design: Design,
    schema: StimulusSchema,
    test: Test,
    failure: CheckFailure,
    failures_of: FailuresOf,
    attempts: int = DEFAULT_ATTEMPTS,
) -> Test:
    """A smaller test that fails the same check on the same port.

    Args:
        failures_of: runs a test and returns its failed checks.
        attempts: most runs.

    Returns:
        `test` itself if nothing smaller fails.
    """
    shrinker = _Shrinker(test, (failure.check, failure.port), failures_of, attempts)
    if not shrinker.try_test(literal_test(design, schema, expand(design, schema, test), test.name)):
        return test
    while shrinker.attempts > 0:
        progress = shrinker.pass_over(_without_tracks)
        progress |= shrinker.pass_over(_without_steps)
        progress |= shrinker.pass_over(_smaller_steps)
        if not progress:
            break
    return shrinker.best


def _without_tracks(test: Test) -> Iterator[Test]:
    for name in test.tracks:
        yield _with(test, {key: steps for key, steps in test.tracks.items() if key != name})


def _without_steps(test: Test) -> Iterator[Test]:
    """Delta debugging: drop halves, then quarters, ... then single steps, from the end."""
    for name, steps in test.tracks.items():
        size = len(steps)
        chunk = max(size // 2, 1)
        while size:
            for start in range(size - chunk, -chunk, -chunk):
                first = max(start, 0)
                yield _with(test, {**test.tracks, name: steps[:first] + steps[start + chunk :]})
            if chunk == 1:
                break
            chunk //= 2


def _smaller_steps(test: Test) -> Iterator[Test]:
    for name, steps in test.tracks.items():
        for index, step in enumerate(steps):
            for smaller in _smaller(step):
                yield _with(test, {**test.tracks, name: (*steps[:index], smaller, *steps[index + 1 :])})


def _smaller(data: Any) -> Iterator[Any]:
    """Simpler versions of one step: fewer beats, no gaps, numbers nearer to zero."""
    if isinstance(data, bool) or not isinstance(data, int | list | dict):
        return
    if isinstance(data, int):
        yield from sorted({0, data // 2 if data > 0 else -(-data // 2)} - {data}, key=abs)
    elif isinstance(data, list):
        yield from (data[:index] + data[index + 1 :] for index in range(len(data)))
        for index, part in enumerate(data):
            yield from ([*data[:index], smaller, *data[index + 1 :]] for smaller in _smaller(part))
    else:
        yield from (
            {key: part for key, part in data.items() if key != gone} for gone in ("gap", "with") if gone in data
        )
        for key, part in data.items():
            yield from ({**data, key: smaller} for smaller in _smaller(part))


def _with(test: Test, tracks: dict[str, tuple[Step, ...]]) -> Test:
    kept = {name: steps for name, steps in tracks.items() if steps}
    return test.model_copy(update={"tracks": copy.deepcopy(kept)})

"""Error level and power of ranks, on simulated boards: ``python benchmarks/separation_study.py [REPEATS]``.

A row's score on a design is its effect, what the design adds for everybody, what it adds for this row, and noise of the
seeds. Familywise error: boards on which some two rows of equal effect are separated. Power: boards on which the first
row, which leads by a constant, is separated from the second, with and without noisy rows beside. `absolute` is the same
procedure on mean differences in points, without `strength`: there noisy rows hide the lead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from dv_agent.eval.stats.clusters import Floats
from dv_agent.eval.stats.separation import LEVEL, adjusted
from dv_agent.eval.stats.sign_flip import flips

DESIGNS, SEEDS = 8, 3
NAMES = [f"design{number}" for number in range(DESIGNS)]
Procedure = Callable[[Floats], dict[tuple[int, int], float]]


def simulated(source: np.random.Generator, effects: Sequence[float], own: Sequence[float], skewed: bool) -> Floats:
    """float64[rows, designs]: mean scores of one board; `own` is each row's spread over designs, in points."""
    shape = (len(effects), DESIGNS, SEEDS)
    seeds = source.exponential(1.0, shape) - 1 if skewed else source.normal(0.0, 1.0, shape)
    designs = source.exponential(1.0, shape[:2]) - 1 if skewed else source.normal(0.0, 1.0, shape[:2])
    common = source.normal(0.0, 15.0, DESIGNS)
    spread = np.array(own)[:, None]
    return np.asarray(np.array(effects)[:, None] + common + spread * (designs + 0.5 * seeds.mean(axis=2)))


def as_ranked(scores: Floats) -> dict[tuple[int, int], float]:
    """Adjusted p of all pairs, as boards have it."""
    pairs = {
        (str(one), str(other)): {name: [float(scores[one, at] - scores[other, at])] for at, name in enumerate(NAMES)}
        for one, other in combinations(range(len(scores)), 2)
    }
    return {(int(one), int(other)): p for (one, other), p in adjusted(pairs).items()}


def absolute(scores: Floats) -> dict[tuple[int, int], float]:
    """Adjusted p of all pairs by the largest mean difference in points."""
    pairs = list(combinations(range(len(scores)), 2))
    means = np.array([scores[one] - scores[other] for one, other in pairs])
    sizes = np.abs(means @ flips(DESIGNS).T) / DESIGNS
    order = np.argsort(-sizes[:, 0])
    largest = np.maximum.accumulate(sizes[order][::-1], axis=0)[::-1]
    p = np.maximum.accumulate((largest >= sizes[order, 0][:, None] - 1e-9).mean(axis=1))
    return {pairs[place]: float(value) for place, value in zip(order.tolist(), p, strict=True)}


def share(
    repeats: int, effects: Sequence[float], own: Sequence[float], skewed: bool, procedure: Procedure
) -> tuple[float, float]:
    """Share of boards that separate two equal rows, and that separate the first row from the second."""
    source = np.random.default_rng(7)
    equal = [(i, j) for i, j in combinations(range(len(effects)), 2) if effects[i] == effects[j]]
    wrong = found = 0
    for _ in range(repeats):
        p = procedure(simulated(source, effects, own, skewed))
        wrong += any(p[pair] <= LEVEL for pair in equal)
        found += p[0, 1] <= LEVEL
    return wrong / repeats, found / repeats


def main() -> None:
    """Print both tables."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    print(f"{repeats} boards a line, {DESIGNS} designs, {SEEDS} seeds, level {LEVEL}")
    print("\nfamilywise error of equal rows")
    for rows in (2, 4, 7, 12):
        for skewed in (False, True):
            for name, own in (("alike", [4.0] * rows), ("noisy ones among them", [1.0, 10.0] * rows)):
                effects = [50.0] * rows
                now, before = (share(repeats, effects, own[:rows], skewed, one)[0] for one in (as_ranked, absolute))
                words = f"{rows:2} rows, {'skewed' if skewed else 'normal'} noise, {name}"
                print(f"  {words:52} {now:.3f} (absolute {before:.3f})")
    print("\npower: a lead of 2 points beside noisy rows (spread 10 points)")
    for own_spread in (0.0, 0.5, 1.0):
        for noisy in (0, 2, 5):
            effects, own = [52.0, 50.0, *[50.0] * noisy], [own_spread, own_spread, *[10.0] * noisy]
            now, before = (share(repeats, effects, own, False, one)[1] for one in (as_ranked, absolute))
            print(f"  spread of the pair {own_spread}, {noisy} noisy rows: {now:.3f} (absolute {before:.3f})")


if __name__ == "__main__":
    main()

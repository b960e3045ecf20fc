"""LLM4DV's samplers of missed bins (arXiv 2310.04535): which few holes a message shows.

``random``    of `plenty` (40) holes or more `most` (7) at random; of `few` (5) or more `few` at random; else all.
``by_type``   of more than `most` holes the `first` (2) in plan order, and random others up to `most`. While `plenty`
              are open and coverage is below `early` (1/20), `easy` (3) of those come from the first `easy_bins` (100)
              holes and the others from behind them.
``adaptive``  up to the share `mild` (1/5) of coverage as ``by_type`` does early on; above, with `plenty` open, one of
              three samplers (early mixture, plan order, random), the next in turn whenever fewer than `stale_bins` (3)
              new bins came in `stale_messages` (4) messages; of fewer than `plenty` holes `most` at random.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from dv_agent.prompts.strategy import Holes

Item = TypeVar("Item")
MIXTURE, ORDER, RANDOM = range(3)


def sample(
    holes: Sequence[Item], covered: float, gains: Sequence[int], options: Holes, source: random.Random
) -> tuple[Item, ...]:
    """The holes to show, those taken from the front of the plan first.

    Args:
        holes: all that are open, in plan order.
        covered: share of bins covered, 0 to 1.
        gains: new bins of each message so far, in order.
    """
    if options.sampler == "by_type":
        return by_type(holes, covered <= options.early, options, source)
    if options.sampler == "adaptive":
        return adaptive(holes, covered, gains, options, source)
    return at_random(holes, options, source)


def at_random(holes: Sequence[Item], options: Holes, source: random.Random) -> tuple[Item, ...]:
    """`most` of plenty, `few` of a few, else all."""
    if len(holes) >= options.plenty:
        return _some(holes, options.most, source)
    return _some(holes, options.few, source) if len(holes) >= options.few else tuple(holes)


def by_type(holes: Sequence[Item], early: bool, options: Holes, source: random.Random) -> tuple[Item, ...]:
    """The first ones, and others at random; early on with a share of the easy ones."""
    if len(holes) <= options.most:
        return tuple(holes)
    if early and len(holes) >= options.plenty:
        return mixture(holes, options, source)
    return in_order(holes, options, source)


def adaptive(
    holes: Sequence[Item], covered: float, gains: Sequence[int], options: Holes, source: random.Random
) -> tuple[Item, ...]:
    """One of three samplers in turn."""
    if len(holes) < options.most:
        return tuple(holes)
    if covered <= options.mild:
        return mixture(holes, options, source)
    if len(holes) < options.plenty:
        return _some(holes, options.most, source)
    chosen = turn_of(gains, options)
    if chosen == RANDOM:
        return _some(holes, options.most, source)
    return mixture(holes, options, source) if chosen == MIXTURE else in_order(holes, options, source)


def turn_of(gains: Sequence[int], options: Holes) -> int:
    """Which of the three samplers it is: the next one after each stale stretch of messages."""
    chosen, since = MIXTURE, 0
    for end in range(1, len(gains) + 1):
        since += 1
        if since >= options.stale_messages and sum(gains[end - options.stale_messages : end]) < options.stale_bins:
            # From the mixture to plan order, from there to random, and back to plan order.
            chosen, since = (RANDOM if chosen == ORDER else ORDER), 0
    return chosen


def mixture(holes: Sequence[Item], options: Holes, source: random.Random) -> tuple[Item, ...]:
    """The first ones, `easy` of the next up to `easy_bins`, the rest from behind."""
    first, rest = tuple(holes[: options.first]), holes[options.first :]
    border = max(options.easy_bins - options.first, 0)
    easy = _some(rest[:border], options.easy, source)
    return (*first, *easy, *_some(rest[border:], max(options.most - options.first - options.easy, 0), source))


def in_order(holes: Sequence[Item], options: Holes, source: random.Random) -> tuple[Item, ...]:
    """The first ones, and others at random."""
    return (
        *holes[: options.first],
        *_some(holes[options.first :], max(options.most - options.first, 0), source),
    )


def _some(holes: Sequence[Item], count: int, source: random.Random) -> tuple[Item, ...]:
    return tuple(source.sample(list(holes), min(count, len(holes))))

"""LLM4DV's samplers of missed bins (arXiv 2310.04535): which few holes a message shows.

``random``    if at least `plenty` (40) holes are open, `most` (7) at random; if at least `few` (5), `few` at random;
              otherwise all.
``by_type``   if more than `most` holes are open, the `first` (2) in plan order and random others up to `most`. While
              `plenty` are open and coverage is at most `early` (1/20), `easy` (3) of the others come from the first
              `easy_bins` (100) holes and the rest from those after them.
``adaptive``  up to the coverage share `mild` (1/5) like the early ``by_type``; above it, with `plenty` open, one of
              three samplers (early mixture, plan order, random), changed whenever fewer than `stale_bins` (3) bins
              were new behind the first of `stale_messages` (4) messages; with fewer than `plenty` holes, `most` at
              random.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from dv_agent.prompts.strategy_options import Holes

Item = TypeVar("Item")
MIXTURE, ORDER, RANDOM = range(3)


def sample(
    holes: Sequence[Item], covered: float, gains: Sequence[int], options: Holes, source: random.Random
) -> tuple[Item, ...]:
    """Return the holes to show, those taken in plan order first.

    Args:
        holes: all open holes, in plan order.
        covered: share of bins covered, 0 to 1.
        gains: number of new bins for each message so far, in order.
    """
    if options.sampler == "by_type":
        return by_type(holes, covered <= options.early, options, source)
    if options.sampler == "adaptive":
        return adaptive(holes, covered, gains, options, source)
    return at_random(holes, options, source)


def at_random(holes: Sequence[Item], options: Holes, source: random.Random) -> tuple[Item, ...]:
    """Return `most` random holes if there are `plenty`, `few` if there are at least `few`, otherwise all."""
    if len(holes) >= options.plenty:
        return _some(holes, options.most, source)
    return _some(holes, options.few, source) if len(holes) >= options.few else tuple(holes)


def by_type(holes: Sequence[Item], early: bool, options: Holes, source: random.Random) -> tuple[Item, ...]:
    """Return the first holes and random others; at low coverage with a share of the easy ones."""
    if len(holes) <= options.most:
        return tuple(holes)
    if early and len(holes) >= options.plenty:
        return mixture(holes, options, source)
    return in_order(holes, options, source)


def adaptive(
    holes: Sequence[Item], covered: float, gains: Sequence[int], options: Holes, source: random.Random
) -> tuple[Item, ...]:
    """Return the selection of the current one of three samplers."""
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
    """Return the current one of the three samplers: it changes after each sequence of messages with few new bins."""
    chosen, since = MIXTURE, 0
    for end in range(1, len(gains) + 1):
        since += 1
        if since >= options.stale_messages and sum(gains[end - options.stale_messages + 1 : end]) < options.stale_bins:
            # From mixture to plan order, then to random, then back to plan order.
            chosen, since = (RANDOM if chosen == ORDER else ORDER), 0
    return chosen


def mixture(holes: Sequence[Item], options: Holes, source: random.Random) -> tuple[Item, ...]:
    """Return the first holes, `easy` of the next up to `easy_bins`, and the rest from those after them."""
    first, rest = tuple(holes[: options.first]), holes[options.first :]
    border = max(options.easy_bins - options.first, 0)
    easy = _some(rest[:border], options.easy, source)
    return (*first, *easy, *_some(rest[border:], max(options.most - options.first - options.easy, 0), source))


def in_order(holes: Sequence[Item], options: Holes, source: random.Random) -> tuple[Item, ...]:
    """Return the first holes, and others at random."""
    return (
        *holes[: options.first],
        *_some(holes[options.first :], max(options.most - options.first, 0), source),
    )


def _some(holes: Sequence[Item], count: int, source: random.Random) -> tuple[Item, ...]:
    return tuple(source.sample(list(holes), min(count, len(holes))))

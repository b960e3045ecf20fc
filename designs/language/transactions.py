"""Transactions: steps that a design's schema names, each of which stands for several steps of its track."""

from __future__ import annotations

import random
from typing import Any

from dv_agent.designs.language.distribution import DistributionError, parse_distribution
from dv_agent.designs.language.random_blocks import resolve
from dv_agent.designs.language.schema import Transaction
from dv_agent.designs.language.stimulus import Location, Step, StimulusError
from dv_agent.designs.language.values import Scope, integer, unknown_keys

TIMES = "times"
"""Key of a step: how often the transaction is made."""


def repetitions(step: Step, scope: Scope, where: Location, most: int) -> int:
    """Return how often the transaction of a step is made; once if it does not say.

    Raises:
        StimulusError: not a number from 0 to `most`.
    """
    return integer(step.get(TIMES, 1), scope, (*where, TIMES), 0, most)


def drawn_fields(one: Transaction, given: Any, scope: Scope, where: Location, source: random.Random) -> dict[str, int]:
    """Return the value of each field of a transaction: as a step gives it, a number or a distribution, else drawn.

    Raises:
        StimulusError: not an object, an unknown field, or a value out of its range.
    """
    if not isinstance(given, dict):
        raise StimulusError(where, f"expected an object with any of: {', '.join(one.fields)}")
    unknown_keys(given, tuple(one.fields), where)
    values = {}
    for name, known in one.draws().items():
        draws = known
        if name in given:
            place = (*where, name)
            try:
                draws = parse_distribution(resolve(given[name], scope, place), known.low, known.high)
            except DistributionError as error:
                raise StimulusError(place, str(error)) from None
        values[name] = draws.draw(source)
    return values

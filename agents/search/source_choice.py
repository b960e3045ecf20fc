"""Choice of the source of the next test: the sources share the cycles by what each won of late."""

from __future__ import annotations

import random
from collections.abc import Sequence

from dv_agent.agents.search.memory import Kind, MoveGain

FLOOR = 0.05
SHARPER = 2.0
"""Exponent of the yields where there are walks or records: these win several times as much, or nothing."""


def chosen(kinds: Sequence[Kind], yields: dict[Kind, MoveGain], source: random.Random) -> Kind:
    """Return one of `kinds`; `yields` gets a fresh entry for each that is new."""
    known = [yields.setdefault(kind, MoveGain()) for kind in kinds]
    sharp = SHARPER if {"walks", "records"} & {*kinds} else 1.0
    rates = [one.rate**sharp for one in known]
    floor = FLOOR * sum(rates)
    # The rates share out cycles, not tests: a long test costs as much as many short ones.
    return source.choices(kinds, [max(rate, floor) / one.cost for rate, one in zip(rates, known, strict=True)])[0]

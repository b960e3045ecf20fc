"""What vectors would be if something went wrong: another configuration, or sums that a reset should have dropped."""

from __future__ import annotations

import numpy as np

from dv_agent.designs.composition.port_history import at, met
from dv_agent.designs.composition.stream_tables import with_what_was_cut
from dv_agent.designs.lqer_dot.model import CORRECTION_BIAS, Facts, evaluate, finish, requantise, sample_config
from dv_agent.designs.packet_columns import NONE
from dv_agent.designs.trace import BoolColumn, IntColumn, Transfers

Config = dict[str, IntColumn]


def result_with(facts: Facts, config: Config) -> tuple[IntColumn, IntColumn]:
    """(k,) mantissa and exponent of every vector with another configuration."""
    end = facts.vectors.end
    correction = requantise(facts.rank.total[end], config)
    exponent = facts.rank.exp[end] + correction.length + config["eb"] - CORRECTION_BIAS
    result = finish(facts.main.total[end, 0], facts.main.exp[end], correction, exponent)
    return result.m.m, result.e


def differs(facts: Facts, config: Config) -> BoolColumn:
    """(k,) whether another configuration would give another result."""
    m, e = result_with(facts, config)
    return np.asarray((m != facts.result.m.m) | (e != facts.result.e), np.bool_)


def shows(facts: Facts, writes: Transfers, offset: int) -> BoolColumn:
    """(k,) whether a write comes so many cycles behind the first beat, and a mistake about it changes the result."""
    start = facts.vectors.start
    first, epoch = facts.beats.cycle[start], facts.beats.epoch[start]
    config, _, _ = sample_config(writes, first + offset if offset < 0 else first + offset + 1, epoch)
    there = at(writes.epoch, met(writes, first + offset))
    return np.asarray((there == epoch) & differs(facts, config), np.bool_)


def forgotten(facts: Facts, first: IntColumn, config: Config) -> BoolColumn:
    """(k,) whether the first vector behind a reset would have another result with the configuration before it.

    Args:
        first: its number, or `NONE`.
        config: that before each reset.
    """
    own = {name: values.copy() for name, values in facts.config.items()}
    known = first != NONE
    for name, values in own.items():
        values[first[known]] = config[name][known]
    return np.asarray(at(differs(facts, own).astype(np.int64), first, 0) == 1, np.bool_)


def leaked(facts: Facts, accepted: Transfers, last: IntColumn, cut: IntColumn, first: IntColumn) -> BoolColumn:
    """(k,) whether the first vector behind a reset would have another result if the sums of the cut one went on.

    Args:
        last, cut, first: as in `with_what_was_cut`; 0 of `cut` and `NONE` of `first` if there is none.
    """
    rows, found = np.flatnonzero((cut > 0) & (first != NONE)), np.zeros(len(cut), np.bool_)
    joined = with_what_was_cut(accepted, facts.vectors, last[rows], cut[rows], first[rows])
    none = {name: np.zeros(0, np.int64) for name in facts.config}
    never = Transfers(none["eb"], none["eb"], none, np.zeros(0, np.bool_))
    kept = evaluate(joined, np.ones(len(joined), np.bool_), never)
    m, e = result_with(kept, {name: values[first[rows]] for name, values in facts.config.items()})
    found[rows] = (m != facts.result.m.m[first[rows]]) | (e != facts.result.e[first[rows]])
    return found

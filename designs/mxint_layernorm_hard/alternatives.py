"""What rows would be if something went wrong: other coefficients, or beats that a reset should have dropped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dv_agent.designs.composition.port_history import at, met
from dv_agent.designs.composition.stream_tables import with_what_was_cut
from dv_agent.designs.mxint_layernorm.model import (
    LANES,
    PLACES,
    Beats,
    Facts,
    Results,
    Settings,
    compute,
    scale_and_cast,
    set_in_use,
)
from dv_agent.designs.packet_columns import NONE, find_packets
from dv_agent.designs.trace import BoolColumn, IntColumn, Transfers

LONGEST = 4  # beats of a row


def differs(facts: Facts, sets: IntColumn, settings: Settings | None = None) -> BoolColumn:
    """(k,) whether a row would be another one with these sets of coefficients, of these settings or its own."""
    table = settings or facts.settings
    places = LANES * facts.rows.position[:, None] + np.arange(LANES)
    chosen = sets[facts.rows.of_beat][:, None]
    other = scale_and_cast(facts.results.t_raw, table.gamma[chosen, places], table.beta[chosen, places])
    return unlike(facts, other)


def unlike(facts: Facts, other: Results) -> BoolColumn:
    """(k,) whether any output beat of a row is another one."""
    beats = (facts.results.mant != other.mant).any(axis=1) | (facts.results.x != other.x)
    return np.asarray(facts.rows.fold(np.maximum, beats.astype(np.int64)) == 1, np.bool_)


def shows(facts: Facts, offset: int) -> BoolColumn:
    """(k,) whether a commit comes so many cycles behind the first beat, and a mistake about it changes the row."""
    start, settings = facts.rows.start, facts.settings
    first, epoch = facts.beats.cycle[start], facts.beats.epoch[start]
    there = np.searchsorted(settings.cycle, first + offset)
    found = (at(settings.cycle, there) == first + offset) & (at(settings.epoch, there) == epoch)
    sets = set_in_use(settings, first + offset if offset < 0 else first + offset + 1, epoch)
    return np.asarray(found & differs(facts, sets), np.bool_)


def late_write_shows(facts: Facts, writes: Transfers) -> BoolColumn:
    """(k,) whether a write in the very cycle of the commit that made the row's set would change the row."""
    settings = facts.settings
    index = met(writes, settings.cycle)
    found = np.flatnonzero(index != NONE)
    gamma, beta = settings.gamma.copy(), settings.beta.copy()
    for commit, write in zip(found.tolist(), index[found].tolist(), strict=True):
        table = beta if writes.columns["sel"][write] else gamma
        table[commit + 1, writes.columns["addr"][write] % PLACES] = writes.columns["data"][write]
    return differs(facts, facts.set_of_row, replace(settings, gamma=gamma, beta=beta))


def forgotten(facts: Facts, first: IntColumn, sets: IntColumn) -> BoolColumn:
    """(k,) whether the first row behind a reset would be another one with the set that was committed last before it.

    Args:
        first: its number, or `NONE`.
        sets: that set; 0 if there was none.
    """
    own, known = facts.set_of_row.copy(), first != NONE
    own[first[known]] = sets[known]
    return np.asarray(at(differs(facts, own).astype(np.int64), first, 0) == 1, np.bool_)


def leaked(facts: Facts, accepted: Transfers, last: IntColumn, cut: IntColumn, first: IntColumn) -> BoolColumn:
    """(k,) whether the first row behind a reset would be another one if the beats of the cut one still counted.

    Only where both together are no longer than a row may be. Args: as in `with_what_was_cut`.
    """
    size = np.where(first == NONE, LONGEST, at(facts.rows.length, first))
    rows, found = np.flatnonzero((cut > 0) & (cut + size <= LONGEST)), np.zeros(len(cut), np.bool_)
    joined = with_what_was_cut(accepted, facts.rows, last[rows], cut[rows], first[rows])
    columns, zeros = joined.columns, np.zeros(len(joined), np.int64)
    beats = Beats(joined.cycle, joined.epoch, columns["m"].reshape(-1, LANES), columns["e"], columns["last"])
    never = Settings(facts.settings.gamma[:1], facts.settings.beta[:1], zeros[:0], zeros[:0], facts.settings.late[:1])
    kept = compute(beats, find_packets(beats.last), never)
    for row, end in zip(rows.tolist(), kept.rows.end.tolist(), strict=True):
        own = int(facts.rows.end[first[row]])
        same = (kept.results.t_raw[end] == facts.results.t_raw[own]).all()
        found[row] = not same
    return found

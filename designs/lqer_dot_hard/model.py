"""Reference model of ``lqer_dot_hard``: that of ``lqer_dot``, and tables of what met, lasted, was cut and followed.

Arithmetic and outputs are those of the part. The tables here hold facts that need many vectors, or several ports: what
leaves and what is written as a vector begins, how late a sink was for how long, what a reset left behind. Whether a
mistake would show is asked by the arithmetic of the part, with another configuration or with sums that were kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.composition.part_models import part_model
from dv_agent.designs.composition.port_history import at, cut_places, first_of, met, moved_before, seen, streak, waits
from dv_agent.designs.composition.stream_tables import (
    Columns,
    Left,
    as_events,
    changes,
    distinct_in_run,
    int_columns,
    left,
    regimes,
    resets,
    since,
    wait_windows,
)
from dv_agent.designs.lqer_dot.model import Facts, evaluate, sample_config
from dv_agent.designs.lqer_dot_hard.alternatives import forgotten, leaked, shows
from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.packet_columns import NONE, complete_mask, previous
from dv_agent.designs.trace import IntColumn, Trace, Transfers

DOT = part_model("lqer_dot")
WINDOW = 256
REACH = 4  # a regime counts for so many results behind its end
PLAIN, EMPTY, CORRECTED = range(3)  # kinds of vectors, section 4
PACES = np.array([4, 5, 8], np.int64)  # cycles of each kind
REGIMES = {"dragging": (1, 120), "flowing": (2, 400), "late": (3, 200), "apart": (4, 30)}


@dataclass(frozen=True, slots=True)
class Seen:
    """What all tables are made of."""

    trace: Trace
    outs: Transfers
    facts: Facts
    vectors: Columns  # of the part
    kind: IntColumn  # (k,)
    left: Left


def observe(trace: Trace) -> Observation:
    """Return what the part owes, and the tables.

    ``vector`` and ``write`` are those of the part with more columns. ``left``: a row a result, in the cycle in which it
    is taken. ``window``: a row for 256 cycles. ``restart``: a row a reset after the initial one, in the cycle before.
    """
    part, accepted = DOT.observe(trace), trace.accepted["in"]
    facts = evaluate(accepted, complete_mask(accepted.columns["last"], accepted.epoch), trace.accepted["cfg"])
    vectors, outs = dict(part.tables["vector"].columns), seen(trace, "y")
    kind = np.where(vectors["lr_en"] == 0, PLAIN, np.where(vectors["block_length"] == 0, EMPTY, CORRECTED))
    all_seen = Seen(trace, outs, facts, vectors, kind, left(trace, "y", outs, vectors["epoch"]))
    results = left_columns(all_seen)
    vectors |= vector_columns(all_seen, results)
    tables = {
        "vector": Table(vectors),
        "write": Table(write_columns(dict(part.tables["write"].columns))),
        "left": Table(results),
        "window": Table(windows(trace)),
        "restart": Table(restarts(all_seen, vectors, results)),
    }
    return Observation(expected=part.expected, tables=tables, levels=part.levels)


def left_columns(of: Seen) -> Columns:
    """Each result: its vector, how late it was taken, and for how many results on end each condition has held."""
    columns, index, cycle = dict(of.left.columns), of.left.index, of.left.columns["cycle"]
    epoch, stall, vectors = columns["epoch"], columns["stall"], of.vectors
    kind = at(of.kind, index)
    before = previous(kind, epoch)
    on_pace, other = columns["spacing"] == at(PACES, kind), (kind != before) & (before != NONE)
    rise = stall - previous(stall, epoch, 99)
    columns |= {
        "kind": kind,
        "kinds": np.where(previous(before, epoch) == NONE, NONE, kind + 3 * before + 9 * previous(before, epoch)),
        "length": at(vectors["length"], index),
        "age": cycle - at(vectors["cycle"], index),
        "held": inside(of, cycle, epoch),
        "in_waits": waits(of.trace, "in", cycle),
        "flowing": streak((stall == 0) & on_pace, epoch),
        "late": streak((stall == previous(stall, epoch, 99)) & (stall > 0) & on_pace, epoch),
        "dragging": streak(stall >= 20, epoch),
        "old": streak(cycle - at(vectors["cycle"], index) >= 150, epoch),
        "mixed_flow": streak((stall == 0) & on_pace & other, epoch),
        "mixed_late": streak((stall == 1) & on_pace & other, epoch),
        "mixed_drag": streak((stall >= 20) & other, epoch),
        "rising": streak(rise == 1, epoch),
        "falling": streak(rise == -1, epoch),
    }
    same = kind == before
    for name in ("flowing", "late", "dragging"):
        columns[f"{name}_kind"] = streak((columns[name] > 1) & same, epoch)
    columns["apart"] = streak(at(vectors["gap_before"], index) >= 100, epoch)
    columns["orders"] = distinct_in_run(columns["kinds"], streak(columns["late"] >= 2, epoch))
    columns["regime"] = regimes(columns, REGIMES, REACH)
    columns["change"] = changes(columns, REGIMES)
    rows = np.arange(len(epoch), dtype=np.int64)
    for name in ("mixed_flow", "mixed_late"):
        columns[f"{name}_behind"] = at(columns["regime"], rows - columns[name], 0) * (columns[name] > 0)
    done = as_events(vectors["cycle"], vectors["epoch"])
    columns["newest"] = at(of.kind, np.searchsorted(done.cycle, cycle) - 1)
    return int_columns(columns)


def inside(of: Seen, cycle: IntColumn, epoch: IntColumn) -> IntColumn:
    """(n,) vectors whose last beat was accepted before each cycle and whose result was not taken before it."""
    done = as_events(of.vectors["cycle"], of.vectors["epoch"])
    return moved_before(done, cycle, epoch) - moved_before(of.outs, cycle, epoch)


def vector_columns(of: Seen, results: Columns) -> Columns:
    """Each vector: what leaves and is written as it begins, and for how many vectors on end each condition has held."""
    vectors, kind = of.vectors, of.kind
    first, end, epoch, length = vectors["first_cycle"], vectors["cycle"], vectors["epoch"], vectors["length"]
    waited = waits(of.trace, "in", first)
    goes, ends = leaves(of, first, results), leaves(of, end, results)
    shown = [shows(of.facts, of.trace.accepted["cfg"], offset) for offset in (-1, 0, 1)]
    written = np.asarray(shown[0] + 2 * shown[1] + 4 * shown[2], np.int64)
    other = (kind != previous(kind, epoch)) & (length != previous(length, epoch))
    blocked = (waited > 0) & (goes != NONE)
    gaps = np.concatenate([np.zeros(1, np.int64), np.diff(of.facts.beats.cycle)])[: len(of.facts.beats.cycle)]
    least_gap = of.facts.vectors.fold(np.minimum, np.where(of.facts.vectors.position == 0, 1 << 40, gaps))
    regime = at(results["regime"], np.searchsorted(of.outs.cycle, first) - 1, 0)
    columns = {
        "kind": kind,
        "waited": waited,
        "goes": goes,
        "ends_as": ends,
        "written": written * (waited > 0),
        "near": written,
        "held": inside(of, first, epoch),
        "regime": np.where(inside(of, first, epoch) > 0, regime, 0),
        "lock": streak(blocked, epoch),
        "lock_mixed": streak(blocked & (kind != previous(kind, epoch)), epoch),
        "lock_ragged": streak(blocked & other, epoch),
        "lock_written": streak(blocked & (written > 0), epoch),
        "lock_before": streak(blocked & shown[0], epoch),
        "crowded": streak(waited >= 30, epoch),
        "slow": streak((length == 8) & (least_gap >= 11), epoch),
        "apart": streak(vectors["gap_before"] >= 100, epoch),
        "ended": streak((ends != NONE) & (length >= 4) & (waited > 0), epoch),
        "ignored": streak(shown[1] & (waited > 0), epoch),
    }
    columns |= rare_columns(of)
    columns["cases"] = distinct_in_run(8 * goes + written, columns["lock_written"])
    return int_columns(columns)


def rare_columns(of: Seen) -> Columns:
    """(k,) rank sums of each vector at a corner: a negative power of two leads, rank 1 leads, rank 1 lifts alone."""
    beats, packets, columns = of.facts.beats, of.facts.vectors, of.vectors
    size0, size1 = abs(columns["rank0_sum"]), abs(columns["rank1_sum"])
    lead = np.where(size0 >= size1, columns["rank0_sum"], columns["rank1_sum"])
    lifts = of.facts.rank.step * ((beats.products[:, 1] == 0) & (beats.products[:, 2] != 0))
    return {
        "power": (lead < 0) & (-lead & (-lead - 1) == 0) & (lead < -1),
        "second": (size1 > 64 * size0) & (size0 > 0),
        "lifted": packets.fold(np.maximum, lifts),
    }


def leaves(of: Seen, cycle: IntColumn, results: Columns) -> IntColumn:
    """(n,) the kind of the result that is taken in each cycle, or `NONE`."""
    index = met(of.outs, cycle)
    return np.where(index == NONE, NONE, at(results["kind"], index))


def write_columns(writes: Columns) -> Columns:
    """Each write, and for how many cycles on end there has been one."""
    return int_columns(writes | {"every": streak(writes["pause"] == 1, writes["epoch"])})


def windows(trace: Trace) -> Columns:
    """Each window, and for how many on end the load has stayed the same."""
    columns = wait_windows(trace, WINDOW, "in", "y")
    epoch, given = columns["epoch"], columns["given"]
    waiting = (columns["out_waits"] >= WINDOW // 5) & (columns["in_waits"] >= WINDOW // 5)
    return columns | {"even": streak((given == previous(given, epoch)) & waiting & (given > 0), epoch)}


def restarts(of: Seen, vectors: Columns, results: Columns) -> Columns:
    """Each reset: what it cut, what stood before it, and what the first vector behind it would show of that."""
    accepted, writes = of.trace.accepted["in"], of.trace.accepted["cfg"]
    columns = resets(of.trace, accepted, of.outs)
    begin, old, new = columns["begin"], columns["epoch"], columns["next"]
    cut = cut_places(accepted, old)
    first = first_of(vectors["epoch"], new)
    newest = np.searchsorted(of.outs.cycle, begin) - 1
    lasted = np.where(columns["since_out"] > 0, at(results["regime"], newest, 0), 0)
    config, _, _ = sample_config(writes, begin, old)
    forgot = forgotten(of.facts, first, config)
    answers = (first != NONE) & (columns["after"] >= 1)
    held = inside(of, begin, old)
    begun = np.searchsorted(vectors["cycle"], begin) - 1
    columns |= {
        "cut": cut,
        "held": held,
        "whole": moved_before(as_events(vectors["cycle"], vectors["epoch"]), begin, old),
        "since_write": since(writes, begin, old),
        "regime": lasted,
        "last_kind": np.where(held > 0, at(of.kind, begun), NONE),
        "next_kind": np.where(answers, at(of.kind, first), NONE),
        "leak": answers & leaked(of.facts, accepted, columns["last"], cut, first),
        "forgot": np.where(answers & forgot, 1 + at(vectors["near"] + 8 * (vectors["writes"] > 0), first, 0), 0),
    }
    one = np.zeros(len(begin), np.int64)  # resets of a test follow on each other across epochs
    columns["full_again"] = streak((held >= 6) & (columns["after"] >= 6), one)
    columns["leak_again"] = streak(np.asarray(columns["leak"], np.bool_) & (cut == 7), one)
    return int_columns(columns)

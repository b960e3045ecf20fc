"""Reference model of ``mxint_layernorm_hard``: that of ``mxint_layernorm``, and tables of what met, lasted, followed.

Arithmetic and outputs are those of the part. The tables here hold facts that need many rows, or several ports: what is
committed and what leaves as a row begins or ends, how late a sink was for how long, what a reset left behind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.composition.part_models import part_model
from dv_agent.designs.composition.port_history import (
    at,
    cut_places,
    delivered,
    first_of,
    met,
    moved_before,
    seen,
    streak,
    waits,
)
from dv_agent.designs.composition.stream_tables import (
    Columns,
    as_events,
    changes,
    distinct_in_run,
    int_columns,
    regimes,
    resets,
    since,
    wait_windows,
)
from dv_agent.designs.mxint_layernorm.model import Facts, committed, compute, select_beats, set_in_use
from dv_agent.designs.mxint_layernorm_hard.alternatives import differs, forgotten, late_write_shows, leaked, shows
from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.packet_columns import NONE, complete_mask, find_packets, previous
from dv_agent.designs.trace import IntColumn, Trace, Transfers

NORM = part_model("mxint_layernorm")
WINDOW = 256
REACH = 6  # a regime counts for so many rows behind its end
PACES = np.array([0, 8, 11, 14, 17], np.int64)  # cycles by beats of the row, section 4
REGIMES = {"dragging": (1, 60), "flowing": (2, 150), "late": (3, 80), "apart": (4, 35), "swapping": (5, 40)}


@dataclass(frozen=True, slots=True)
class Seen:
    """What all tables are made of."""

    trace: Trace
    outs: Transfers
    facts: Facts
    rows: Columns  # of the part
    whole: IntColumn  # (m,) rows that were delivered whole
    first_out: IntColumn  # (k,) the index of the first and the last output beat of each row, or `NONE`
    last_out: IntColumn


def observe(trace: Trace) -> Observation:
    """Return what the part owes, and the tables.

    ``lane``, ``beat`` and ``row`` are those of the part, the last with more columns. ``gone``: a row a whole row that
    left, in the cycle of its last output beat. ``window``: 256 cycles. ``restart``: a row a reset, in the cycle before.
    """
    part, accepted = NORM.observe(trace), trace.accepted["in"]
    beats = select_beats(accepted, complete_mask(accepted.columns["last"], accepted.epoch))
    settings = committed(trace.accepted["cfg"], trace.accepted["commit"])
    facts, outs = compute(beats, find_packets(beats.last), settings), seen(trace, "out")
    index = delivered(outs, beats.epoch)
    first_out, last_out = index[facts.rows.start], index[facts.rows.end]
    rows = dict(part.tables["row"].columns)
    of = Seen(trace, outs, facts, rows, np.flatnonzero(last_out != NONE), first_out, last_out)
    new = shared_columns(of)
    gone = gone_columns(of, new)
    rows |= row_columns(of, new, gone)
    tables = {
        "lane": part.tables["lane"],
        "beat": part.tables["beat"],
        "row": Table(rows),
        "gone": Table(gone),
        "window": Table(windows(trace)),
        "restart": Table(restarts(of, rows, gone)),
    }
    return Observation(expected=part.expected, tables=tables, levels=part.levels)


def inside(of: Seen, cycle: IntColumn, epoch: IntColumn) -> IntColumn:
    """(n,) rows whose last beat was accepted before each cycle and whose last output beat was not taken before it."""
    done = as_events(of.rows["cycle"], of.rows["epoch"])
    taken = of.last_out[of.whole]
    return moved_before(done, cycle, epoch) - moved_before(
        as_events(of.outs.cycle[taken], of.outs.epoch[taken]), cycle, epoch
    )


def shared_columns(of: Seen) -> Columns:
    """Each row: commits about its first beat, and for how many rows on end each has had coefficients of its own."""
    shown = [shows(of.facts, offset) for offset in (-1, 0, 1)]
    epoch = of.rows["epoch"]
    columns = {
        "near": shown[0] + 2 * shown[1] + 4 * shown[2],
        "waited": waits(of.trace, "in", of.rows["first_cycle"]),
        "swapping": streak((of.rows["new_sets"] > 0) & (of.rows["changed"] > 0), epoch),
        "late_write": late_write_shows(of.facts, of.trace.accepted["cfg"]),
    }
    return int_columns(columns)


def gone_columns(of: Seen, new: Columns) -> Columns:
    """Each row that left whole: how late it was taken, and for how many rows on end each condition has held."""
    index, rows = of.whole, of.rows
    first, cycle = of.outs.cycle[of.first_out[index]], of.outs.cycle[of.last_out[index]]
    epoch, length = rows["epoch"][index], rows["length"][index]
    stall, spacing = waits(of.trace, "out", first), first - previous(cycle, epoch, 0)
    at_once = cycle - first == length - 1
    on_pace = (spacing == PACES[length]) & at_once
    before, two = previous(length, epoch), previous(previous(length, epoch), epoch)
    other, age = (length != before) & (before != NONE), cycle - rows["cycle"][index]
    rise = stall - previous(stall, epoch, 99)
    columns = {
        "cycle": cycle,
        "epoch": epoch,
        "length": length,
        "stall": stall,
        "pair": np.where(before == NONE, NONE, 10 * before + length),
        "three": np.where(two == NONE, NONE, 100 * two + 10 * before + length),
        "held": inside(of, cycle, epoch),
        "in_waits": waits(of.trace, "in", cycle),
        "flowing": streak((stall == 0) & on_pace, epoch),
        "late": streak((stall == previous(stall, epoch, 99)) & (stall > 0) & on_pace, epoch),
        "dragging": streak(stall >= 20, epoch),
        "old": streak(age >= 150, epoch),
        "apart": streak(rows["gap_before"][index] >= 100, epoch),
        "swapping": new["swapping"][index],
        "mixed_flow": streak((stall == 0) & on_pace & other, epoch),
        "mixed_late": streak((stall == 1) & on_pace & other, epoch),
        "mixed_drag": streak((stall >= 20) & other, epoch),
        "rising": streak((rise == 1) & at_once, epoch),
        "falling": streak((rise == -1) & at_once, epoch),
        "torn": streak((cycle - first >= 20 * (length - 1)) & (length > 1), epoch),
    }
    columns["recommitted"] = recommitted(of, cycle)
    same = length == before
    for name in ("flowing", "late", "dragging"):
        columns[f"{name}_same"] = streak((columns[name] > 1) & same, epoch)
    columns["orders"] = distinct_in_run(columns["three"], streak(columns["late"] >= 2, epoch))
    columns["regime"] = regimes(columns, REGIMES, REACH)
    columns["change"] = changes(columns, REGIMES)
    places = np.arange(len(epoch), dtype=np.int64)
    for name in ("mixed_flow", "mixed_late"):
        columns[f"{name}_behind"] = at(columns["regime"], places - columns[name], 0) * (columns[name] > 0)
    return int_columns(columns)


def recommitted(of: Seen, cycle: IntColumn) -> IntColumn:
    """(m,) cycles from the second of two commits, or a later one, to the last output beat of a row that was alone.

    0 unless the set of that commit would change the row.
    """
    rows, commits = of.rows, of.trace.accepted["commit"]
    count = np.zeros(len(rows["epoch"]), np.int64)
    sets, back = of.facts.set_of_row.copy(), count.copy()
    epoch = rows["epoch"][of.whole]
    count[of.whole] = moved_before(commits, cycle, epoch) - moved_before(
        commits, rows["first_cycle"][of.whole] + 1, epoch
    )
    sets[of.whole] = set_in_use(of.facts.settings, cycle, epoch)
    back[of.whole] = since(commits, cycle, epoch)
    alone = inside(of, cycle, epoch) == 1
    return np.asarray((back * ((count >= 2) & differs(of.facts, sets)))[of.whole] * alone, np.int64)


def row_columns(of: Seen, new: Columns, gone: Columns) -> Columns:
    """Each row: what leaves as it begins and ends, and for how many rows on end each condition has held."""
    rows, near, waited = of.rows, new["near"], new["waited"]
    first, end, epoch, length = rows["first_cycle"], rows["cycle"], rows["epoch"], rows["length"]
    held = inside(of, first, epoch)
    goes, ends = leaves(of, first), leaves(of, end)
    swapped = (waited > 0) & (near & 1 == 1)
    meets = (waited > 0) & (ends == 2)
    other = (length != previous(length, epoch)) & (previous(length, epoch) != NONE)
    regime = at(gone["regime"], np.searchsorted(gone["cycle"], first) - 1, 0)
    ended_at = since(as_events(gone["cycle"], gone["epoch"]), first, epoch)
    columns = {
        "held": held,
        "goes": goes,
        "regime": np.where(ended_at != NONE, regime, 0),
        "lock": streak(meets, epoch),
        "lock_mixed": streak(meets & other, epoch),
        "lock_swapped": streak(swapped, epoch),
        "lock_written": streak((waited > 0) & (near > 0), epoch),
        "lock_late": streak((new["late_write"] == 1) & (rows["new_sets"] > 0), epoch),
        "replaced": streak((rows["new_sets"] >= 2) & (rows["changed"] > 0), epoch),
        "crowded": streak(waited >= 40, epoch),
        "slow": streak((length == 4) & (end - first >= 40), epoch),
    }
    columns["cases"] = distinct_in_run(8 * length + near, columns["lock_written"])
    return int_columns(new | columns)


def leaves(of: Seen, cycle: IntColumn) -> IntColumn:
    """(n,) what is taken in each cycle: 2 the last output beat of a row, 1 another one, 0 none."""
    index = met(of.outs, cycle)
    return np.where(index == NONE, 0, 1 + at(of.outs.columns["last"], index)) if len(of.outs) else 0 * cycle


def windows(trace: Trace) -> Columns:
    """Each window, and for how many on end the load has stayed the same."""
    columns = wait_windows(trace, WINDOW, "in", "out")
    epoch, given = columns["epoch"], columns["given"]
    waiting = (columns["out_waits"] >= WINDOW // 5) & (columns["in_waits"] >= WINDOW // 5)
    return columns | {"even": streak((given == previous(given, epoch)) & waiting & (given > 0), epoch)}


def restarts(of: Seen, rows: Columns, gone: Columns) -> Columns:
    """Each reset: what it cut, what stood before it, and what the first row behind it would show of that."""
    accepted, commits = of.trace.accepted["in"], of.trace.accepted["commit"]
    columns = resets(of.trace, accepted, of.outs)
    begin, old = columns["begin"], columns["epoch"]
    cut, first = cut_places(accepted, old), first_of(rows["epoch"], columns["next"])
    answers = (first != NONE) & (columns["after"] >= at(rows["length"], first, 99))
    newest = np.searchsorted(gone["cycle"], begin) - 1
    since_gone = since(as_events(gone["cycle"], gone["epoch"]), begin, old)
    held = inside(of, begin, old)
    done = as_events(rows["cycle"], rows["epoch"])
    columns |= {
        "cut": cut,
        "held": held,
        "whole": moved_before(done, begin, old),
        "last_length": np.where(held > 0, at(rows["length"], np.searchsorted(done.cycle, begin) - 1), NONE),
        "since_commit": since(commits, begin, old),
        "regime": np.where(since_gone != NONE, at(gone["regime"], newest, 0), 0),
        "next_length": np.where(answers, at(rows["length"], first), NONE),
        "leak": answers & leaked(of.facts, accepted, columns["last"], cut, first),
        "forgot": answers & forgotten(of.facts, first, set_in_use(of.facts.settings, begin, old)),
        "next_set": np.where(answers, at(np.minimum(rows["set"], 1), first), NONE),
        "shadow": answers & (at(rows["dropped_writes"], first, 0) > 0),
    }
    one = np.zeros(len(begin), np.int64)  # resets of a test follow on each other across epochs
    columns["full_again"] = streak((held >= 3) & (columns["after"] >= 6), one)
    columns["leak_again"] = streak(np.asarray(columns["leak"] & (cut == 3), np.bool_), one)
    return int_columns(columns)

"""Reference model of ``mxint_softmax_hard``: that of ``mxint_softmax``, and tables of what lasted and what came of it.

Arithmetic and outputs are those of the part. The tables here hold facts that need many rows, or both ports: what left
in the cycle in which something came, what was inside, how long a condition held, what a reset cut and what followed.
"""

from __future__ import annotations

import numpy as np

from dv_agent.designs.composition.part_models import part_model
from dv_agent.designs.composition.port_history import (
    at,
    cut_places,
    delivered,
    first_of,
    met,
    moved_before,
    ordinal,
    packet_ends,
    restart_rows,
    seen,
    streak,
    waits,
    window_columns,
)
from dv_agent.designs.mxint_softmax.model import exponentials
from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.packet_columns import NONE, previous
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

SOFTMAX = part_model("mxint_softmax")
WINDOW = 512
ZERO, CLAMPED, TOP, OTHER = range(4)  # kinds of an output beat
PLAIN, LATE, OPPOSITE, LARGE = range(4)  # kinds of an input beat
Columns = dict[str, IntColumn]


def observe(trace: Trace) -> Observation:
    """Return what the part owes, and the tables ``lane``, ``beat``, ``row``, ``left``, ``window`` and ``restart``.

    ``beat`` and ``row`` are those of the part with more columns. ``left``: a row an output beat, in the
    cycle in which it is taken. ``window``: a row for 512 cycles. ``restart``: a row a reset after the initial one,
    in the cycle before it.
    """
    part = SOFTMAX.observe(trace)
    outs = seen(trace, "out")
    beats, rows = dict(part.tables["beat"].columns), dict(part.tables["row"].columns)
    beats |= beat_columns(trace, outs, beats)
    rows |= row_columns(beats, rows)
    tables = {
        "lane": part.tables["lane"],
        "beat": Table(beats),
        "row": Table(rows),
        "left": Table(left_columns(trace, outs, beats, rows)),
        "window": Table(windows(trace, outs)),
        "restart": Table(restarts(trace, outs, beats, rows)),
    }
    return Observation(expected=part.expected, tables=tables, levels=part.levels)


def beat_columns(trace: Trace, outs: Transfers, beats: Columns) -> Columns:
    """Each input beat: what is inside before it, and the output beat that is taken in the same cycle."""
    accepted, cycle, epoch = trace.accepted["in"], beats["cycle"], beats["epoch"]
    late = (beats["acc_shift"] >= 8) & (beats["position"] >= 4)
    opposite = beats["sat0"] * beats["sat1"] == -1
    large = (beats["acc_shift"] > 0) & (beats["acc_before"] >= 16384)
    zero, clamped, top = beats["zero_lanes"] == 2, beats["clamp"] > 0, beats["x"] == 1
    columns = {
        "held": moved_before(accepted, cycle, epoch) - moved_before(outs, cycle, epoch),
        "waited": waits(trace, "in", cycle),
        "kind_in": np.select([late, large, opposite], [LATE, LARGE, OPPOSITE], PLAIN),
        "kind_out": np.select([zero, clamped, top], [ZERO, CLAMPED, TOP], OTHER),
    }
    columns["waits_one"] = streak(columns["waited"] == 1, epoch)
    columns["fits"] = streak((columns["waited"] == 0) & (columns["held"] >= 11), epoch)
    columns["long_waits_one"] = streak((columns["waited"] == 1) & (beats["length"] >= 3), epoch)
    owner = owners(outs, epoch)
    index = met(outs, cycle)
    places = np.where(index == NONE, NONE, at(owner, index))
    columns |= {
        "out_kind": at(columns["kind_out"], places),
        "out_last": at(beats["last"], places),
        "out_position": at(beats["position"], places),
        "out_length": at(beats["length"], places),
    }
    return columns


def owners(outs: Transfers, epoch: IntColumn) -> IntColumn:
    """(m,) the index of the input beat that each output beat belongs to, among those of `epoch`; NONE without one."""
    index = np.searchsorted(epoch, outs.epoch) + ordinal(outs.epoch)
    return np.where(index < np.searchsorted(epoch, outs.epoch, side="right"), index, NONE).astype(np.int64)


def row_columns(beats: Columns, rows: Columns) -> Columns:
    """Each row: what met its last beat, and for how many rows on end each condition has held."""
    end = packet_ends(beats["last"])
    epoch, length = rows["epoch"], rows["length"]
    before, sums = previous(length, epoch), previous(rows["acc"], epoch)
    exps = previous(rows["acc_exp"], epoch, 99)
    same = same_elements(beats, end, epoch) & (sums != NONE)
    other = (sums != rows["acc"]) | (exps != rows["acc_exp"])
    close = (rows["longest_gap"] <= 100) & (rows["gap_before"] <= 100)
    fed = (rows["longest_gap"] <= 24) & (rows["gap_before"] <= 24)
    ends_meet = beats["out_last"][end] == 1
    conditions = {
        "climbs": rows["updates"] >= 5,
        "greatest": rows["acc"] >= 28800,
        "least": (rows["acc"] == 1024) & (length == 1),
        "emptied": rows["zeros"] >= 14,
        "low": (rows["sat_low"] == 2 * length) & (length == 8),
        "high": (rows["sat_high"] == 2 * length) & (length >= 7),
        "ones": (length == 1) & fed,
        "eights": (length == 8) & fed,
        "turns": (length + before == 9) & (abs(length - before) == 7) & close,
        "changes": (length != before) & (before != NONE) & close,
        "reordered": same & other,
        "ends_meet": ends_meet,
        "ragged": ends_meet & (length != before),
        "apart": rows["gap_before"] >= 100,
        "crowded": (length == 8) & (beats["waited"][end] >= 30),
        "shifted": rows["total_shift"] == 15,
    }
    columns = {name: streak(mask, epoch) for name, mask in conditions.items()}
    ends_alike = ends_meet & (length == beats["out_length"][end])
    columns["lock"] = np.where(length == before, streak(ends_alike & ((length == before) | (before == NONE)), epoch), 0)
    columns["permuted"] = (same & other).astype(np.int64)
    columns["nearly"] = (abs(rows["acc"] - sums) == 1) & (exps == rows["acc_exp"])
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def same_elements(beats: Columns, end: IntColumn, epoch: IntColumn) -> BoolColumn:
    """(k,) whether a row of three beats or more holds the beats of the row before in another order."""
    start = np.concatenate([np.zeros(1, np.int64), end + 1])[: len(end)]
    values = zip(beats["m0"].tolist(), beats["m1"].tolist(), beats["e"].tolist(), strict=True)
    all_beats = list(values)
    found, last = np.zeros(len(end), np.bool_), None
    for row, (first, final) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        now = (int(epoch[row]), sorted(all_beats[first : final + 1]))
        found[row] = now == last and final - first >= 2
        last = now
    return found


def left_columns(trace: Trace, outs: Transfers, beats: Columns, rows: Columns) -> Columns:
    """Each output beat: its input beat, what stays inside, and for how many beats on end each condition has held."""
    owner, epoch, cycle = owners(outs, beats["epoch"]), outs.epoch, outs.cycle
    known = owner != NONE
    owner, epoch, cycle = owner[known], epoch[known], cycle[known]
    accepted = trace.accepted["in"]
    whole = Transfers(rows["cycle"], rows["epoch"], {}, np.zeros(len(rows["cycle"]), np.bool_))
    end = delivered(outs, beats["epoch"])[packet_ends(beats["last"])]
    gone = end[end != NONE]
    left = Transfers(outs.cycle[gone], outs.epoch[gone], {}, np.zeros(len(gone), np.bool_))
    stall, spacing = waits(trace, "out", cycle), cycle - previous(cycle, epoch, 0)
    columns = {
        "cycle": cycle,
        "epoch": epoch,
        "stall": stall,
        "spacing": spacing,
        "kind": beats["kind_out"][owner],
        "position": beats["position"][owner],
        "length": beats["length"][owner],
        "held": moved_before(accepted, cycle, epoch) - moved_before(outs, cycle, epoch),
        "rows_held": moved_before(whole, cycle, epoch) - moved_before(left, cycle, epoch),
        "taken": moved_before(accepted, cycle, epoch),
        "in_waits": waits(trace, "in", cycle),
        "age": cycle - beats["cycle"][owner],
    }
    columns["flowing"] = streak((stall == 0) & (spacing <= 13), epoch)
    columns["dragging"] = streak(stall >= 20, epoch)
    columns["in_step"] = streak((stall == 1) & (spacing <= 13), epoch)
    columns["nudged"] = streak(stall == 1, epoch)
    rested = np.where(columns["flowing"] > 0, columns["flowing"], 0)
    begun = np.arange(len(epoch), dtype=np.int64) - rested
    columns["recovered"] = np.where((rested > 0) & (at(columns["dragging"], begun) >= 40), rested, 0)
    columns["old"] = streak(columns["age"] >= 250, epoch)
    columns["burst"] = np.where(spacing == 1, columns["kind"], 8 + columns["kind"])
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def windows(trace: Trace, outs: Transfers) -> Columns:
    """Each window: transfers, and cycles in which a beat was offered and not taken."""
    if "in_valid" not in trace.signals:
        return dict.fromkeys(
            ("cycle", "epoch", "number", "taken", "given", "in_waits", "out_waits", "even"), np.zeros(0, np.int64)
        )
    pins = {name: trace.signals[name] != 0 for name in ("in_valid", "in_ready", "out_valid", "out_ready")}
    events = {
        "taken": pins["in_valid"] & pins["in_ready"],
        "given": pins["out_valid"] & pins["out_ready"],
        "in_waits": pins["in_valid"] & ~pins["in_ready"],
        "out_waits": pins["out_valid"] & ~pins["out_ready"],
    }
    columns = window_columns(trace, WINDOW, events)
    epoch, given = columns["epoch"], columns["given"]
    even = (given == previous(given, epoch)) & (columns["out_waits"] >= 103) & (columns["in_waits"] >= 103)
    return columns | {"even": streak(even & (given > 0), epoch)}


def restarts(trace: Trace, outs: Transfers, beats: Columns, rows: Columns) -> Columns:
    """Each reset: what it cut, for how long that had stood, and the first row behind it."""
    accepted = trace.accepted["in"]
    begin = restart_rows(trace)
    before = np.maximum(begin - 1, 0)
    old = trace.epoch[before]
    cut = cut_places(accepted, old)
    last = np.searchsorted(accepted.cycle, begin) - 1
    last_in = np.where(at(accepted.epoch, last) == old, at(accepted.cycle, last), NONE)
    first = first_of(rows["epoch"], trace.epoch[begin])
    after = outs.epoch.searchsorted(trace.epoch[begin], "right") - outs.epoch.searchsorted(trace.epoch[begin])
    peak = open_peaks(accepted, last, cut)
    held = moved_before(accepted, begin, old) - moved_before(outs, begin, old)
    next_length = at(rows["length"], first, 0)
    answers = (after >= next_length) & (next_length > 0)
    columns = {
        "cycle": before,
        "epoch": old,
        "cut": cut,
        "held": held,
        "whole": held - cut,
        "since_in": np.where(last_in == NONE, NONE, begin - last_in),
        "next_length": next_length,
        "next_updates": at(rows["updates"], first, 0),
        "answers": answers,
        "after": after,
        "total": moved_before(accepted, begin, old),
        "drop": np.where(answers & (cut > 0), peak - at(rows["acc_exp"], first, 99), 0),
    }
    one = np.zeros(len(begin), np.int64)  # resets of a test follow on each other across epochs
    columns["cuts_again"] = streak((cut > 0) & (after >= 8), one)
    columns["full_again"] = streak((held >= 13) & (after >= 8), one)
    columns["climbs_again"] = streak((columns["drop"] > 0) & (columns["next_updates"] >= 4), one)
    columns["rows_dropped_again"] = streak((held - cut >= 9) & (cut >= 4) & (after >= 16), one)
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def open_peaks(accepted: Transfers, last: IntColumn, cut: IntColumn) -> IntColumn:
    """(k,) the greatest n of the `cut` beats up to number `last`; -99 if there is none."""
    if not len(accepted):
        return np.full(len(cut), -99, np.int64)
    powers = exponentials(accepted.columns["m"].reshape(-1, 2), accepted.columns["e"]).n.max(axis=1)
    pairs = zip(last.tolist(), cut.tolist(), strict=True)
    return np.array([powers[end - size + 1 : end + 1].max() if size else -99 for end, size in pairs], np.int64)

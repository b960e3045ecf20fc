"""Reference model of ``kv_pack_hard``: that of ``kv_pack``, and tables of what lasted and what came of it.

Arithmetic and outputs are those of the part. The tables here hold facts that need many groups, or several ports: what a
flush meets, what was owed, how long a condition held, what a residual or a reset left behind for the next group.
"""

from __future__ import annotations

import numpy as np

from dv_agent.designs.composition.part_models import part_model
from dv_agent.designs.composition.port_history import (
    at,
    first_of,
    met,
    moved_before,
    ordinal,
    restart_rows,
    seen,
    streak,
    waits,
    window_columns,
)
from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.packet_columns import NONE, previous
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

PACK = part_model("kv_pack")
WINDOW = 512
CHANNELS = 8
QUIET, STALLED, MOVED, ENDED = range(4)  # what the output does in a cycle
Columns = dict[str, IntColumn]


def observe(trace: Trace) -> Observation:
    """Return what the part owes, and the tables.

    ``group``, ``line``, ``element`` and ``flush`` are those of the part, some with more columns. ``left``: a row a
    word, in the cycle in which it is taken. ``window``: a row for 512 cycles. ``restart``: a row a reset after the
    initial one, in the cycle before it.
    """
    part = PACK.observe(trace)
    outs = seen(trace, "w")
    groups, words = dict(part.tables["group"].columns), dict(part.tables["word"].columns)
    flushes, lines = dict(part.tables["flush"].columns), dict(part.tables["line"].columns)
    groups |= group_columns(trace, outs, groups, words, lines)
    flushes |= flush_columns(trace, outs, flushes)
    tables = {
        "group": Table(groups),
        "line": part.tables["line"],
        "element": part.tables["element"],
        "flush": Table(flushes),
        "left": Table(left_columns(trace, outs, words, groups)),
        "window": Table(windows(trace)),
        "restart": Table(restarts(trace, outs, groups, words, flushes)),
    }
    return Observation(expected=part.expected, tables=tables, levels=part.levels)


def as_events(columns: Columns) -> Transfers:
    """Return rows of a table as transfers without payload, in cycle order."""
    order = np.argsort(columns["cycle"], kind="stable")
    return Transfers(columns["cycle"][order], columns["epoch"][order], {}, np.zeros(len(order), np.bool_))


def per_group(values: BoolColumn, lines: Columns, groups: int) -> IntColumn:
    """(groups,) how many lines of each group fulfil a condition."""
    return np.bincount(lines["group"], weights=values, minlength=groups).astype(np.int64)


def extremes(lines: Columns, groups: int) -> tuple[IntColumn, IntColumn]:
    """(groups, 8) least and greatest element of each channel of complete channel groups; 1000 and -1000 elsewhere."""
    low, high = np.full((groups, CHANNELS), 1000), np.full((groups, CHANNELS), -1000)
    own = lines["gran"] == 0
    low[lines["group"][own], lines["channel"][own]] = lines["low"][own]
    high[lines["group"][own], lines["channel"][own]] = lines["high"][own]
    return low.astype(np.int64), high.astype(np.int64)


def token_extremes(trace: Trace, groups: Columns) -> tuple[IntColumn, IntColumn]:
    """(groups, 8) least and greatest element of each channel over all tokens of each group, of residuals too."""
    tokens, count = trace.accepted["tok"], groups["count"]
    if not len(count):
        return np.zeros((0, CHANNELS), np.int64), np.zeros((0, CHANNELS), np.int64)
    x = tokens.columns["x"].reshape(-1, CHANNELS)
    first = np.searchsorted(tokens.cycle, groups["first_cycle"])
    bounds = np.stack([first, first + count], axis=1).ravel()
    padded = np.concatenate([x, x[-1:]])
    return np.minimum.reduceat(padded, bounds)[::2], np.maximum.reduceat(padded, bounds)[::2]


def group_columns(trace: Trace, outs: Transfers, groups: Columns, words: Columns, lines: Columns) -> Columns:
    """Each closed group: what is owed, what leaves as it closes, and for how many groups each condition has held."""
    k, epoch, cycle = len(groups["cycle"]), groups["epoch"], groups["cycle"]
    mode, count = groups["mode"], groups["count"]
    whole, by_channel = groups["residual"] == 0, groups["gran"] == 0
    low, high = token_extremes(trace, groups)
    inside = np.zeros(k, np.bool_)
    if k:
        stale = groups["prev_residual"][1:] == 1
        narrower = ((low[1:] > low[:-1]) & (high[1:] < high[:-1])).all(axis=1)
        inside[1:] = stale & narrower & (whole & by_channel)[1:] & (epoch[1:] == epoch[:-1])
    conditions = {
        "ended_whole": whole & by_channel & (groups["end_wait"] == 0),
        "ended_late": whole & (groups["end_wait"] > 0),
        "ones": ~whole & (count == 1),
        "fifteens": ~whole & (count == 15),
        "constant": groups["constants"] == CHANNELS,
        "turns": (mode == (groups["prev_mode"] + 1) % 4) & (groups["prev_mode"] >= 0) & whole,
        "tokens": whole & ~by_channel,
        "ended_tokens": whole & ~by_channel & (groups["end_wait"] == 0),
        "wide": whole & (mode == 0),
        "narrow": whole & (mode == 1),
        "extreme": whole & by_channel & (per_group(lines["range"] == 255, lines, k) == CHANNELS),
        "unit": whole & by_channel & (per_group(lines["range"] == 1, lines, k) == CHANNELS),
    }
    columns = {name: streak(mask, epoch) for name, mask in conditions.items()}
    index = met(outs, cycle)
    closed = as_events(words)
    columns |= {
        "inside": inside.astype(np.int64),
        "inside_again": streak(inside | (~whole & (count >= 2)), epoch),
        "owed": moved_before(closed, cycle, epoch) - moved_before(outs, cycle, epoch),
        "w_kind": np.where(index == NONE, NONE, at(outs.columns["kind"], index)) if len(outs) else np.full(k, NONE),
        "w_last": np.where(index == NONE, NONE, at(outs.columns["last"], index)) if len(outs) else np.full(k, NONE),
        "buffer": ordinal(epoch) % 2,
        "w_final": final_words(outs, words)[index] * (index != NONE) if len(outs) else 0 * count,
        "prev_kind": np.where(groups["prev_mode"] == NONE, NONE, groups["prev_mode"] + 4 * groups["prev_residual"]),
    }
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def final_words(outs: Transfers, words: Columns) -> IntColumn:
    """(m,) whether each delivered word is the last one of its group, an END word behind it left aside."""
    group, kind = words["group"], words["kind"]
    final = np.ones(len(group), np.int64)
    final[:-1] = (group[1:] != group[:-1]) | (kind[1:] == 3)
    final[kind == 3] = 0
    index = np.searchsorted(words["epoch"], outs.epoch) + ordinal(outs.epoch)
    return at(final, index, 0)


def flush_columns(trace: Trace, outs: Transfers, flushes: Columns) -> Columns:
    """Each flush: what both streams do in its cycle, and for how many flushes on end they did it together."""
    cycle, epoch = flushes["cycle"], flushes["epoch"]
    if "w_valid" not in trace.signals:
        names = ("token", "output", "thrice", "blocked", "again", "useless")
        return dict.fromkeys(names, np.zeros(len(cycle), np.int64))
    pin = {name: trace.signals[name][cycle] != 0 for name in ("tok_valid", "tok_ready", "w_valid", "w_ready", "w_last")}
    token = np.select([pin["tok_valid"] & pin["tok_ready"], pin["tok_valid"]], [2, 1], 0)
    moves = pin["w_valid"] & pin["w_ready"]
    output = np.select([moves & pin["w_last"], moves, pin["w_valid"]], [ENDED, MOVED, STALLED], QUIET)
    effect = flushes["effect"]
    columns = {
        "token": token,
        "output": output,
        "thrice": streak((effect > 0) & (token == 2) & (output == ENDED), epoch),
        "blocked": streak((effect > 0) & (token == 1), epoch),
        "again": streak(effect == 2, epoch),
        "useless": streak(effect == 0, epoch),
    }
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def left_columns(trace: Trace, outs: Transfers, words: Columns, groups: Columns) -> Columns:
    """Each delivered word: what it is, how long it waited, and for how many words on end each condition has held."""
    epoch = words["epoch"]
    index = np.searchsorted(epoch, outs.epoch) + ordinal(outs.epoch)
    known = index < np.searchsorted(epoch, outs.epoch, side="right")
    index, cycle, own = index[known], outs.cycle[known], outs.epoch[known]
    stall, spacing = waits(trace, "w", cycle), cycle - previous(cycle, own, 0)
    kind, group = words["kind"][index], words["group"][index]
    accepted, closed = trace.accepted["tok"], as_events(words)
    columns = {
        "cycle": cycle,
        "epoch": own,
        "stall": stall,
        "spacing": spacing,
        "kind": kind,
        "last": words["last"][index],
        "mode": groups["mode"][group] + 4 * groups["residual"][group],
        "age": cycle - words["cycle"][index],
        "owed": moved_before(closed, cycle, own) - moved_before(outs, cycle, own),
        "taken": moved_before(accepted, cycle, own),
        "tok_waits": waits(trace, "tok", cycle),
    }
    columns["burst"] = np.where(spacing == 1, kind, 8 + kind)
    columns["dragging"] = streak(stall >= 20, own)
    columns["in_step"] = streak(stall == 1, own)
    columns["old"] = streak(columns["age"] >= 600, own)
    columns["flowing"] = streak((stall == 0) & (spacing <= 8), own)
    begun = np.arange(len(own), dtype=np.int64) - columns["flowing"]
    columns["recovered"] = np.where(at(columns["dragging"], begun) >= 30, columns["flowing"], 0)
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def windows(trace: Trace) -> Columns:
    """Each window: transfers, flushes, and cycles in which something was offered and not taken."""
    if "w_valid" not in trace.signals:
        names = ("cycle", "epoch", "number", "taken", "given", "flushed", "tok_waits", "w_waits", "even")
        return dict.fromkeys(names, np.zeros(0, np.int64))
    pins = {name: trace.signals[name] != 0 for name in ("tok_valid", "tok_ready", "w_valid", "w_ready", "flush")}
    events = {
        "taken": pins["tok_valid"] & pins["tok_ready"],
        "given": pins["w_valid"] & pins["w_ready"],
        "tok_waits": pins["tok_valid"] & ~pins["tok_ready"],
        "w_waits": pins["w_valid"] & ~pins["w_ready"],
        "flushed": pins["flush"],
    }
    columns = window_columns(trace, WINDOW, events)
    epoch, given = columns["epoch"], columns["given"]
    even = (given == previous(given, epoch)) & (columns["w_waits"] >= 103) & (columns["tok_waits"] >= 103)
    return columns | {"even": streak(even & (given > 0), epoch)}


def restarts(trace: Trace, outs: Transfers, groups: Columns, words: Columns, flushes: Columns) -> Columns:
    """Each reset: what it cut, for how long that had stood, and the first group behind it."""
    accepted, closed = trace.accepted["tok"], as_events(words)
    begin = restart_rows(trace)
    before = np.maximum(begin - 1, 0)
    old, new = trace.epoch[before], trace.epoch[begin]
    taken = moved_before(accepted, begin, old)
    in_groups = np.zeros(len(begin), np.int64)
    if len(groups["epoch"]):
        in_groups = np.array([groups["count"][groups["epoch"] == one].sum() for one in old.tolist()], np.int64)
    cut = taken - in_groups
    last = np.searchsorted(accepted.cycle, begin) - 1
    last_in = np.where(at(accepted.epoch, last) == old, at(accepted.cycle, last), NONE)
    first = first_of(groups["epoch"], new)
    after = outs.epoch.searchsorted(new, "right") - outs.epoch.searchsorted(new)
    first_flush = first_of(flushes["epoch"], new)
    first_token = first_of(accepted.epoch, new)
    flush_cycle, token_cycle = at(flushes["cycle"], first_flush), at(accepted.cycle, first_token, 1 << 40)
    owed = moved_before(closed, begin, old) - moved_before(outs, begin, old)
    columns = {
        "cycle": before,
        "epoch": old,
        "cut": cut,
        "owed": owed,
        "since": np.where(last_in == NONE, NONE, begin - last_in),
        "groups": np.array([(groups["epoch"] == one).sum() for one in old.tolist()], np.int64),
        "next_mode": np.where(first == NONE, NONE, at(groups["mode"] + 4 * groups["residual"], first)),
        "early_flush": (first_flush != NONE) & (flush_cycle < token_cycle) & (after >= 1),
        "after": after,
        "inside": narrower_than_cut(trace, groups, last, cut, first) & (after >= 24),
        "total": taken,
    }
    one = np.zeros(len(begin), np.int64)  # resets of a test follow on each other across epochs
    columns["cuts_again"] = streak((cut >= 8) & (owed > 0) & (after >= 8), one)
    columns["inside_again"] = streak(columns["inside"], one)
    columns["full_again"] = streak((owed >= 48) & (after >= 16), one)
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def narrower_than_cut(trace: Trace, groups: Columns, last: IntColumn, cut: IntColumn, first: IntColumn) -> BoolColumn:
    """(k,) whether in each channel the first group behind a reset, a whole channel group, lies within what was cut."""
    accepted = trace.accepted["tok"]
    found = np.zeros(len(cut), np.bool_)
    x = accepted.columns["x"].reshape(-1, CHANNELS) if len(accepted) else np.zeros((0, CHANNELS), np.int64)
    for row, (end, size, group) in enumerate(zip(last.tolist(), cut.tolist(), first.tolist(), strict=True)):
        if size <= 0 or group == NONE or groups["gran"][group] or groups["residual"][group]:
            continue
        old = x[end - size + 1 : end + 1]
        start = int(np.searchsorted(accepted.cycle, groups["first_cycle"][group]))
        new = x[start : start + 16]
        found[row] = bool(((new.min(0) > old.min(0)) & (new.max(0) < old.max(0))).all())
    return found

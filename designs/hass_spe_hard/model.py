"""Reference model of ``hass_spe_hard``: that of ``hass_spe``, and tables of what met, lasted and followed.

Arithmetic and outputs are those of the part. The tables here hold facts about the neighbours of all three ports: how
late each is, for how many windows it stays so, what happens in the cycle in which a window ends, what a reset left.
"""

from __future__ import annotations

import numpy as np

from dv_agent.designs.composition.neighbours import (
    different,
    lags,
    moves_in,
    restarts_of,
    rows_as_events,
    runs,
    shared_value,
    stream_windows,
    unlike,
)
from dv_agent.designs.composition.part_models import part_model
from dv_agent.designs.composition.port_history import (
    at,
    cut_places,
    delivered,
    met,
    moved_before,
    ordinal,
    seen,
    streak,
    waits,
)
from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.packet_columns import NONE, begins_packet, previous, select
from dv_agent.designs.trace import IntColumn, Trace, Transfers

SPE = part_model("hass_spe")
WINDOW = 256
SINKS = (0, 2, 9)  # cycles that a sink in step is late
SOURCES = 3  # a source in step is 0, 1 or 2 cycles late
BRIEF, LONG = 4, 12  # arbitration cycles of windows that turn
UPPER, LOWER = 524287, -524288
Columns = dict[str, IntColumn]


def observe(trace: Trace) -> Observation:
    """Return what the part owes, and the tables.

    ``beat``: a row an accepted beat. ``write``: a row a write. ``window``: a row a complete window, in the cycle of its
    last beat. ``left``: a row a result, in the cycle in which it is taken. ``balance``: a row for 256 cycles.
    ``restart``: a row a reset after the initial one, in the cycle before it.
    """
    part = SPE.observe(trace)
    given = {name: dict(table.columns) for name, table in part.tables.items()}
    windows = window_columns(trace, given)
    left = left_columns(trace, windows)
    tables = {
        "beat": beat_columns(trace),
        "write": write_columns(trace, given["write"]),
        "window": windows,
        "left": left,
        "balance": balance_columns(trace),
        "restart": restart_columns(trace, windows, left),
    }
    exact = {name: {key: np.asarray(one, np.int64) for key, one in table.items()} for name, table in tables.items()}
    return Observation(expected=part.expected, tables={name: Table(columns) for name, columns in exact.items()})


def beat_columns(trace: Trace) -> Columns:
    """Each accepted beat: how late it was, and for how many beats on end each condition has held."""
    beats = trace.accepted["in"]
    late, waited = lags(trace, "in", beats.cycle), waits(trace, "in", beats.cycle)
    return {
        "cycle": beats.cycle,
        "epoch": beats.epoch,
        "starved": streak(late >= 20, beats.epoch),
        "held": streak((waited == 26) | (waited == 27), beats.epoch),
        "held_thrice": streak(waited == 3, beats.epoch),
    }


def write_columns(trace: Trace, writes: Columns) -> Columns:
    """Each write: what it changes, what both streams do in its cycle, for how many cycles on end so."""
    cycle, epoch = writes["cycle"], writes["epoch"]
    beats = trace.accepted["in"]
    index = met(beats, cycle)
    first = begins_packet(beats.columns["last"], beats.epoch)
    kind = 2 * at(first.astype(np.int64), index, 0) + at(beats.columns["last"], index, 0)
    changes = changed(writes)
    return {
        "cycle": cycle,
        "epoch": epoch,
        "changes": changes,
        "beat": np.where(index == NONE, NONE, kind),
        "result": moves_in(seen(trace, "out"), cycle),
        "storm": streak(np.asarray(cycle - previous(cycle, epoch, 0) == 1) & (changes > 0), epoch),
    }


def changed(writes: Columns) -> IntColumn:
    """(n,) 1 if a write changes a threshold, 2 if it changes skip_zero, 3 if both, 0 if nothing."""
    thresholds = (writes["tau_a"] != writes["old_tau_a"]) | (writes["tau_w"] != writes["old_tau_w"])
    return np.asarray(thresholds + 2 * (writes["skip_zero"] != writes["old_skip_zero"]), np.int64)


def window_columns(trace: Trace, given: dict[str, Columns]) -> Columns:
    """Each complete window, in the cycle of its last beat: its shape, its pace, what else happens, for how long so."""
    windows, beats, writes = given["window"], given["beat"], given["write"]
    cycle, epoch, count = windows["cycle"], windows["epoch"], len(windows["cycle"])
    result, write = moves_in(seen(trace, "out"), cycle), met(trace.accepted["cfg"], cycle)
    ends = np.flatnonzero(beats["last"] == 1)
    shape = shapes(windows)
    both = result & moves_in(lone_writes(trace), cycle)
    valid = trace.signals.get("out_valid")
    waiting = np.zeros(count, np.bool_) if valid is None else (valid[cycle] != 0) & ~result
    owed = ordinal(epoch) - moved_before(seen(trace, "out"), cycle, epoch)
    void = streak(windows["nnz"] == 0, epoch)
    side, total = windows["side"], windows["total"]
    return windows | {
        "shape": shape,
        "late": shared_value(lags(trace, "in", beats["cycle"]), beats["window"], count),
        "pace": pace_of_writes(trace, windows, writes),
        "last_kind": np.where(beats["nnz"][ends] > 0, 0, 1 + windows["skip_zero"]),
        "result": np.where(result, 2, waiting),
        "write": np.where(write == NONE, 0, at(changed(writes), write)),
        "waited": waits(trace, "in", cycle),
        "owed": owed,
        "thrice": np.where(shape == NONE, 0, runs(np.where(both, shape, NONE), epoch).length * both),
        "above": streak(side == 1, epoch),
        "below": streak(side == -1, epoch),
        "in_turn": streak((side != 0) & (side == -windows["prev_side"]), epoch),
        "exact": streak((side == 0) & ((total == UPPER) | (total == LOWER)), epoch),
        "ordered": streak(windows["sum"] != windows["sum_from_lane_0"], epoch),
        "full": streak(windows["nnz"] == 64, epoch),
        "voids": void,
        "voids_before": previous(void, epoch, 0),
        "differs": windows["sum"] != windows["sum_from_lane_0"],
        "pulled_back": pulled_back(given),
    }


def pulled_back(given: dict[str, Columns]) -> IntColumn:
    """(k,) 1 for a window that stays in range, although the first product alone of some step would lead out of it."""
    steps, beats, count = given["step"], given["beat"], len(given["window"]["cycle"])
    alone = steps["before"] + steps["p0"]
    out = ((alone > UPPER) | (alone < LOWER)) & (steps["stuck"] == 0)
    window = at(beats["window"], np.searchsorted(beats["cycle"], steps["cycle"]))
    found = np.bincount(window[out], minlength=count) > 0 if len(window) else np.zeros(count, np.bool_)
    return np.asarray(found & (given["window"]["side"] == 0), np.int64)


def lone_writes(trace: Trace) -> Transfers:
    """Return the writes of a trace with none in the cycle before and none in the cycle behind."""
    writes = trace.accepted["cfg"]
    gap = np.diff(writes.cycle, prepend=NONE - 1, append=trace.cycles + 1)
    return select(writes, (gap[:-1] > 1) & (gap[1:] > 1))


def shapes(windows: Columns) -> IntColumn:
    """(k,) 0 a window of 64 pairs, 1 several beats without a pair, 2 a single beat, 3 one that turns, `NONE` else.

    A window turns, and that goes first, if it has at most 4 arbitration cycles behind one of at least 12 or the
    reverse, ends with a zero beat, and has another number of beats than each of the three windows before.
    """
    cycles, length, epoch = windows["cycles"], windows["length"], windows["epoch"]
    before = previous(cycles, epoch, BRIEF + 1)
    flips = ((cycles <= BRIEF) & (before >= LONG)) | ((cycles >= LONG) & (before <= BRIEF))
    turns = flips & (windows["zero_last"] == 1) & unlike(length, epoch, 3)
    known = [turns, windows["nnz"] == 64, (windows["nnz"] == 0) & (length > 1), length == 1]
    return np.select([np.asarray(one, np.bool_) for one in known], [3, 0, 1, 2], NONE)


def pace_of_writes(trace: Trace, windows: Columns, writes: Columns) -> IntColumn:
    """(k,) how the configuration was written from a window's first beat on, until that of the next window.

    0 not at all, 1 once, in the cycle of the first beat, 2 once, in the cycle behind it, both a change of skip_zero;
    else `NONE`.
    """
    beats = trace.accepted["in"]
    starts = beats.cycle[begins_packet(beats.columns["last"], beats.epoch)]
    first = windows["first_cycle"]
    behind = np.searchsorted(starts, first, side="right")
    until = at(starts, behind, trace.cycles)
    begin = np.searchsorted(writes["cycle"], first)
    number = np.searchsorted(writes["cycle"], until) - begin
    same = at(writes["epoch"], begin) == windows["epoch"]
    switches = (number == 1) & same & (at(changed(writes), begin, 0) >= 2)
    offset = np.where(switches, at(writes["cycle"], begin) - first, 2)
    return np.select([number == 0, offset == 0, offset == 1], [0, 1, 2], NONE).astype(np.int64)


def left_columns(trace: Trace, windows: Columns) -> Columns:
    """Each delivered result: its window, its neighbours' pace, what met it, for how many results on end so."""
    outs = seen(trace, "out")
    index = delivered(outs, windows["epoch"])
    own = np.flatnonzero(index != NONE)
    cycle, epoch = outs.cycle[index[own]], windows["epoch"][own]
    stall = waits(trace, "out", cycle)
    a, c, shape = (windows[name][own] for name in ("late", "pace", "shape"))
    o = np.select([stall == one for one in SINKS], range(len(SINKS)), NONE)
    code = np.where((a >= 0) & (a < SOURCES) & (c != NONE) & (o != NONE), 9 * a + 3 * c + o, NONE)
    kind = np.where((code == NONE) | (shape == NONE), NONE, 27 * shape + code)
    run = runs(kind, epoch)
    beats = trace.accepted["in"]
    beat = met(beats, cycle)
    side, total = windows["side"][own], windows["total"][own]
    exact = (side == 0) & ((total == UPPER) | (total == LOWER))
    flowing = streak(stall == 0, epoch)
    dragging = streak((stall >= 20) & (stall <= 24), epoch)
    age = cycle - windows["cycle"][own]
    begun = np.arange(len(own), dtype=np.int64) - flowing
    slow = np.where(at(epoch, begun) == epoch, at(dragging, begun, 0), 0)
    none = kind == NONE
    return {
        "cycle": cycle,
        "epoch": epoch,
        "shape": shape,
        "code": code,
        "run": np.where(none, 0, run.length),
        "walked": np.where(none, 0, different(65 * windows["length"][own] + windows["nnz"][own], run.length)),
        "code_before": np.where(run.before == NONE, NONE, run.before % 27),
        "shape_before": np.where(run.before == NONE, NONE, run.before // 27),
        "run_before": np.where(run.before == NONE, 0, run.length_before),
        "extreme": np.select([side == 1, side == -1, exact, windows["pulled_back"][own] == 1], [1, 2, 3, 4], 0),
        "beat": np.where(beat == NONE, 0, 1 + at(beats.columns["last"], beat)),
        "write": moves_in(trace.accepted["cfg"], cycle),
        "threes": streak((beat != NONE) & moves_in(lone_writes(trace), cycle), epoch),
        "owed": moved_before(rows_as_events(windows), cycle, epoch) - ordinal(epoch),
        "old": streak((age >= 210) & (windows["last_kind"][own] == 2), epoch),
        "dragging": dragging,
        "recovered": np.where(slow >= 40, flowing, 0),
    }


def balance_columns(trace: Trace) -> Columns:
    """Each 256 cycles: how both streams fared, and for how many such stretches on end nothing moved at all."""
    columns = stream_windows(trace, WINDOW, ("in", "out"))
    stuck = (columns["in_waits"] == WINDOW) & (columns["out_waits"] == WINDOW)
    return columns | {"stuck": streak(stuck, columns["epoch"])}


def restart_columns(trace: Trace, windows: Columns, left: Columns) -> Columns:
    """Each reset: what happened in the cycle before it, what it cut, how its neighbours had been, and what followed."""
    found, outs, beats = restarts_of(trace), seen(trace, "out"), trace.accepted["in"]
    moves = sum(
        value * moves_in(events, found.cycle) for value, events in ((1, beats), (2, lone_writes(trace)), (4, outs))
    )
    last, last_left = found.last_before(windows["epoch"]), found.last_before(left["epoch"])
    first, after = found.first_behind(windows["epoch"]), found.count_behind(outs.epoch)
    owed = moved_before(rows_as_events(windows), found.begin, found.old) - moved_before(outs, found.begin, found.old)
    cut = cut_places(beats, found.old)
    dropped = at(windows["dropped_tau_a"], first, 0) + at(windows["dropped_skip_zero"], first, 0)
    columns = {
        "cycle": found.cycle,
        "epoch": found.old,
        "moves": moves,
        "cut": cut,
        "owed": owed,
        "windows": np.where(last == NONE, 0, last - np.searchsorted(windows["epoch"], found.old) + 1),
        "since": np.where(last == NONE, NONE, found.begin - at(windows["cycle"], last)),
        "old_nnz": at(windows["nnz"], last, 0),
        "code": at(left["code"], last_left),
        "shape": at(left["shape"], last_left),
        "run": at(left["run"], last_left, 0),
        "stale": dropped > 0,
        "bare": (at(windows["tau_a"], first, 1) + at(windows["skip_zero"], first, 1) == 0)
        & (at(windows["zero_beats"], first, 0) > 0)
        & (at(windows["nnz"], first, 0) > 0),
        "after": after,
    }
    one = np.zeros(len(found.begin), np.int64)  # resets of a test follow on each other across epochs
    columns["all_again"] = streak(np.asarray((columns["moves"] == 7) & (cut > 0) & (after >= 2)), one)
    return columns

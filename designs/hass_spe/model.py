"""Reference model of ``hass_spe``: a bit-exact fold over the accepted beats and writes.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n beats of complete windows, k complete windows, 8 lanes, s steps
with a grant. All arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import (
    NONE,
    Packets,
    begins_epoch,
    begins_packet,
    complete_mask,
    find_packets,
    idle_before,
    previous,
    select,
)
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

LANES = 8
SUM_MAX, SUM_MIN = 524287, -524288
FIELDS = ("tau_a", "tau_w", "skip_zero")  # of the configuration, all 0 after reset


def lane_order(mask: int, pointer: int) -> list[int]:
    """Steps 4 to 6: the lanes of `mask` as they are granted, beginning at `pointer`."""
    lanes = [(pointer + offset) % LANES for offset in range(LANES)]
    return [lane for lane in lanes if mask >> lane & 1]


# NEXT[pointer][mask]: the pointer after a beat. The lane after the last grant; a zero beat leaves it.
NEXT = [[(lane_order(mask, p)[-1] + 1) % LANES if mask else p for mask in range(256)] for p in range(LANES)]
EMPTY, PAIRS, ZERO_BEAT, SKIP, MERGE, LONE_END = range(6)  # dbg_front
IDLE, MORE, LAST, ZERO, END = range(5)  # dbg_state
QUEUE_PLACES = 4
OBSERVED = ("dbg_state", "dbg_pointer", "dbg_pending", "dbg_front", "dbg_hold", "dbg_queue_level")


@dataclass(frozen=True, slots=True)
class Beats:
    """The accepted beats of complete windows, in order."""

    cycle: IntColumn  # (n,)
    epoch: IntColumn  # (n,)
    a: IntColumn  # (n, 8)
    w: IntColumn  # (n, 8)
    last: IntColumn  # (n,)


@dataclass(frozen=True, slots=True)
class Filtered:
    """Section 3.1, with the configuration of the beat's window."""

    config: dict[str, IntColumn]  # field -> (n,)
    keep_a: BoolColumn  # (n, 8)
    keep_w: BoolColumn  # (n, 8)
    keep: BoolColumn  # (n, 8)
    nnz: IntColumn  # (n,)
    steps: IntColumn  # (n,) arbitration cycles


@dataclass(frozen=True, slots=True)
class Grants:
    """Section 3.2 and the products; grant j of a beat belongs to its step j // 2."""

    pointer: IntColumn  # (n,) before the beat
    lane: IntColumn  # (n, 8) in the order of the grants; only the first nnz are grants
    product: IntColumn  # (n, 8) 0 where there is no grant


@dataclass(frozen=True, slots=True)
class Sums:
    """Section 3.3; `before` and `after` are exact sums of the window, without saturation."""

    before: IntColumn  # (n, 4) before each step
    after: IntColumn  # (n, 4) after each step
    out: IntColumn  # (n, 4) 1 above the range, -1 below, 0 within, after each step
    first_out: IntColumn  # (k,) index of the first step out of range in the (n, 4) steps, NONE without one
    side: IntColumn  # (k,) side on which that is: 1, -1, or 0 without one
    sum: IntColumn  # (k,) saturated


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about the complete windows."""

    beats: Beats
    windows: Packets
    filtered: Filtered
    grants: Grants
    sums: Sums


def observe(trace: Trace) -> Observation:
    """Fold one trace: the results that the design owes, and raw facts about them.

    Tables: ``lane`` (one row a lane of a beat), ``step`` (one a step with a grant), ``beat``, ``window``, all about
    complete windows only; ``write`` (one row a write of the configuration). ``cycle`` is the cycle in which
    the (last) beat concerned was accepted.
    """
    accepted, writes = trace.accepted["in"], trace.accepted["cfg"]
    beats = select_beats(accepted, complete_mask(accepted.columns["last"], accepted.epoch))
    windows = find_packets(beats.last)
    filtered = filter_lanes(beats, window_config(beats, windows, writes))
    grants = arbitrate(beats, filtered, np.zeros(len(beats.cycle), np.bool_))
    facts = Facts(beats, windows, filtered, grants, accumulate(grants.product, windows))
    tables = {
        "lane": lane_table(facts),
        "step": step_table(facts),
        "beat": beat_table(facts),
        "window": window_table(facts, writes),
        "write": write_table(writes, accepted),
    }
    return Observation(expected={"out": expected_results(facts)}, tables=tables, levels=levels(trace))


def expected_results(facts: Facts) -> Expected:
    """One result for each complete window; caused by its last beat."""
    windows, filtered = facts.windows, facts.filtered
    columns = {
        "sum": facts.sums.sum,
        "nnz": windows.fold(np.add, filtered.nnz),
        "cycles": windows.fold(np.add, filtered.steps),
    }
    end = windows.end
    return Expected(epoch=facts.beats.epoch[end], columns=columns, cause_cycle=facts.beats.cycle[end])


# --- Windows and configuration ---------------------------------------------------------------


def select_beats(accepted: Transfers, keep: BoolColumn) -> Beats:
    """The beats of complete windows as int64 columns."""
    kept = select(accepted, keep)
    return Beats(
        cycle=kept.cycle,
        epoch=kept.epoch,
        a=kept.columns["a"].reshape(-1, LANES),
        w=kept.columns["w"].reshape(-1, LANES),
        last=kept.columns["last"],
    )


def config_before(writes: Transfers, cycle: IntColumn, epoch: IntColumn) -> dict[str, IntColumn]:
    """Each field as it stands at the beginning of the given cycles: a write counts from the next cycle on."""
    row = np.searchsorted(writes.cycle, cycle, side="left") - 1
    known = row >= 0
    # A reset sets the fields to 0.
    known[known] = writes.epoch[row[known]] == epoch[known]
    values = {name: np.zeros(len(cycle), np.int64) for name in FIELDS}
    for name in FIELDS:
        values[name][known] = writes.columns[name][row[known]]
    return values


def window_config(beats: Beats, windows: Packets, writes: Transfers) -> dict[str, IntColumn]:
    """(n,) each field as the first beat of the window sampled it."""
    sampled = config_before(writes, beats.cycle[windows.start], beats.epoch[windows.start])
    return {name: values[windows.of_beat] for name, values in sampled.items()}


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    beats, window, filtered, grants = all_beats(trace.accepted["in"], trace.accepted["cfg"])

    def of(values: IntColumn, beat: IntColumn) -> IntColumn:
        return at.nth(values, beats.epoch, beat)

    state, pointer, pending, front, _, queue = (at.pin(name) for name in OBSERVED)
    held, taken = at.high("dbg_hold"), at.moved("in")
    newest = at.count(taken) - 1  # the beat in the front register, if there is one
    step = (state != IDLE) & ~held
    last_step = step & (state != MORE)
    moves = np.isin(front, (PAIRS, ZERO_BEAT, LONE_END)) & ((state == IDLE) | last_step)
    leaves = moves | (front == SKIP) | (front == MERGE)
    beat = at.held(moves, newest)  # the beat in the grant stage, if there is one
    pairs, skips = of(filtered.nnz, beat), of(filtered.config["skip_zero"], newest) == 1
    merged = at.flag(front == MERGE, moves) | (front == MERGE)
    ends = at.after(held | (last_step & (merged | (of(beats.last, beat) == 1)))) == 1  # what is in the product register
    occupied, waits = at.after(moves | ((state != IDLE) & ~last_step)) == 1, ends & (queue == QUEUE_PLACES)
    granted = np.minimum(pairs - pending + 2, pairs)
    lanes = [of(grants.lane[:, j], beat) for j in range(LANES)]
    lane = np.select([granted == j + 1 for j in range(LANES)], lanes, 0)
    same = occupied & (of(window, newest) == of(window, beat))
    end_kind = np.where(same, MERGE, LONE_END)
    kind = np.where(~skips, ZERO_BEAT, np.where(of(beats.last, newest) == 1, end_kind, SKIP))
    kind = np.where(of(filtered.nnz, newest) > 0, PAIRS, kind)
    zero_kind = np.where(of(filtered.config["skip_zero"], beat) == 1, END, ZERO)
    stage = np.select([pending > 2, pending > 0], [MORE, LAST], zero_kind)
    return {
        "dbg_state": np.where(occupied, stage, IDLE),
        "dbg_pointer": at.after(np.where(step & (pending > 0), (lane + 1) % LANES, pointer)),
        "dbg_pending": at.after(np.where(moves, of(filtered.nnz, newest), np.maximum(pending - 2 * step, 0))),
        "dbg_front": np.where(at.after(taken | ((front != EMPTY) & ~leaves)) == 1, kind, EMPTY),
        "dbg_hold": waits.astype(np.int64),
        "dbg_queue_level": at.count(ends & ~waits, at.moved("out")),
        "in_ready": ((front == EMPTY) | leaves).astype(np.int64),
        "out_valid": (queue > 0).astype(np.int64),
    }


def all_beats(accepted: Transfers, writes: Transfers) -> tuple[Beats, IntColumn, Filtered, Grants]:
    """All accepted beats, those of windows that never end as well, and the window of each."""
    beats = select_beats(accepted, np.ones(len(accepted), np.bool_))
    begins = begins_packet(beats.last, beats.epoch)
    start, window = np.flatnonzero(begins), np.cumsum(begins) - 1
    sampled = config_before(writes, beats.cycle[start], beats.epoch[start])
    filtered = filter_lanes(beats, {name: values[window] for name, values in sampled.items()})
    return beats, window, filtered, arbitrate(beats, filtered, np.zeros(len(accepted), np.bool_))


# --- Arithmetic ------------------------------------------------------------------------------


def filter_lanes(beats: Beats, config: dict[str, IntColumn]) -> Filtered:
    """Steps 1 to 3, and the number of steps of each beat (6 and 7)."""
    keep_a = beats.a > config["tau_a"][:, None]
    keep_w = (np.abs(beats.w) >= config["tau_w"][:, None]) & (beats.w != 0)
    keep = keep_a & keep_w
    nnz = np.asarray(keep.sum(axis=1), dtype=np.int64)
    steps = np.where(nnz == 0, 1 - config["skip_zero"], (nnz + 1) >> 1)
    return Filtered(config=config, keep_a=keep_a, keep_w=keep_w, keep=keep, nnz=nnz, steps=steps)


def arbitrate(beats: Beats, filtered: Filtered, restart: BoolColumn) -> Grants:
    """Steps 4 to 7. Args: restart (n,) beats before which the pointer goes back to 0, besides the resets."""
    masks = (filtered.keep.astype(np.int64) << np.arange(LANES)).sum(axis=1)
    fresh = restart | begins_epoch(beats.epoch)
    pointers, pointer = [], 0
    for mask, reset in zip(masks.tolist(), fresh.tolist(), strict=True):
        pointer = 0 if reset else pointer
        pointers.append(pointer)
        pointer = NEXT[pointer][mask]
    before = np.array(pointers, dtype=np.int64)
    # Grants go round from the pointer; lanes without a pair come behind all others.
    turn = (np.arange(LANES) - before[:, None]) % LANES
    lane = np.argsort(np.where(filtered.keep, turn, LANES + turn), axis=1).astype(np.int64)
    product = np.take_along_axis(np.where(filtered.keep, beats.a * beats.w, 0), lane, axis=1)
    return Grants(pointer=before, lane=lane, product=product)


def accumulate(product: IntColumn, windows: Packets) -> Sums:
    """Steps 8 and 9: both products of a step at once, and the first step out of range decides."""
    step = product[:, 0::2] + product[:, 1::2]
    # Running sums over everything, less what the windows before have added.
    running = np.cumsum(step.reshape(-1)).reshape(step.shape)
    base = np.where(windows.start > 0, running[windows.start - 1, -1], 0) if len(running) else windows.start
    after = running - base[windows.of_beat][:, None]
    out = (after > SUM_MAX).astype(np.int64) - (after < SUM_MIN)
    places = np.arange(out.size, dtype=np.int64).reshape(out.shape)
    first = windows.fold(np.minimum, np.where(out != 0, places, out.size))
    stuck = first < out.size
    side = np.zeros(len(first), np.int64)
    side[stuck] = out.reshape(-1)[first[stuck]]
    bounds = np.where(side > 0, SUM_MAX, SUM_MIN)
    return Sums(
        before=after - step, after=after, out=out, first_out=np.where(stuck, first, NONE), side=side,
        sum=np.where(stuck, bounds, after[windows.end, -1]),
    )  # fmt: skip


# --- Tables ----------------------------------------------------------------------------------


def run_of(active: BoolColumn, begins: BoolColumn) -> IntColumn:
    """(n,) how many entries in a row `active` has held, this one included; a run does not reach over `begins`."""
    index = np.arange(len(active), dtype=np.int64)
    stop = np.where(~active, index, np.where(begins, index - 1, NONE))
    return index - np.maximum.accumulate(stop) if len(active) else index


def lane_table(facts: Facts) -> Table:
    """One row a lane: beat by beat, lane 0 first. `above` is a - tau_a, `reach` is abs(w) - tau_w."""
    beats, filtered = facts.beats, facts.filtered
    config = filtered.config
    pairs = {
        "a": beats.a, "w": beats.w, "above": beats.a - config["tau_a"][:, None],
        "reach": np.abs(beats.w) - config["tau_w"][:, None], "keep_a": filtered.keep_a, "keep_w": filtered.keep_w,
        "keep": filtered.keep,
    }  # fmt: skip
    singles = {"cycle": beats.cycle, "epoch": beats.epoch, "position": facts.windows.position} | config
    columns = {name: np.repeat(values, LANES) for name, values in singles.items()}
    columns["lane"] = np.tile(np.arange(LANES, dtype=np.int64), len(beats.cycle))
    columns |= {name: values.reshape(-1).astype(np.int64) for name, values in pairs.items()}
    return Table(columns)


def step_table(facts: Facts) -> Table:
    """One row a step with a grant; `second`, `a1`, `w1` and `p1` are NONE or 0 without a second one.

    ``before`` and ``after`` are the exact sums of the window, without saturation; `stuck` is 1 if an earlier
    step has left the range.
    """
    beats, grants, nnz = facts.beats, facts.grants, facts.filtered.nnz
    beat, step = np.nonzero(nnz[:, None] > 2 * np.arange(LANES // 2))
    first, second = grants.lane[beat, 2 * step], grants.lane[beat, 2 * step + 1]
    two = nnz[beat] > 2 * step + 1
    out = facts.sums.first_out[facts.windows.of_beat[beat]]
    previous_lane = grants.lane[beat, np.maximum(2 * step - 1, 0)]
    columns = {
        "cycle": beats.cycle[beat], "epoch": beats.epoch[beat], "position": facts.windows.position[beat],
        "nnz": nnz[beat], "step": step.astype(np.int64), "grants": 1 + two.astype(np.int64),
        "pointer": np.where(step == 0, grants.pointer[beat], (previous_lane + 1) % LANES),
        "first": first, "second": np.where(two, second, NONE),
        "a0": beats.a[beat, first], "w0": beats.w[beat, first],
        "a1": np.where(two, beats.a[beat, second], 0), "w1": np.where(two, beats.w[beat, second], 0),
        "p0": grants.product[beat, 2 * step], "p1": grants.product[beat, 2 * step + 1],
        "before": facts.sums.before[beat, step], "after": facts.sums.after[beat, step],
        "stuck": ((out >= 0) & (out < LANES // 2 * beat + step)).astype(np.int64),
    }  # fmt: skip
    return Table(columns)


def beat_table(facts: Facts) -> Table:
    """One row a beat. `pointer` is that before its first step; `zero_run` counts zero beats in a row in its window."""
    beats, windows, filtered = facts.beats, facts.windows, facts.filtered
    columns = {
        "cycle": beats.cycle, "epoch": beats.epoch, "window": windows.of_beat, "position": windows.position,
        "length": windows.length[windows.of_beat], "last": beats.last, "nnz": filtered.nnz,
        "pointer": facts.grants.pointer, "steps": filtered.steps,
        "prev_nnz": previous(filtered.nnz, beats.epoch, NONE),
        "zero_run": run_of(filtered.nnz == 0, windows.position == 0),
        "gap": idle_before(beats.cycle, beats.epoch),
    }  # fmt: skip
    return Table(columns | filtered.config)


def window_table(facts: Facts, writes: Transfers) -> Table:
    """One row a complete window. ``prev_*`` belong to the window before in the same epoch (0 without one).

    ``dropped_*``: in the first window of an epoch, the configuration that the reset before it dropped; else 0.
    """
    beats, windows, nnz = facts.beats, facts.windows, facts.filtered.nnz
    epoch, zero = beats.epoch[windows.end], nnz == 0
    config = {name: values[windows.start] for name, values in facts.filtered.config.items()}
    total = facts.sums.after[windows.end, -1]
    results = expected_results(facts).columns
    columns = {
        "cycle": beats.cycle[windows.end], "first_cycle": beats.cycle[windows.start], "epoch": epoch,
        "length": windows.length, **results, "total": total, "pointer": facts.grants.pointer[windows.start],
        "zero_beats": windows.fold(np.add, zero.astype(np.int64)),
        "zero_run": windows.fold(np.maximum, run_of(zero, windows.position == 0)),
        "zero_first": zero[windows.start].astype(np.int64), "zero_last": zero[windows.end].astype(np.int64),
    }  # fmt: skip
    names = ("length", "nnz", "side", "sum", "skip_zero", "tau_a", "tau_w")
    columns |= config | extremes(facts)
    columns |= {f"prev_{name}": previous(columns[name], epoch, 0) for name in names}
    return Table(columns | dropped_config(writes, epoch))


def extremes(facts: Facts) -> dict[str, IntColumn]:
    """(k,) how far the exact sum went, where it first left the range, and the result of another order.

    ``sum_from_lane_0`` is the sum if the pointer had been 0 when the window began.
    """
    beats, windows, sums = facts.beats, facts.windows, facts.sums
    out_beat = np.where(sums.first_out == NONE, 0, sums.first_out >> 2)
    other = arbitrate(beats, facts.filtered, windows.position == 0)
    return {
        "side": sums.side, "peak": windows.fold(np.maximum, sums.after),
        "trough": windows.fold(np.minimum, sums.after),
        "out_position": np.where(sums.first_out == NONE, NONE, windows.position[out_beat]),
        "sum_from_lane_0": accumulate(other.product, windows).sum,
    }  # fmt: skip


def dropped_config(writes: Transfers, epoch: IntColumn) -> dict[str, IntColumn]:
    """(k,) see `window_table`."""
    row = np.searchsorted(writes.epoch, epoch, side="left") - 1
    known = begins_epoch(epoch) & (row >= 0)
    known[known] = writes.epoch[row[known]] == epoch[known] - 1
    values = {f"dropped_{name}": np.zeros(len(epoch), np.int64) for name in FIELDS}
    for name in FIELDS:
        values[f"dropped_{name}"][known] = writes.columns[name][row[known]]
    return values


def write_table(writes: Transfers, accepted: Transfers) -> Table:
    """One row a write. ``old_*`` stood there before. ``taken`` is 1 if a beat was accepted in the same cycle.

    ``begun`` is how many beats of an unfinished window had been accepted before this cycle, ``ends`` is 1 if the
    beat of this cycle ends its window.
    """
    cycle, epoch = writes.cycle, writes.epoch
    old = config_before(writes, cycle, epoch)
    row = np.searchsorted(accepted.cycle, cycle, side="left")
    taken = row < len(accepted)
    taken[taken] = accepted.cycle[row[taken]] == cycle[taken]
    last = np.asarray(accepted.columns["last"], dtype=np.int64)
    # Beats since the last end of a window or reset, before each beat and behind the final one.
    begins = np.ones(len(last) + 1, np.bool_)
    begins[1:] = last != 0
    begins[1:-1] |= accepted.epoch[1:] != accepted.epoch[:-1]
    count = run_of(np.ones(len(last) + 1, np.bool_), begins) - 1
    here = np.concatenate([accepted.epoch, np.full(1, NONE, np.int64)])
    ends = np.zeros(len(cycle), np.int64)
    ends[taken] = last[row[taken]]
    open_before = np.where((row > 0) & (here[row - 1] == epoch), count[row], 0)
    columns = {"cycle": cycle, "epoch": epoch, "taken": taken.astype(np.int64), "begun": open_before, "ends": ends}
    columns |= {name: np.asarray(writes.columns[name], dtype=np.int64) for name in FIELDS}
    return Table(columns | {f"old_{name}": values for name, values in old.items()})

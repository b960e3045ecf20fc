"""Reference model of ``mxint_softmax``: a bit-exact, sequential fold over the accepted beats.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n beats of complete rows, k complete rows, 2 lanes. All
arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.bits import bit_length
from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import (
    NONE,
    Packets,
    complete_mask,
    find_packets,
    gap_columns,
    idle_before,
    partial_table,
    previous,
    select,
)
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

ROW, BEAT, DIV, NORM, CAST, SEND = range(6)
DIV_CYCLES = 7
FIFO_PLACES, QUEUE_PLACES = 12, 2
OBSERVED = ("dbg_state", "dbg_fifo_level", "dbg_queue_level")
LUT = np.array([64, 70, 76, 83, 91, 99, 108, 117], dtype=np.int64)
Y_MIN, Y_MAX = -64, 63
X_MIN = -8
GUARD_BITS = 4


@dataclass(frozen=True, slots=True)
class Exponentials:
    """Section 3.1, elementwise; every array has shape (n, 2)."""

    w: IntColumn  # scaled product before the saturation
    sat: IntColumn  # -1, 0, +1: saturated low, not, high
    n: IntColumn
    r: IntColumn
    sig: IntColumn  # E


@dataclass(frozen=True, slots=True)
class Sums:
    """Section 3.2, beat by beat; every array has shape (n,)."""

    exp_before: IntColumn  # acc_e before the beat; first beat of a row: that of the row before, or 0
    exp: IntColumn  # acc_e after the beat (em)
    acc: IntColumn  # acc after the beat
    shift: IntColumn  # em - acc_e, 0 in the first beat of a row
    lost: IntColumn  # bits of acc that this shift floored away
    acc_before: IntColumn  # acc before the beat, 0 in the first beat of a row


@dataclass(frozen=True, slots=True)
class Quotients:
    """Section 3.3; every array has shape (n, 2)."""

    q: IntColumn
    remainder: IntColumn
    d: IntColumn


@dataclass(frozen=True, slots=True)
class Cast:
    """Section 3.4; ``x_raw`` and ``x`` have shape (n,), the others (n, 2)."""

    x_raw: IntColumn
    x: IntColumn
    kept: IntColumn  # t >> 4, before rounding
    guard: IntColumn  # t mod 16
    below: IntColumn  # 1 where non-zero bits below the guard bits were floored away
    up: IntColumn  # 1 where rounding added one
    mant: IntColumn


@dataclass(frozen=True, slots=True)
class Beats:
    """The accepted beats of complete rows, in order."""

    cycle: IntColumn  # (n,)
    epoch: IntColumn  # (n,)
    m: IntColumn  # (n, 2)
    e: IntColumn  # (n,)
    last: IntColumn  # (n,)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about the complete rows."""

    beats: Beats
    rows: Packets
    exps: Exponentials
    sums: Sums
    quots: Quotients
    cast: Cast


def observe(trace: Trace) -> Observation:
    """Fold one trace: the output beats that the design owes, and raw facts about them.

    Tables: ``lane`` (one row an element), ``beat`` (one an input beat), ``row`` (one a
    complete row), all about complete rows only; ``partial`` (one a row that a
    reset or the end of the trace cut off). ``cycle`` is the cycle in which the (last) beat
    concerned was accepted.
    """
    accepted = trace.accepted["in"]
    keep = complete_mask(accepted.columns["last"], accepted.epoch)
    beats = select_beats(accepted, keep)
    rows = find_packets(beats.last)
    exps = exponentials(beats.m, beats.e)
    sums = accumulate(exps, beats.last)
    quots = divide(exps, sums, rows)
    facts = Facts(beats, rows, exps, sums, quots, cast_block(quots))
    tables = {
        "lane": lane_table(facts),
        "beat": beat_table(facts),
        "row": row_table(facts),
        "partial": partial_table(accepted, keep, trace.epoch),
    }
    return Observation(expected={"out": expected_beats(facts)}, tables=tables, levels=levels(trace))


def expected_beats(facts: Facts) -> Expected:
    """One output beat for each beat of a complete row; caused by the row's last beat."""
    columns = {"m": facts.cast.mant, "e": facts.cast.x, "last": facts.beats.last}
    cause = facts.beats.cycle[facts.rows.end][facts.rows.of_beat]
    return Expected(epoch=facts.beats.epoch, columns=columns, cause_cycle=cause)


# --- Rows ------------------------------------------------------------------------------------


def select_beats(accepted: Transfers, keep: BoolColumn) -> Beats:
    """The beats of complete rows as int64 columns."""
    kept = select(accepted, keep)
    return Beats(
        cycle=kept.cycle,
        epoch=kept.epoch,
        m=kept.columns["m"].reshape(-1, 2),
        e=kept.columns["e"],
        last=kept.columns["last"],
    )


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    accepted = trace.accepted["in"]
    last, epoch = accepted.columns["last"], accepted.epoch
    state, fifo, queue = (at.pin(name) for name in OBSERVED)
    room, valid = at.skid(state == SEND, at.waiting("out"))
    sends, pops, takes = (state == SEND) & room, state == BEAT, (state == ROW) & (queue > 0)
    popped = at.count(pops)
    pushed = fifo + popped
    stands = at.count(at.moved("in")) > pushed  # a beat in the exp register
    ends = at.nth(last, epoch, pushed) == 1
    moves = stands & (fifo < FIFO_PLACES) & (~ends | (queue < QUEUE_PLACES))
    done = np.select(
        [state == ROW, state == DIV, state == SEND], [takes, at.since(state) == DIV_CYCLES - 1, sends], True
    )
    after_send = np.where(at.nth(last, epoch, popped - 1) == 1, ROW, BEAT)
    return {
        "dbg_state": at.after(np.where(~done, state, np.where(state == SEND, after_send, state + 1))),
        "dbg_fifo_level": at.count(moves, pops),
        "dbg_queue_level": at.count(moves & ends, takes),
        "in_ready": (~stands | moves).astype(np.int64),
        "out_valid": valid,
    }


# --- Arithmetic ------------------------------------------------------------------------------


def exponentials(m: IntColumn, e: IntColumn) -> Exponentials:
    """Steps 1 to 5. Args: m (n, 2) in -128..127, e (n,) in -8..7."""
    # p = 92 m; w = floor(p / 2^(10 - e)); NumPy's >> floors negative numbers too.
    w = (92 * m) >> (10 - e)[:, None]
    y = np.clip(w, Y_MIN, Y_MAX)
    # n = floor(y / 8), r = y mod 8 (non-negative)
    n, r = y >> 3, y & 7
    return Exponentials(w=w, sat=np.sign(w - y), n=n, r=r, sig=LUT[r])


def accumulate(exps: Exponentials, last: IntColumn) -> Sums:
    """The running sums, in plain integers: every shift floors, so the order of the beats counts."""
    before, after, accs, shifts, losts, olds = [], [], [], [], [], []
    acc = acc_e = 0
    first = True
    for (n0, n1), (sig0, sig1), end in zip(exps.n.tolist(), exps.sig.tolist(), last.tolist(), strict=True):
        em = n0 if n0 > n1 else n1
        shift = lost = total = 0
        if not first:
            em = acc_e if acc_e > em else em
            shift = em - acc_e
            total = acc >> shift
            lost = acc - (total << shift)
        before.append(acc_e)
        olds.append(0 if first else acc)
        # Four bits of padding, then each lane is floored on its own.
        acc = total + ((16 * sig0) >> (em - n0)) + ((16 * sig1) >> (em - n1))
        acc_e = em
        first = bool(end)
        after.append(em)
        accs.append(acc)
        shifts.append(shift)
        losts.append(lost)
    return Sums(*(np.array(column, dtype=np.int64) for column in (before, after, accs, shifts, losts, olds)))


def divide(exps: Exponentials, sums: Sums, rows: Packets) -> Quotients:
    """Steps 6 and 7, with the sum of the complete row."""
    final = rows.end[rows.of_beat]
    acc, acc_e = sums.acc[final][:, None], sums.exp[final][:, None]
    q, remainder = np.divmod(1024 * exps.sig, acc)
    return Quotients(q=q, remainder=remainder, d=exps.n - acc_e)


def cast_block(quots: Quotients) -> Cast:
    """Steps 8 to 11."""
    q, d = quots.q, quots.d
    x_raw = np.asarray((bit_length(q) + d).max(axis=1) - 6, dtype=np.int64) if len(q) else np.zeros(0, np.int64)
    x = np.maximum(x_raw, X_MIN)
    # t = floor(q * 2^(d + 1 - x + 4)): a left shift by s, or a flooring right shift by -s.
    s = d + 1 - x[:, None] + GUARD_BITS
    right = np.maximum(-s, 0)
    t = (q << np.maximum(s, 0)) >> right
    kept, guard = t >> GUARD_BITS, t & 15
    up = ((guard > 8) | ((guard == 8) & (kept & 1 == 1))).astype(np.int64)
    below = ((q & ((1 << right) - 1)) != 0).astype(np.int64)
    return Cast(x_raw=x_raw, x=x, kept=kept, guard=guard, below=below, up=up, mant=kept + up)


# --- Tables ----------------------------------------------------------------------------------


def lane_table(facts: Facts) -> Table:
    """One row an element: beat by beat, lane 0 before lane 1."""
    beats, exps, quots, cast = facts.beats, facts.exps, facts.quots, facts.cast
    final_exp = facts.sums.exp[facts.rows.end][facts.rows.of_beat]
    shift = facts.sums.exp[:, None] - exps.n
    pairs = {
        "m": beats.m, "w": exps.w, "sat": exps.sat, "n": exps.n, "r": exps.r, "sig": exps.sig,
        "shift": shift, "lost": (16 * exps.sig) & ((1 << shift) - 1), "final_shift": final_exp[:, None] - exps.n,
        "q": quots.q, "remainder": quots.remainder, "d": quots.d, "bitlen": bit_length(quots.q),
        "kept": cast.kept, "kept_lsb": cast.kept & 1, "guard": cast.guard, "below": cast.below, "up": cast.up,
        "out_m": cast.mant,
    }  # fmt: skip
    singles = {
        "cycle": beats.cycle, "epoch": beats.epoch, "row": facts.rows.of_beat, "position": facts.rows.position,
        "e": beats.e, "x_raw": cast.x_raw, "x": cast.x,
    }  # fmt: skip
    columns = {name: np.repeat(values, 2) for name, values in singles.items()}
    columns["lane"] = np.tile(np.arange(2, dtype=np.int64), len(beats.cycle))
    columns |= {name: values.reshape(-1) for name, values in pairs.items()}
    return Table(columns)


def raised_by(facts: Facts) -> IntColumn:
    """(n,) which lane lifted the maximum of the row so far: 0 none, 1 lane 0, 2 lane 1, 3 both alike.

    The first beat of a row sets the maximum and does not count as lifting it.
    """
    n = facts.exps.n
    holder = 1 + (n[:, 1] > n[:, 0]) + 2 * (n[:, 1] == n[:, 0])
    return np.where(facts.sums.shift > 0, holder, 0).astype(np.int64)


def beat_table(facts: Facts) -> Table:
    """One row an input beat; per-lane facts in columns with the lane's number at the end.

    ``prev_*`` belong to the beat accepted before in the same epoch, of this row or the row before.
    """
    beats, rows, sums, cast = facts.beats, facts.rows, facts.sums, facts.cast
    columns = {
        "cycle": beats.cycle, "epoch": beats.epoch, "row": rows.of_beat, "position": rows.position,
        "length": rows.length[rows.of_beat], "last": beats.last, "e": beats.e,
        "acc_exp_before": sums.exp_before, "acc_exp": sums.exp, "acc": sums.acc,
        "acc_before": sums.acc_before, "acc_shift": sums.shift, "acc_lost": sums.lost, "raised_by": raised_by(facts),
        "row_acc": sums.acc[rows.end][rows.of_beat], "row_acc_exp": sums.exp[rows.end][rows.of_beat],
        "x_raw": cast.x_raw, "x": cast.x, "clamp": cast.x - cast.x_raw,
        "zero_lanes": np.asarray((cast.mant == 0).sum(axis=1), dtype=np.int64),
    }  # fmt: skip
    columns |= lane_columns(facts)
    epoch = beats.epoch
    columns["gap"] = idle_before(beats.cycle, epoch)
    columns["prev_e"] = previous(beats.e, epoch, 0)
    for name in ("sat0", "sat1", "n0", "n1", "q0", "q1", "x", "zero_lanes"):
        columns[f"prev_{name}"] = previous(columns[name], epoch, 0)
    return Table(columns)


def lane_columns(facts: Facts) -> dict[str, IntColumn]:
    """Per-lane facts of a beat as (n,) columns ``name0`` and ``name1``."""
    exps, quots, cast = facts.exps, facts.quots, facts.cast
    pairs = {
        "m": facts.beats.m, "sat": exps.sat, "n": exps.n, "r": exps.r, "shift": facts.sums.exp[:, None] - exps.n,
        "q": quots.q, "d": quots.d, "guard": cast.guard, "kept_lsb": cast.kept & 1, "below": cast.below,
        "up": cast.up, "out_m": cast.mant,
    }  # fmt: skip
    return {f"{name}{lane}": values[:, lane] for name, values in pairs.items() for lane in (0, 1)}


def row_table(facts: Facts) -> Table:
    """One row a complete row of the input. ``prev_*`` is 0 in the first row of an epoch."""
    beats, rows, exps, sums, cast = facts.beats, facts.rows, facts.exps, facts.sums, facts.cast
    epoch = beats.epoch[rows.end]
    exp = sums.exp[rows.end]
    columns = {
        "cycle": beats.cycle[rows.end], "first_cycle": beats.cycle[rows.start], "epoch": epoch,
        "length": rows.length, "prev_length": previous(rows.length, epoch, 0),
        "updates": rows.fold(np.add, (sums.shift > 0).astype(np.int64)),
        "acc": sums.acc[rows.end], "acc_exp": exp, "prev_acc_exp": previous(exp, epoch, 0),
        "acc_lost": rows.fold(np.add, sums.lost), "total_shift": rows.fold(np.add, sums.shift),
        "q_min": rows.fold(np.minimum, facts.quots.q), "q_max": rows.fold(np.maximum, facts.quots.q),
        "e_min": rows.fold(np.minimum, beats.e), "e_max": rows.fold(np.maximum, beats.e),
        "n_min": rows.fold(np.minimum, exps.n),
        "sat_high": rows.fold(np.add, (exps.sat > 0).astype(np.int64)),
        "sat_low": rows.fold(np.add, (exps.sat < 0).astype(np.int64)),
        "clamped": rows.fold(np.add, (cast.x > cast.x_raw).astype(np.int64)),
        "zeros": rows.fold(np.add, (cast.mant == 0).astype(np.int64)),
        "x_min": rows.fold(np.minimum, cast.x), "x_max": rows.fold(np.maximum, cast.x),
    }  # fmt: skip
    return Table(columns | maximum_columns(facts) | gap_columns(beats.cycle, beats.epoch, rows))


def maximum_columns(facts: Facts) -> dict[str, IntColumn]:
    """(k,) who holds the row's greatest exponent: the first beat and lane, the last beat, how many elements."""
    rows = facts.rows
    holds = facts.exps.n == facts.sums.exp[rows.end][rows.of_beat][:, None]
    any_lane = holds.any(axis=1)
    place = np.where(any_lane, rows.position, len(any_lane))
    first = rows.fold(np.minimum, place)
    return {
        "max_beat": first,
        "max_lane": np.where(holds[rows.start + first, 0], 0, 1).astype(np.int64),
        "max_beat_last": rows.fold(np.maximum, np.where(any_lane, rows.position, NONE)),
        "max_holders": rows.fold(np.add, holds.astype(np.int64)),
    }

"""Reference model of ``mxint_softmax``: a bit-exact, sequential fold over the accepted beats.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n beats of complete rows, k complete rows, 2 lanes. All
arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

LUT = np.array([64, 70, 76, 83, 91, 99, 108, 117], dtype=np.int64)
BIT_LENGTH = np.array([value.bit_length() for value in range(128)], dtype=np.int64)
Y_MIN, Y_MAX = -64, 63
X_MIN = -8
GUARD_BITS = 4
NONE = -1  # stands for "there is none" in columns that cannot be negative


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
class Rows:
    """Where the complete rows lie among the kept beats."""

    start: IntColumn  # (k,) index of the first beat
    end: IntColumn  # (k,) index of the last beat
    of_beat: IntColumn  # (n,) row of each beat
    position: IntColumn  # (n,) index of the beat in its row

    @property
    def length(self) -> IntColumn:
        """(k,) beats of each row."""
        return self.end - self.start + 1


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
    rows: Rows
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
    keep = complete_mask(accepted.epoch, accepted.columns["last"])
    last_epoch = int(trace.epoch[-1]) if len(trace.epoch) else 0
    beats = select_beats(accepted, keep)
    rows = find_rows(beats.last)
    exps = exponentials(beats.m, beats.e)
    sums = accumulate(exps, beats.last)
    quots = divide(exps, sums, rows)
    facts = Facts(beats, rows, exps, sums, quots, cast_block(quots))
    tables = {
        "lane": lane_table(facts),
        "beat": beat_table(facts),
        "row": row_table(facts),
        "partial": partial_table(accepted, keep, last_epoch),
    }
    return Observation(expected={"out": expected_beats(facts)}, tables=tables)


def expected_beats(facts: Facts) -> Expected:
    """One output beat for each beat of a complete row; caused by the row's last beat."""
    columns = {"m": facts.cast.mant, "e": facts.cast.x, "last": facts.beats.last}
    cause = facts.beats.cycle[facts.rows.end][facts.rows.of_beat]
    return Expected(epoch=facts.beats.epoch, columns=columns, cause_cycle=cause)


# --- Rows ------------------------------------------------------------------------------------


def complete_mask(epoch: IntColumn, last: IntColumn) -> BoolColumn:
    """(all beats,) whether the beat's row was ended by an accepted beat of the same epoch."""
    index = np.arange(len(last))
    # The first ending beat at or after each beat; len(last) where there is none.
    ends = np.where(last != 0, index, len(last))
    next_end = np.minimum.accumulate(ends[::-1])[::-1]
    found = next_end < len(last)
    found[found] &= epoch[next_end[found]] == epoch[found]
    return found


def select_beats(accepted: Transfers, keep: BoolColumn) -> Beats:
    """The beats of complete rows as int64 columns."""
    columns = {name: np.asarray(values, dtype=np.int64)[keep] for name, values in accepted.columns.items()}
    return Beats(
        cycle=accepted.cycle[keep],
        epoch=accepted.epoch[keep],
        m=columns["m"].reshape(-1, 2),
        e=columns["e"],
        last=columns["last"],
    )


def find_rows(last: IntColumn) -> Rows:
    """Row boundaries; the final beat is known to end a row."""
    end = np.flatnonzero(last).astype(np.int64)
    start = np.concatenate([np.zeros(1, np.int64), end + 1])[: len(end)]
    of_beat = np.repeat(np.arange(len(end), dtype=np.int64), end - start + 1)
    position = np.arange(len(last), dtype=np.int64) - start[of_beat]
    return Rows(start=start, end=end, of_beat=of_beat, position=position)


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


def divide(exps: Exponentials, sums: Sums, rows: Rows) -> Quotients:
    """Steps 6 and 7, with the sum of the complete row."""
    final = rows.end[rows.of_beat]
    acc, acc_e = sums.acc[final][:, None], sums.exp[final][:, None]
    q, remainder = np.divmod(1024 * exps.sig, acc)
    return Quotients(q=q, remainder=remainder, d=exps.n - acc_e)


def cast_block(quots: Quotients) -> Cast:
    """Steps 8 to 11."""
    q, d = quots.q, quots.d
    x_raw = np.asarray((BIT_LENGTH[q] + d).max(axis=1) - 6, dtype=np.int64) if len(q) else np.zeros(0, np.int64)
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
        "q": quots.q, "remainder": quots.remainder, "d": quots.d, "bitlen": BIT_LENGTH[quots.q],
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


def previous(values: IntColumn, epoch: IntColumn, none: int) -> IntColumn:
    """(n,) the value one entry earlier in the same epoch, or `none`."""
    shifted = np.concatenate([np.full(1, none, np.int64), values[:-1]])[: len(values)]
    shifted[1:][epoch[1:] != epoch[:-1]] = none
    return shifted


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
    before = previous(beats.cycle, epoch, NONE)
    columns["gap"] = np.where(before == NONE, NONE, beats.cycle - before - 1)
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


def per_row(ufunc: np.ufunc, values: IntColumn, rows: Rows) -> IntColumn:
    """(k,) `ufunc` folded over the beats of each row (and over the lanes, if there are any)."""
    if not len(rows.start):
        return np.zeros(0, np.int64)
    flat = values if values.ndim == 1 else ufunc.reduce(values, axis=1)
    return np.asarray(ufunc.reduceat(flat, rows.start), dtype=np.int64)


def row_table(facts: Facts) -> Table:
    """One row a complete row of the input. ``prev_*`` is 0 in the first row of an epoch."""
    beats, rows, exps, sums, cast = facts.beats, facts.rows, facts.exps, facts.sums, facts.cast
    epoch = beats.epoch[rows.end]
    exp = sums.exp[rows.end]
    columns = {
        "cycle": beats.cycle[rows.end], "first_cycle": beats.cycle[rows.start], "epoch": epoch,
        "length": rows.length, "prev_length": previous(rows.length, epoch, 0),
        "updates": per_row(np.add, (sums.shift > 0).astype(np.int64), rows),
        "acc": sums.acc[rows.end], "acc_exp": exp, "prev_acc_exp": previous(exp, epoch, 0),
        "acc_lost": per_row(np.add, sums.lost, rows), "total_shift": per_row(np.add, sums.shift, rows),
        "q_min": per_row(np.minimum, facts.quots.q, rows), "q_max": per_row(np.maximum, facts.quots.q, rows),
        "e_min": per_row(np.minimum, beats.e, rows), "e_max": per_row(np.maximum, beats.e, rows),
        "n_min": per_row(np.minimum, exps.n, rows),
        "sat_high": per_row(np.add, (exps.sat > 0).astype(np.int64), rows),
        "sat_low": per_row(np.add, (exps.sat < 0).astype(np.int64), rows),
        "clamped": per_row(np.add, (cast.x > cast.x_raw).astype(np.int64), rows),
        "zeros": per_row(np.add, (cast.mant == 0).astype(np.int64), rows),
        "x_min": per_row(np.minimum, cast.x, rows), "x_max": per_row(np.maximum, cast.x, rows),
    }  # fmt: skip
    return Table(columns | maximum_columns(facts) | gap_columns(beats, rows))


def maximum_columns(facts: Facts) -> dict[str, IntColumn]:
    """(k,) who holds the row's greatest exponent: the first beat and lane, the last beat, how many elements."""
    rows = facts.rows
    holds = facts.exps.n == facts.sums.exp[rows.end][rows.of_beat][:, None]
    any_lane = holds.any(axis=1)
    place = np.where(any_lane, rows.position, len(any_lane))
    first = per_row(np.minimum, place, rows)
    return {
        "max_beat": first,
        "max_lane": np.where(holds[rows.start + first, 0], 0, 1).astype(np.int64),
        "max_beat_last": per_row(np.maximum, np.where(any_lane, rows.position, NONE), rows),
        "max_holders": per_row(np.add, holds.astype(np.int64), rows),
    }


def gap_columns(beats: Beats, rows: Rows) -> dict[str, IntColumn]:
    """(k,) cycles without an accepted beat: before the row (-1: first of its epoch), and the longest within."""
    idle = beats.cycle - previous(beats.cycle, beats.epoch, 0) - 1
    first_of_epoch = np.concatenate([np.ones(1, np.bool_), beats.epoch[1:] != beats.epoch[:-1]])[: len(idle)]
    before = np.where(first_of_epoch, NONE, idle)[rows.start]
    inside = np.where(rows.position == 0, 0, idle)
    return {"gap_before": before, "longest_gap": per_row(np.maximum, inside, rows)}


def partial_table(accepted: Transfers, keep: BoolColumn, last_epoch: int) -> Table:
    """One row a row that was begun and never ended: ``cut`` is 1 if a reset cut it, 0 at the end of the trace."""
    cycle, epoch = accepted.cycle[~keep], accepted.epoch[~keep]
    values, first, beats = np.unique(epoch, return_index=True, return_counts=True)
    columns = {
        "cycle": cycle[first + beats - 1],
        "epoch": values.astype(np.int64),
        "beats": beats.astype(np.int64),
        "cut": (values < last_epoch).astype(np.int64),
    }
    return Table(columns)

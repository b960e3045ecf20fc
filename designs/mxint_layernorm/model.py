"""Reference model of ``mxint_layernorm``: a bit-exact fold over the accepted beats and strobes.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n beats of complete rows, k complete rows, 4 lanes, c commits. All
arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

LANES = 4
PLACES = 16
RECIPROCAL = np.array([0, 1024, 512, 341, 256], dtype=np.int64)  # by beats of the row
LUT = np.array(
    [128, 124, 121, 117, 114, 112, 109, 107, 105, 102, 100, 99, 97, 95, 93, 92,
     91, 88, 85, 83, 81, 79, 77, 75, 74, 72, 71, 70, 68, 67, 66, 65],
    dtype=np.int64,
)  # fmt: skip
T_MIN, T_MAX = -128, 127
X_MIN = -8
M_MAX = 127
GAMMA_RESET, BETA_RESET = 64, 0
NONE = -1  # stands for "there is none" in columns that cannot be negative


@dataclass(frozen=True, slots=True)
class Beats:
    """The accepted beats of complete rows, in order."""

    cycle: IntColumn  # (n,)
    epoch: IntColumn  # (n,)
    m: IntColumn  # (n, 4)
    e: IntColumn  # (n,)
    last: IntColumn  # (n,)


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
class Settings:
    """Section 3.4: the sets of coefficients that were committed; set 0 is that of reset."""

    gamma: IntColumn  # (c + 1, 16)
    beta: IntColumn  # (c + 1, 16)
    cycle: IntColumn  # (c,) cycle of each commit, which made set number index + 1
    epoch: IntColumn  # (c,)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Sections 3.1 and 3.2."""

    exp_max: IntColumn  # (k,)
    gap: IntColumn  # (n,)
    a: IntColumn  # (n, 4)
    total: IntColumn  # (k,) S
    mean: IntColumn  # (k,)
    d: IntColumn  # (n, 4)
    squares: IntColumn  # (k,) Q
    variance: IntColumn  # (k,) V


@dataclass(frozen=True, slots=True)
class Roots:
    """Section 3.3; every array has shape (k,). A flat row (variance 0) has p = -1 and the others 0."""

    p: IntColumn
    half: IntColumn
    index: IntColumn
    factor: IntColumn


@dataclass(frozen=True, slots=True)
class Results:
    """Sections 3.3 to 3.5; ``length``, ``x_raw`` and ``x`` have shape (n,), the others (n, 4)."""

    t_raw: IntColumn  # before saturation; 0 in a flat row
    t: IntColumn
    gamma: IntColumn
    beta: IntColumn
    z: IntColumn
    length: IntColumn  # bit length of the greatest magnitude
    x_raw: IntColumn
    x: IntColumn
    kept: IntColumn  # floor(g / 16), before rounding
    guard: IntColumn  # g mod 16
    below: IntColumn  # 1 where non-zero bits below the guard bits were floored away
    up: IntColumn  # 1 where rounding added one
    mant: IntColumn


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about the complete rows."""

    beats: Beats
    rows: Rows
    settings: Settings
    set_of_row: IntColumn  # (k,)
    stats: Statistics
    roots: Roots
    results: Results


def observe(trace: Trace) -> Observation:
    """Fold one trace: the output beats that the design owes, and raw facts about them.

    Tables: ``lane`` (one row an element), ``beat`` (one an input beat), ``row`` (one a complete row), all
    about complete rows only; ``commit`` and ``write`` (one a strobe); ``partial`` (one a row that a
    reset or the end of the trace cut off). ``cycle`` is the cycle in which the (last) beat
    concerned was accepted, or the strobe was high.
    """
    accepted = trace.accepted["in"]
    keep = complete_mask(accepted.epoch, accepted.columns["last"])
    last_epoch = int(trace.epoch[-1]) if len(trace.epoch) else 0
    settings = committed(trace.accepted["cfg"], trace.accepted["commit"])
    beats = select_beats(accepted, keep)
    facts = compute(beats, find_rows(beats.last), settings)
    tables = {
        "lane": lane_table(facts),
        "beat": beat_table(facts),
        "row": row_table(facts),
        "commit": commit_table(facts, accepted),
        "write": write_table(trace.accepted["cfg"]),
        "partial": partial_table(accepted, keep, last_epoch),
    }
    return Observation(expected={"out": expected_beats(facts)}, tables=tables)


def compute(beats: Beats, rows: Rows, settings: Settings) -> Facts:
    """Section 3 from the alignment to the cast."""
    stats = gather(beats, rows)
    roots = inverse_root(stats.variance)
    chosen = set_in_use(settings, beats.cycle[rows.start], beats.epoch[rows.start])
    t_raw = normalise(stats.d, roots, rows)
    places = LANES * rows.position[:, None] + np.arange(LANES)
    sets = chosen[rows.of_beat][:, None]
    results = scale_and_cast(t_raw, settings.gamma[sets, places], settings.beta[sets, places])
    return Facts(beats, rows, settings, chosen, stats, roots, results)


def expected_beats(facts: Facts) -> Expected:
    """One output beat for each beat of a complete row; caused by the row's last beat."""
    columns = {"m": facts.results.mant, "e": facts.results.x, "last": facts.beats.last}
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
        m=columns["m"].reshape(-1, LANES),
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


def per_row(ufunc: np.ufunc, values: IntColumn, rows: Rows) -> IntColumn:
    """(k,) `ufunc` folded over the beats of each row (and over the lanes, if there are any)."""
    if not len(rows.start):
        return np.zeros(0, np.int64)
    flat = values if values.ndim == 1 else ufunc.reduce(values, axis=1)
    return np.asarray(ufunc.reduceat(flat, rows.start), dtype=np.int64)


# --- Coefficients ----------------------------------------------------------------------------


def committed(writes: Transfers, commits: Transfers) -> Settings:
    """The sets that the commits made: the shadow set after all writes of earlier cycles of the epoch."""
    places = (PLACES * writes.columns["sel"] + writes.columns["addr"]).tolist()
    changes = list(
        zip(writes.cycle.tolist(), writes.epoch.tolist(), places, writes.columns["data"].tolist(), strict=True)
    )
    neutral = [GAMMA_RESET] * PLACES + [BETA_RESET] * PLACES
    shadow, sets, now, done = list(neutral), [neutral], NONE, 0
    for cycle, epoch in zip(commits.cycle.tolist(), commits.epoch.tolist(), strict=True):
        if epoch != now:
            shadow, now = list(neutral), epoch
        while done < len(changes) and changes[done][0] < cycle:
            _, written, place, data = changes[done]
            if written == epoch:
                shadow[place] = data
            done += 1
        sets.append(list(shadow))
    table = np.array(sets, dtype=np.int64)
    return Settings(table[:, :PLACES], table[:, PLACES:], commits.cycle, commits.epoch)


def set_in_use(settings: Settings, cycle: IntColumn, epoch: IntColumn) -> IntColumn:
    """(k,) the set of rows that began in `cycle`: that of the last commit *before* this cycle, 0 after a reset."""
    number = np.searchsorted(settings.cycle, cycle, side="left")
    own = np.concatenate([np.full(1, NONE, np.int64), settings.epoch])[number] == epoch
    return np.where(own, number, 0).astype(np.int64)


# --- Arithmetic ------------------------------------------------------------------------------


def gather(beats: Beats, rows: Rows) -> Statistics:
    """Steps 1 to 6."""
    exp_max = per_row(np.maximum, beats.e, rows)
    gap = exp_max[rows.of_beat] - beats.e
    a = beats.m >> gap[:, None]  # floors negative numbers too
    inverse = RECIPROCAL[rows.length]
    total = per_row(np.add, a, rows)
    mean = (total * inverse) >> 12
    d = a - mean[rows.of_beat][:, None]
    squares = per_row(np.add, d * d, rows)
    variance = (squares * inverse) >> 12
    return Statistics(exp_max, gap, a, total, mean, d, squares, variance)


def bit_length(values: IntColumn) -> IntColumn:
    """The number of bits of each non-negative value."""
    # frexp gives value = fraction * 2^exponent with fraction in [0.5, 1): exact for such small integers.
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)


def inverse_root(variance: IntColumn) -> Roots:
    """Steps 7 and 8."""
    p = bit_length(variance) - 1
    safe = np.maximum(p, 0)
    # The four bits behind the leading one, from a number that is long enough.
    f = ((variance << 4) >> safe) & 15
    flat = variance == 0
    index = np.where(flat, 0, 16 * (safe & 1) + f)
    return Roots(p=p, half=safe >> 1, index=index, factor=np.where(flat, 0, LUT[index]))


def normalise(d: IntColumn, roots: Roots, rows: Rows) -> IntColumn:
    """(n, 4) step 9 before the saturation."""
    factor, shift = roots.factor[rows.of_beat], roots.half[rows.of_beat] + 2
    return np.asarray((d * factor[:, None]) >> shift[:, None], dtype=np.int64)


def scale_and_cast(t_raw: IntColumn, gamma: IntColumn, beta: IntColumn) -> Results:
    """The end of step 9, and steps 10 to 14."""
    t = np.clip(t_raw, T_MIN, T_MAX)
    z = t * gamma + 64 * beta
    length = bit_length(np.abs(z).max(axis=1)) if len(z) else np.zeros(0, np.int64)
    x_raw = length - 11
    x = np.maximum(x_raw, X_MIN)
    # g = floor(z * 2^-x): four guard bits.
    right = np.maximum(x, 0)[:, None]
    g = (z << np.maximum(-x, 0)[:, None]) >> right
    kept, guard = g >> 4, g & 15
    up = ((guard > 8) | ((guard == 8) & (kept & 1 == 1))).astype(np.int64)
    below = ((z & ((1 << right) - 1)) != 0).astype(np.int64)
    mant = np.minimum(kept + up, M_MAX)
    return Results(t_raw, t, gamma, beta, z, length, x_raw, x, kept, guard, below, up, mant)


# --- Tables ----------------------------------------------------------------------------------


def lane_table(facts: Facts) -> Table:
    """One row an element: beat by beat, lane 0 before lane 3. ``place`` is the element's index in its row."""
    beats, rows, stats, results = facts.beats, facts.rows, facts.stats, facts.results
    pairs = {
        "m": beats.m, "a": stats.a, "d": stats.d, "t_raw": results.t_raw, "t": results.t, "gamma": results.gamma,
        "beta": results.beta, "z": results.z, "kept": results.kept, "guard": results.guard, "below": results.below,
        "up": results.up, "out_m": results.mant,
    }  # fmt: skip
    singles = {
        "cycle": beats.cycle, "epoch": beats.epoch, "row": rows.of_beat, "position": rows.position,
        "length": rows.length[rows.of_beat], "e": beats.e, "gap": stats.gap, "x_raw": results.x_raw, "x": results.x,
        "variance": stats.variance[rows.of_beat], "p": facts.roots.p[rows.of_beat],
    }  # fmt: skip
    columns = {name: np.repeat(values, LANES) for name, values in singles.items()}
    columns["lane"] = np.tile(np.arange(LANES, dtype=np.int64), len(beats.cycle))
    columns["place"] = LANES * columns["position"] + columns["lane"]
    columns |= {name: values.reshape(-1) for name, values in pairs.items()}
    return Table(columns)


def previous(values: IntColumn, epoch: IntColumn, none: int) -> IntColumn:
    """(n,) the value one entry earlier in the same epoch, or `none`."""
    shifted = np.concatenate([np.full(1, none, np.int64), values[:-1]])[: len(values)]
    shifted[1:][epoch[1:] != epoch[:-1]] = none
    return shifted


def beat_table(facts: Facts) -> Table:
    """One row an input beat. ``z_low`` and ``z_high`` are the least and the greatest z of its lanes."""
    beats, rows, results = facts.beats, facts.rows, facts.results
    columns = {
        "cycle": beats.cycle, "epoch": beats.epoch, "row": rows.of_beat, "position": rows.position,
        "length": rows.length[rows.of_beat], "last": beats.last, "e": beats.e, "gap": facts.stats.gap,
        "z_low": results.z.min(axis=1, initial=1 << 15), "z_high": results.z.max(axis=1, initial=-1 << 15),
        "bits": results.length, "x_raw": results.x_raw, "x": results.x,
        "zero_lanes": count_lanes(results.mant == 0), "low_lanes": count_lanes(results.mant == -128),
        "clipped_lanes": count_lanes(results.kept + results.up > M_MAX),
        "zero_gammas": count_lanes(results.gamma == 0), "zero_betas": count_lanes(results.beta == 0),
    }  # fmt: skip
    return Table(columns)


def count_lanes(mask: BoolColumn) -> IntColumn:
    """(n,) lanes for which `mask` holds."""
    return np.asarray(mask.sum(axis=1), dtype=np.int64)


def row_table(facts: Facts) -> Table:
    """One row a complete row of the input. ``prev_*`` is 0 in the first row of an epoch."""
    beats, rows, stats, roots = facts.beats, facts.rows, facts.stats, facts.roots
    epoch = beats.epoch[rows.end]
    columns = {
        "cycle": beats.cycle[rows.end], "first_cycle": beats.cycle[rows.start], "epoch": epoch,
        "length": rows.length, "prev_length": previous(rows.length, epoch, 0),
        "exp_max": stats.exp_max, "prev_exp_max": previous(stats.exp_max, epoch, 0),
        "sum": stats.total, "mean": stats.mean,
        "squares": stats.squares, "variance": stats.variance, "p": roots.p, "index": roots.index,
        "d_min": per_row(np.minimum, stats.d, rows), "d_max": per_row(np.maximum, stats.d, rows),
        "last_gap": stats.gap[rows.end], "first_gap": stats.gap[rows.start],
    }  # fmt: skip
    return Table(columns | maximum_columns(facts) | gap_columns(beats, rows) | set_columns(facts))


def maximum_columns(facts: Facts) -> dict[str, IntColumn]:
    """(k,) the beats that hold the row's greatest exponent: the first, the last, how many."""
    rows, holds = facts.rows, facts.stats.gap == 0
    return {
        "max_beat": per_row(np.minimum, np.where(holds, rows.position, LANES), rows),
        "max_beat_last": per_row(np.maximum, np.where(holds, rows.position, NONE), rows),
        "max_holders": per_row(np.add, holds.astype(np.int64), rows),
    }


def gap_columns(beats: Beats, rows: Rows) -> dict[str, IntColumn]:
    """(k,) cycles without an accepted beat: before the row (-1: first of its epoch), and the longest within."""
    idle = beats.cycle - previous(beats.cycle, beats.epoch, 0) - 1
    first_of_epoch = np.concatenate([np.ones(1, np.bool_), beats.epoch[1:] != beats.epoch[:-1]])[: len(idle)]
    before = np.where(first_of_epoch, NONE, idle)[rows.start]
    inside = np.where(rows.position == 0, 0, idle)
    return {"gap_before": before, "longest_gap": per_row(np.maximum, inside, rows)}


def set_columns(facts: Facts) -> dict[str, IntColumn]:
    """(k,) which set a row uses (0: that of reset), how many commits made it, and how many entries are new to it.

    ``new_sets`` counts the commits since the row before began, ``changed`` the entries of the places in
    use that differ from the set of the row before; ``since_commit`` is the number of cycles from the last commit
    to the first beat (-1: none); ``commit_at_first`` is 1 if a commit came in the cycle of the first beat.
    """
    rows, settings, chosen = facts.rows, facts.settings, facts.set_of_row
    first, epoch = facts.beats.cycle[rows.start], facts.beats.epoch[rows.start]
    before = previous(chosen, epoch, 0)
    used = np.arange(PLACES) < LANES * rows.length[:, None]
    differs = sum(((table[chosen] != table[before]) & used).sum(axis=1) for table in (settings.gamma, settings.beta))
    commits = np.concatenate([np.zeros(1, np.int64), settings.cycle])
    return {
        "set": chosen,
        "new_sets": np.where(before == 0, np.minimum(chosen, 1), chosen - before),
        "changed": np.asarray(differs, dtype=np.int64),
        "since_commit": np.where(chosen == 0, NONE, first - commits[chosen]),
        "commit_at_first": np.isin(first, settings.cycle).astype(np.int64),
    }


def commit_table(facts: Facts, accepted: Transfers) -> Table:
    """One row a commit; ``first_beat`` and ``last_beat`` are 1 if such a beat of a row was accepted in its cycle."""
    cycle, last = facts.settings.cycle, accepted.columns["last"]
    first = previous(last, accepted.epoch, 1) != 0
    return Table({
        "cycle": cycle, "epoch": facts.settings.epoch,
        "first_beat": np.isin(cycle, accepted.cycle[first]).astype(np.int64),
        "last_beat": np.isin(cycle, accepted.cycle[last != 0]).astype(np.int64),
    })  # fmt: skip


def write_table(writes: Transfers) -> Table:
    """One row a write to the shadow set."""
    columns = {name: np.asarray(writes.columns[name], dtype=np.int64) for name in ("sel", "addr", "data")}
    return Table({"cycle": writes.cycle, "epoch": writes.epoch} | columns)


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

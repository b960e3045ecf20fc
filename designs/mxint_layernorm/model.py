"""Reference model of ``mxint_layernorm``: a bit-exact fold over the accepted beats and strobes.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n beats of complete rows, k complete rows, 4 lanes, c commits. All
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
    partial_table,
    previous,
    select,
)
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

WAIT, MAX, SUM, MEAN, VAR, ROOT, EMIT = range(7)
OBSERVED = ("dbg_state", "dbg_rows", "dbg_pending", "dbg_bank")
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


@dataclass(frozen=True, slots=True)
class Beats:
    """The accepted beats of complete rows, in order."""

    cycle: IntColumn  # (n,)
    epoch: IntColumn  # (n,)
    m: IntColumn  # (n, 4)
    e: IntColumn  # (n,)
    last: IntColumn  # (n,)


@dataclass(frozen=True, slots=True)
class Settings:
    """Section 3.4: the sets of coefficients that were committed; set 0 is that of reset."""

    gamma: IntColumn  # (c + 1, 16)
    beta: IntColumn  # (c + 1, 16)
    cycle: IntColumn  # (c,) cycle of each commit, which made set number index + 1
    epoch: IntColumn  # (c,)
    late: IntColumn  # (c + 1,) place that the write in the cycle before the commit changed: gammas, then betas; or NONE


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
    rows: Packets
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
    keep = complete_mask(accepted.columns["last"], accepted.epoch)
    settings = committed(trace.accepted["cfg"], trace.accepted["commit"])
    beats = select_beats(accepted, keep)
    facts = compute(beats, find_packets(beats.last), settings)
    tables = {
        "lane": lane_table(facts),
        "beat": beat_table(facts),
        "row": row_table(facts, trace.accepted["cfg"]),
        "commit": commit_table(facts, accepted),
        "write": write_table(trace.accepted["cfg"]),
        "partial": partial_table(accepted, keep, trace.epoch),
    }
    return Observation(expected={"out": expected_beats(facts)}, tables=tables, levels=levels(trace, beats, facts.rows))


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, beats: Beats, rows: Packets) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    state, pending = at.pin("dbg_state"), at.high("dbg_pending")
    taken, last = at.moved("in"), at.field("in", "last") == 1
    ready, norm, affine, valid = pipeline(state == EMIT, at.high("out_ready"), trace.in_reset)
    emitted = (state == EMIT) & ready
    begins = (state == MAX) & (at.since(state) == 0)
    length = at.nth(rows.length, beats.epoch[rows.start], at.count(begins) + begins - 1)
    step = np.where(state == EMIT, at.within(state, emitted), at.since(state))
    at_last = step == np.where(state == ROOT, 2, length) - 1
    free = emitted & at_last
    complete, opened = at.count(taken & last, free), at.flag(taken & ~last, taken & last)
    swap = pending & (at.pin("dbg_rows") == 0) & ~norm & ~affine
    moves = np.select([state == WAIT, state == MEAN, state == EMIT], [complete > 0, True, free], at_last)
    return {
        "dbg_state": at.after(np.where(moves, (state + 1) % (EMIT + 1), state)),
        "dbg_rows": complete + opened,
        "dbg_pending": at.after(~swap & (at.moved("commit") | pending)),
        "dbg_bank": at.count(swap) & 1,
        "in_ready": ((complete < 2) & (opened | ~pending)).astype(np.int64),
        "out_valid": valid.astype(np.int64),
    }


def pipeline(offered: BoolColumn, out_ready: BoolColumn, reset: BoolColumn) -> tuple[BoolColumn, ...]:
    """For each cycle: whether the norm register takes a beat; whether it, the affine register and the output hold one.

    Nothing shows what the two registers hold, so they are followed from the reset on.
    """
    norm = affine = head = spare = False
    rows = []
    for offer, taken, resets in zip(offered.tolist(), out_ready.tolist(), reset.tolist(), strict=True):
        affine_ready = not (affine and spare)
        ready = not norm or affine_ready
        rows.append((ready, norm, affine, head))
        if resets:
            norm = affine = head = spare = False
            continue
        head, spare = (affine or spare, False) if taken or not head else (True, affine or spare)
        affine = norm if affine_ready else affine
        norm = offer if ready else norm
    return tuple(np.array(rows, np.bool_).reshape(-1, 4).T)


def compute(beats: Beats, rows: Packets, settings: Settings) -> Facts:
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


def select_beats(accepted: Transfers, keep: BoolColumn) -> Beats:
    """The beats of complete rows as int64 columns."""
    kept = select(accepted, keep)
    return Beats(
        cycle=kept.cycle,
        epoch=kept.epoch,
        m=kept.columns["m"].reshape(-1, LANES),
        e=kept.columns["e"],
        last=kept.columns["last"],
    )


# --- Coefficients ----------------------------------------------------------------------------


def committed(writes: Transfers, commits: Transfers) -> Settings:
    """The sets that the commits made: the shadow set after all writes of earlier cycles of the epoch."""
    places = (PLACES * writes.columns["sel"] + writes.columns["addr"]).tolist()
    changes = list(
        zip(writes.cycle.tolist(), writes.epoch.tolist(), places, writes.columns["data"].tolist(), strict=True)
    )
    neutral = [GAMMA_RESET] * PLACES + [BETA_RESET] * PLACES
    shadow, sets, late, now, done = list(neutral), [neutral], [NONE], NONE, 0
    for cycle, epoch in zip(commits.cycle.tolist(), commits.epoch.tolist(), strict=True):
        if epoch != now:
            shadow, now = list(neutral), epoch
        late.append(NONE)
        while done < len(changes) and changes[done][0] < cycle:
            when, written, place, data = changes[done]
            if written == epoch:
                late[-1] = place if when == cycle - 1 and shadow[place] != data else NONE
                shadow[place] = data
            done += 1
        sets.append(list(shadow))
    table = np.array(sets, dtype=np.int64)
    return Settings(table[:, :PLACES], table[:, PLACES:], commits.cycle, commits.epoch, np.array(late, dtype=np.int64))


def set_in_use(settings: Settings, cycle: IntColumn, epoch: IntColumn) -> IntColumn:
    """(k,) the set of rows that began in `cycle`: that of the last commit *before* this cycle, 0 after a reset."""
    number = np.searchsorted(settings.cycle, cycle, side="left")
    own = np.concatenate([np.full(1, NONE, np.int64), settings.epoch])[number] == epoch
    return np.where(own, number, 0).astype(np.int64)


# --- Arithmetic ------------------------------------------------------------------------------


def gather(beats: Beats, rows: Packets) -> Statistics:
    """Steps 1 to 6."""
    exp_max = rows.fold(np.maximum, beats.e)
    gap = exp_max[rows.of_beat] - beats.e
    a = beats.m >> gap[:, None]  # floors negative numbers too
    inverse = RECIPROCAL[rows.length]
    total = rows.fold(np.add, a)
    mean = (total * inverse) >> 12
    d = a - mean[rows.of_beat][:, None]
    squares = rows.fold(np.add, d * d)
    variance = (squares * inverse) >> 12
    return Statistics(exp_max, gap, a, total, mean, d, squares, variance)


def inverse_root(variance: IntColumn) -> Roots:
    """Steps 7 and 8."""
    p = bit_length(variance) - 1
    safe = np.maximum(p, 0)
    # The four bits behind the leading one, from a number that is long enough.
    f = ((variance << 4) >> safe) & 15
    flat = variance == 0
    index = np.where(flat, 0, 16 * (safe & 1) + f)
    return Roots(p=p, half=safe >> 1, index=index, factor=np.where(flat, 0, LUT[index]))


def normalise(d: IntColumn, roots: Roots, rows: Packets) -> IntColumn:
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


def row_table(facts: Facts, writes: Transfers) -> Table:
    """One row a complete row of the input. ``prev_*`` is 0 in the first row of an epoch."""
    beats, rows, stats, roots = facts.beats, facts.rows, facts.stats, facts.roots
    epoch = beats.epoch[rows.end]
    columns = {
        "cycle": beats.cycle[rows.end], "first_cycle": beats.cycle[rows.start], "epoch": epoch,
        "length": rows.length, "prev_length": previous(rows.length, epoch, 0),
        "exp_max": stats.exp_max, "prev_exp_max": previous(stats.exp_max, epoch, 0),
        "sum": stats.total, "mean": stats.mean,
        "squares": stats.squares, "variance": stats.variance, "p": roots.p, "index": roots.index,
        "d_min": rows.fold(np.minimum, stats.d), "d_max": rows.fold(np.maximum, stats.d),
        "last_gap": stats.gap[rows.end], "first_gap": stats.gap[rows.start],
    }  # fmt: skip
    columns |= maximum_columns(facts) | gap_columns(beats.cycle, beats.epoch, rows)
    return Table(columns | set_columns(facts) | dropped_columns(facts, writes))


def maximum_columns(facts: Facts) -> dict[str, IntColumn]:
    """(k,) the beats that hold the row's greatest exponent: the first, the last, how many."""
    rows, holds = facts.rows, facts.stats.gap == 0
    return {
        "max_beat": rows.fold(np.minimum, np.where(holds, rows.position, LANES)),
        "max_beat_last": rows.fold(np.maximum, np.where(holds, rows.position, NONE)),
        "max_holders": rows.fold(np.add, holds.astype(np.int64)),
    }


def set_columns(facts: Facts) -> dict[str, IntColumn]:
    """(k,) which set a row uses (0: that of reset), how many commits made it, and how many entries are new to it.

    ``new_sets`` counts the commits since the row before began, ``changed`` the entries of the places in
    use that differ from the set of the row before; ``since_commit`` is the number of cycles from the last commit
    to the first beat (-1: none); ``commit_at_first`` is 1 if a commit came in the cycle of the first beat;
    ``late`` is 1 if the write in the cycle directly before the commit of the set changed an entry in use.
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
        "late": ((settings.late[chosen] != NONE) & (settings.late[chosen] % PLACES < LANES * rows.length)).astype(
            np.int64
        ),
    }


def dropped_columns(facts: Facts, writes: Transfers) -> dict[str, IntColumn]:
    """(k,) what a row would take of the coefficients that the reset before its epoch has dropped, if it had not.

    ``dropped_set``: entries in use of the last committed set, for rows with the set of reset. ``dropped_writes``:
    entries in use of the shadow set, for rows with a later set, where that still has the coefficients of reset. Both
    count entries that differ from those of reset.
    """
    rows, settings, chosen = facts.rows, facts.settings, facts.set_of_row
    epoch = facts.beats.epoch[rows.start]
    sets = np.concatenate([settings.gamma, settings.beta], axis=1)
    used = np.tile(np.arange(PLACES) < LANES * rows.length[:, None], 2)
    commits = np.searchsorted(settings.epoch, epoch, side="left")
    committed_in = np.concatenate([np.full(1, NONE, np.int64), settings.epoch])  # by set; that of reset in none
    last_set = np.where((commits > 0) & (committed_in[commits] == epoch - 1), commits, 0)
    places = PLACES * writes.columns["sel"] + writes.columns["addr"]
    shadow = np.tile(sets[0], (len(rows.start), 1))
    for cut in np.unique(epoch).tolist():
        final = sets[0].copy()
        which = writes.epoch == cut - 1
        final[places[which]] = writes.columns["data"][which]  # of several assignments to one place the last one stays
        shadow[epoch == cut] = final
    lost = (used & (sets[last_set] != sets[0])).sum(axis=1)
    unwritten = (used & (sets[chosen] == sets[0]) & (shadow != sets[0])).sum(axis=1)
    return {
        "dropped_set": np.where(chosen == 0, lost, 0).astype(np.int64),
        "dropped_writes": np.where(chosen > 0, unwritten, 0).astype(np.int64),
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

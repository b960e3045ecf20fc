"""Reference model of ``lqer_dot``: a bit-exact fold over the accepted beats and the configuration writes.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n beats of complete vectors, k complete vectors, 8 lanes, 3 sums (main, rank 0, rank 1). All
arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dv_agent.designs.bits import bit_length
from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import (
    NONE,
    Packets,
    complete_mask,
    find_packets,
    partial_table,
    places,
    previous,
    select,
)
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

LIMIT = 127  # mantissas are clamped to -LIMIT..LIMIT
BITS = 7  # of a mantissa's magnitude
PAD = 4  # low bits that pad a product before it is aligned
CORRECTION_BIAS = 22
RESULT_BIAS = 14
ZERO_EXPONENT = -32
CONFIG = ("b0", "b1", "eb", "lr_en")
WAIT, NORM, REQ, DOTB, ADD, CAST, SEND = range(7)
QUEUE_PLACES = 2
OBSERVED = ("dbg_beat", "dbg_queue_level", "dbg_tail")


@dataclass(frozen=True, slots=True)
class Beats:
    """The accepted beats of complete vectors, in order."""

    cycle: IntColumn  # (n,)
    epoch: IntColumn  # (n,)
    last: IntColumn  # (n,)
    products: IntColumn  # (n, 3): P, R0, R1
    main_exp: IntColumn  # (n,): E
    rank_exp: IntColumn  # (n,): F


@dataclass(frozen=True, slots=True)
class Running:
    """Section 3.2, beat by beat. ``exp`` has shape (n,), the sums (n, sums)."""

    exp: IntColumn  # greatest exponent, this beat included
    step: IntColumn  # (n,) beat's exponent less the one before; 0 in the first beat of a vector
    before: IntColumn  # sums before the beat, 0 in the first beat of a vector
    total: IntColumn  # sums, this beat included


@dataclass(frozen=True, slots=True)
class Rounded:
    """Rounding of step 8 or 13; one shape."""

    m: IntColumn  # rounded and clamped
    floor: IntColumn  # the number over 2^(length - 7), floored
    rest: IntColumn  # what the floor took away, in units of the number
    unit: IntColumn  # what 1 of the mantissa is in these units; `rest` is below it
    carry: IntColumn  # 1 where the magnitude became 128 and was clamped


@dataclass(frozen=True, slots=True)
class Correction:
    """Section 3.3; (k,) or (k, 2)."""

    present: IntColumn  # 1 where the correction is not absent
    length: IntColumn  # L; 0 where both rank sums are zero
    t: Rounded  # (k, 2)
    value: IntColumn  # C; 0 where the correction is absent


@dataclass(frozen=True, slots=True)
class Result:
    """Sections 3.4 and 3.5; (k,)."""

    gap: IntColumn  # CE - SE; 0 where the correction is absent
    main: IntColumn  # S after alignment
    added: IntColumn  # 16 * C after alignment
    total: IntColumn  # Y
    exp: IntColumn  # YE
    length: IntColumn  # N
    m: Rounded
    e: IntColumn


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about the complete vectors."""

    beats: Beats
    vectors: Packets
    config: dict[str, IntColumn]  # (k,) by field
    writes: IntColumn  # (k,) writes of the epoch before the vector's first beat
    forgotten: IntColumn  # (k,) lr_en of the last write before, if a reset cleared it and no other came
    main: Running
    rank: Running
    correction: Correction
    result: Result
    kept: Result  # what the results would be if the correction of the vector before were kept, with L = 0


def observe(trace: Trace) -> Observation:
    """Fold one trace: the results that the design owes, and raw facts about them.

    Tables: ``beat`` (one row an input beat) and ``vector`` (one a complete vector), about complete vectors only;
    ``write`` (one a configuration write); ``partial`` (one a vector that a reset or the end of the trace cut off).
    ``cycle`` is the cycle in which the (last) beat concerned was accepted, or of the write.
    """
    accepted, writes = trace.accepted["in"], trace.accepted["cfg"]
    keep = complete_mask(accepted.columns["last"], accepted.epoch)
    facts = evaluate(accepted, keep, writes)
    result, vectors = facts.result, facts.vectors
    columns = {"m": result.m.m, "e": result.e, "zero": (result.total == 0).astype(np.int64)}
    expected = Expected(facts.beats.epoch[vectors.end], columns, facts.beats.cycle[vectors.end])
    tables = {
        "beat": beat_table(facts),
        "vector": vector_table(facts),
        "write": write_table(writes, accepted),
        "partial": partial_table(accepted, keep, trace.epoch),
    }
    return Observation(expected={"y": expected}, tables=tables, levels=levels(trace, facts))


def evaluate(accepted: Transfers, keep: BoolColumn, writes: Transfers) -> Facts:
    """Everything of section 3 and the sampling of section 5."""
    beats = select_beats(accepted, keep)
    vectors = find_packets(beats.last)
    config, count, forgotten = sample_config(writes, beats.cycle[vectors.start], beats.epoch[vectors.start])
    main = accumulate(beats.products[:, :1], beats.main_exp, vectors)
    rank = accumulate(beats.products[:, 1:], beats.rank_exp, vectors)
    sums, sum_exp = main.total[vectors.end, 0], main.exp[vectors.end]
    correction = requantise(rank.total[vectors.end], config)
    correction_exp = rank.exp[vectors.end] + correction.length + config["eb"] - CORRECTION_BIAS
    result = finish(sums, sum_exp, correction, correction_exp)
    before = previous(correction.value, beats.epoch[vectors.end], 0)
    old = replace(correction, present=np.ones_like(before), value=before)
    kept = finish(sums, sum_exp, old, rank.exp[vectors.end] + config["eb"] - CORRECTION_BIAS)
    return Facts(beats, vectors, config, count, forgotten, main, rank, correction, result, kept)


# --- Beats and vectors -----------------------------------------------------------------------


def select_beats(accepted: Transfers, keep: BoolColumn) -> Beats:
    """Steps 1 and 2 for the beats of complete vectors."""
    kept = select(accepted, keep)
    x = kept.columns["x"].reshape(-1, 8)
    products = [(x * kept.columns[name].reshape(-1, 8)).sum(axis=1) for name in ("w", "a0", "a1")]
    return Beats(
        cycle=kept.cycle,
        epoch=kept.epoch,
        last=kept.columns["last"],
        products=np.stack(products, axis=1).astype(np.int64),
        main_exp=kept.columns["ex"] + kept.columns["ew"],
        rank_exp=kept.columns["ex"] + kept.columns["ea"],
    )


def sample_config(
    writes: Transfers, first: IntColumn, epoch: IntColumn
) -> tuple[dict[str, IntColumn], IntColumn, IntColumn]:
    """Section 5: configuration, writes before and forgotten lr_en of vectors, by cycle and epoch of their first beats.

    A write in the very cycle of a first beat comes too late for it.
    """
    before = np.searchsorted(writes.cycle, first, side="left")
    epoch_start = np.searchsorted(writes.epoch, epoch, side="left")
    count = np.asarray(np.maximum(before - epoch_start, 0), dtype=np.int64)
    # Place 0 stands for the reset values.
    values = {name: np.concatenate([np.zeros(1, np.int64), writes.columns[name]]).astype(np.int64) for name in CONFIG}
    config = {name: column[np.where(count > 0, before, 0)] for name, column in values.items()}
    return config, count, np.where(count > 0, 0, values["lr_en"][before])


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, facts: Facts) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    beat, queue, tail = at.high("dbg_beat"), at.pin("dbg_queue_level"), at.pin("dbg_tail")
    taken = at.moved("in")
    ends = at.held(taken, at.field("in", "last")) == 1
    moves = beat & (~ends | (queue < QUEUE_PLACES))
    takes = (tail == WAIT) & (queue > 0)
    room, valid = at.skid(tail == SEND, at.waiting("y"))
    # Where a vector goes on: by its configuration, and by its rank sums.
    epoch, vector = facts.beats.epoch[facts.vectors.end], at.count(takes)
    begin = np.where(at.nth(facts.config["lr_en"], epoch, vector) == 1, NORM, ADD)
    normed = np.where(at.nth(facts.correction.length, epoch, vector - 1) == 0, ADD, REQ)
    done = np.select([tail == WAIT, tail == DOTB, tail == SEND], [takes, at.since(tail) == 1, room], True)
    follows = np.select([tail == WAIT, tail == NORM, tail == SEND], [begin, normed, WAIT], tail + 1)
    return {
        "dbg_beat": at.after(taken | (beat & ~moves)),
        "dbg_queue_level": at.count(moves & ends, takes),
        "dbg_tail": at.after(np.where(done, follows, tail)),
        "in_ready": (~beat | moves).astype(np.int64),
        "y_valid": valid,
    }


# --- Arithmetic ------------------------------------------------------------------------------


def accumulate(products: IntColumn, exps: IntColumn, vectors: Packets) -> Running:
    """Steps 3 to 5: all vectors at once, one place of the vector after the other. Args: products (n, sums)."""
    exp, step = exps.copy(), np.zeros_like(exps)
    before, total = np.zeros_like(products), products << PAD
    for place in range(1, int(vectors.length.max(initial=1))):
        now = np.flatnonzero(vectors.position == place)
        old = now - 1
        exp[now] = np.maximum(exp[old], exps[now])
        step[now] = exps[now] - exp[old]
        before[now] = total[old]
        # Each term is floored on its own; NumPy's >> floors negative numbers too.
        kept = total[old] >> (exp[now] - exp[old])[:, None]
        total[now] = kept + (total[now] >> (exp[now] - exps[now])[:, None])
    return Running(exp=exp, step=step, before=before, total=total)


def round_cast(values: IntColumn, length: IntColumn) -> Rounded:
    """rhe(values / 2^(length - 7)), clamped. The shapes match."""
    up, down = np.maximum(BITS - length, 0), np.maximum(length - BITS, 0)
    scaled, unit = values << up, np.left_shift(1, down)
    floor, rest = scaled >> down, scaled & (unit - 1)
    away = (2 * rest > unit) | ((2 * rest == unit) & (floor & 1 == 1))
    rounded = floor + away
    m = np.clip(rounded, -LIMIT, LIMIT).astype(np.int64)
    return Rounded(m=m, floor=floor, rest=rest, unit=unit, carry=(rounded != m).astype(np.int64))


def requantise(rank_sums: IntColumn, config: dict[str, IntColumn]) -> Correction:
    """Steps 6 to 9. Args: rank_sums (k, 2)."""
    length = bit_length(np.abs(rank_sums).max(axis=1, initial=0))
    t = round_cast(rank_sums, np.repeat(length[:, None], 2, axis=1))
    present = ((config["lr_en"] == 1) & (length > 0)).astype(np.int64)
    value = present * (t.m[:, 0] * config["b0"] + t.m[:, 1] * config["b1"])
    return Correction(present=present, length=length, t=t, value=value)


def finish(sums: IntColumn, sum_exp: IntColumn, correction: Correction, correction_exp: IntColumn) -> Result:
    """Steps 10 to 13."""
    gap = correction.present * (correction_exp - sum_exp)
    main = sums >> np.maximum(gap, 0)
    added = (correction.value << PAD) >> np.maximum(-gap, 0)
    total = main + added
    exp = sum_exp + np.maximum(gap, 0)
    length = bit_length(np.abs(total))
    e = np.where(total == 0, ZERO_EXPONENT, length + exp - RESULT_BIAS).astype(np.int64)
    return Result(gap, main, added, total, exp, length, round_cast(total, length), e)


# --- Tables ----------------------------------------------------------------------------------


def beat_table(facts: Facts) -> Table:
    """One row an input beat of a complete vector."""
    beats, vectors, main, rank = facts.beats, facts.vectors, facts.main, facts.rank
    columns = {
        "cycle": beats.cycle, "epoch": beats.epoch, "vector": vectors.of_beat, "place": vectors.position,
        "length": vectors.length[vectors.of_beat], "last": beats.last,
        "p": beats.products[:, 0], "r0": beats.products[:, 1], "r1": beats.products[:, 2],
        "main_step": main.step, "rank_step": rank.step, "main_exp": main.exp, "rank_exp": rank.exp,
        "main_before": main.before[:, 0], "rank0_before": rank.before[:, 0], "rank1_before": rank.before[:, 1],
        "main_sum": main.total[:, 0], "rank0_sum": rank.total[:, 0], "rank1_sum": rank.total[:, 1],
        "lr_en": facts.config["lr_en"][vectors.of_beat],
    }  # fmt: skip
    return Table(columns)


def lifts(running: Running, vectors: Packets) -> IntColumn:
    """(k,) how many later beats of each vector raised the running exponent."""
    return vectors.fold(np.add, (running.step > 0).astype(np.int64))


def vector_table(facts: Facts) -> Table:
    """One row a complete vector. ``prev_*`` belong to the vector before in the same epoch, 0 without.

    ``kept_shows``: 1 if `Facts.kept` is another result.
    """
    beats, vectors, correction, result = facts.beats, facts.vectors, facts.correction, facts.result
    start, end, t = vectors.start, vectors.end, correction.t
    epoch = beats.epoch[end]
    columns = {
        "cycle": beats.cycle[end], "first_cycle": beats.cycle[start], "epoch": epoch, "length": vectors.length,
        "main_sum": facts.main.total[end, 0], "main_exp": facts.main.exp[end], "main_lifts": lifts(facts.main, vectors),
        "rank0_sum": facts.rank.total[end, 0], "rank1_sum": facts.rank.total[end, 1],
        "rank_exp": facts.rank.exp[end], "rank_lifts": lifts(facts.rank, vectors),
        "block_length": correction.length, "present": correction.present, "correction": correction.value,
        "t0": t.m[:, 0], "rest0": t.rest[:, 0], "odd0": t.floor[:, 0] & 1, "carry0": t.carry[:, 0],
        "t1": t.m[:, 1], "rest1": t.rest[:, 1], "odd1": t.floor[:, 1] & 1, "carry1": t.carry[:, 1],
        "unit": t.unit[:, 0], "align": result.gap,
        "aligned_main": result.main, "aligned_correction": result.added,
        "total": result.total, "total_exp": result.exp, "total_length": result.length,
        "m": result.m.m, "out_rest": result.m.rest, "out_odd": result.m.floor & 1, "out_unit": result.m.unit,
        "out_carry": result.m.carry, "e": result.e, "writes": facts.writes, "forgotten_lr_en": facts.forgotten,
        "kept_shows": ((facts.kept.m.m != result.m.m) | (facts.kept.e != result.e)).astype(np.int64),
    } | facts.config  # fmt: skip
    for name in ("length", "lr_en", "block_length", "present", "writes"):
        columns[f"prev_{name}"] = previous(columns[name], epoch, 0)
    columns["gap_before"] = beats.cycle[start] - previous(beats.cycle[end], epoch, 0) - 1
    return Table(columns)


def padded(values: IntColumn) -> IntColumn:
    """`values` and a dummy behind them, which the index -1 means too."""
    return np.concatenate([values, np.full(1, NONE)]).astype(np.int64)


def write_table(writes: Transfers, accepted: Transfers) -> Table:
    """One row a configuration write.

    ``open_beats`` counts the beats accepted before of a vector that had begun and not ended, ``done_beats`` those of
    the last vector that had ended, if no other has begun; ``first_beat`` is 1 if the first beat of a vector is accepted
    in the same cycle, ``only_beat`` if that vector has one beat. ``pause`` is the cycles since the write before.
    """
    position = np.searchsorted(accepted.cycle, writes.cycle, side="left")
    before = position - 1
    last, place = padded(accepted.columns["last"]), padded(places(accepted.columns["last"], accepted.epoch))
    count = np.where(padded(accepted.epoch)[before] == writes.epoch, place[before] + 1, 0)
    begins = (padded(accepted.cycle)[position] == writes.cycle) & (place[position] == 0)
    columns = {
        "cycle": writes.cycle, "epoch": writes.epoch,
        "open_beats": np.where(last[before] == 0, count, 0), "done_beats": np.where(last[before] == 1, count, 0),
        "first_beat": begins.astype(np.int64), "only_beat": (begins & (last[position] == 1)).astype(np.int64),
        "pause": writes.cycle - previous(writes.cycle, writes.epoch, NONE),
    }  # fmt: skip
    for name in CONFIG:
        columns[name] = np.asarray(writes.columns[name], dtype=np.int64)
        columns[f"prev_{name}"] = previous(columns[name], writes.epoch, 0)
    return Table(columns)

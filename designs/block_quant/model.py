"""Reference model of ``block_quant``: a bit-exact fold over the accepted elements.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: t accepted elements, k complete blocks, 8 places. All arrays are
int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.bits import bit_length
from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, begins_epoch, complete_mask, count_up, previous, select
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

PLACES = 8
BFP, BM, BL = range(3)
IDLE, HEAD, CODE = range(3)
OBSERVED = ("dbg_fill", "dbg_full", "dbg_state", "dbg_place", "dbg_format", "dbg_zero", "dbg_pipe")
CODE_MAX = 127
ROOT_TWO = 46340  # floor(sqrt(2) * 2^15)
EXACT, DOWN, TIE_DOWN, TIE_UP, UP = range(5)  # what rounding to the nearest, ties to even, did


@dataclass(frozen=True, slots=True)
class Blocks:
    """The complete blocks, in order."""

    cycles: IntColumn  # (k, 8) cycle in which each element was accepted
    epoch: IntColumn  # (k,)
    x: IntColumn  # (k, 8)
    fmt: IntColumn  # (k, 8) `in_fmt` as it came with each element
    start: IntColumn  # (k,) index of the first element among all accepted ones

    @property
    def format(self) -> IntColumn:
        """(k,) step 1: that of the first element; 3 means 2."""
        return np.minimum(self.fmt[:, 0], BL)


@dataclass(frozen=True, slots=True)
class Scales:
    """Section 3.1; every array has shape (k,)."""

    peak: IntColumn
    exponent: IntColumn


@dataclass(frozen=True, slots=True)
class Rounded:
    """A quotient rounded to the nearest integer, ties to even."""

    floor: IntColumn
    value: IntColumn
    how: IntColumn  # EXACT to UP


@dataclass(frozen=True, slots=True)
class Codes:
    """Sections 3.2 to 3.4; every array has shape (k, 8)."""

    top: IntColumn  # fl(a), NONE for a zero
    cut: IntColumn  # the code without its sign, rounded down instead (BL: fl(a) in place of l)
    full: IntColumn  # the code without its sign, before saturation
    how: IntColumn  # EXACT to UP; in BL 0
    code: IntColumn


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about the complete blocks."""

    blocks: Blocks
    scales: Scales
    codes: Codes


def observe(trace: Trace) -> Observation:
    """Fold one trace: the beats that the design owes, and raw facts about blocks.

    Tables, all about complete blocks only: ``block`` (one row a block) and ``element`` (one an element), with the cycle
    in which the block was closed. ``open`` is ``block`` again, with the cycle of the block's first element.
    """
    accepted = trace.accepted["in"]
    blocks = find_blocks(accepted)
    scales = find_scales(blocks)
    facts = Facts(blocks, scales, encode(blocks.x, blocks.format, scales.exponent))
    columns = block_columns(facts, accepted)
    tables = {
        "block": Table(columns),
        "open": Table(columns | {"cycle": blocks.cycles[:, 0]}),
        "element": element_table(facts),
    }
    return Observation(expected={"out": expected_beats(facts)}, tables=tables, levels=levels(trace, blocks, scales))


def find_blocks(accepted: Transfers) -> Blocks:
    """Eight accepted elements in a row of one epoch are a block."""
    in_epoch = np.diff(np.flatnonzero(begins_epoch(accepted.epoch)), append=len(accepted)).astype(np.int64)
    place = count_up(in_epoch) % PLACES
    last = (place == PLACES - 1).astype(np.int64)
    keep = complete_mask(last, accepted.epoch)
    kept = select(accepted, keep)
    return Blocks(
        cycles=kept.cycle.reshape(-1, PLACES),
        epoch=kept.epoch[::PLACES],
        x=kept.columns["x"].reshape(-1, PLACES),
        fmt=kept.columns["fmt"].reshape(-1, PLACES),
        start=np.flatnonzero(keep)[::PLACES].astype(np.int64),
    )


def expected_beats(facts: Facts) -> Expected:
    """Section 3.5: nine beats for each complete block; caused by its last element."""
    blocks = facts.blocks
    header = blocks.format * 16 + facts.scales.exponent
    k = len(header)
    beat = np.tile(np.arange(PLACES + 1, dtype=np.int64), k)
    columns = {
        "data": np.concatenate([header[:, None], facts.codes.code], axis=1).reshape(-1),
        "head": (beat == 0).astype(np.int64),
        "last": (beat == PLACES).astype(np.int64),
    }
    repeat = PLACES + 1
    return Expected(
        epoch=np.repeat(blocks.epoch, repeat), columns=columns, cause_cycle=np.repeat(blocks.cycles[:, -1], repeat)
    )


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, blocks: Blocks, scales: Scales) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    fill, state, place, full, pipe = (at.pin(f"dbg_{name}") for name in ("fill", "state", "place", "full", "pipe"))
    taken = at.moved("in")
    close = taken & (fill == PLACES - 1)
    buffer = at.count(close) & 1
    in_norm, in_code = (pipe & 1) == 1, (pipe & 2) == 2
    room, valid = at.skid(in_code, at.waiting("out"))
    code_ready = ~in_code | room
    norm_ready = ~in_norm | code_ready
    last = (state == CODE) & (place == PLACES - 1) & norm_ready
    drained = at.count(last) & 1
    load = ((state == IDLE) | last) & ((full >> np.where(state == IDLE, drained, 1 - drained)) & 1 == 1)
    goes_on = np.where((state == HEAD) & norm_ready, CODE, state)
    job = at.count(load) - 1
    busy = state != IDLE
    return {
        "dbg_fill": at.count(taken) % PLACES,
        "dbg_full": at.after((full | close.astype(np.int64) << buffer) & ~(last.astype(np.int64) << drained)),
        "dbg_state": at.after(np.where(load, HEAD, np.where(last, IDLE, goes_on))),
        "dbg_place": at.count((state == CODE) & norm_ready) % PLACES,
        "dbg_format": np.where(busy, at.nth(blocks.format, blocks.epoch, job), 0),
        "dbg_zero": np.where(busy, at.nth(scales.peak == 0, blocks.epoch, job), 0),
        "dbg_pipe": at.after(np.where(norm_ready, busy, in_norm) + 2 * np.where(code_ready, in_norm, in_code)),
        "in_ready": 1 - (full >> buffer & 1),
        "out_valid": valid,
    }


# --- Arithmetic ------------------------------------------------------------------------------


def find_scales(blocks: Blocks) -> Scales:
    """Steps 2 to 4."""
    peak = np.abs(blocks.x).max(axis=1, initial=0)
    # fl(M) = bit length of M - 1, cl(M) = bit length of M-1; a zero block has 0.
    floor, ceil = bit_length(peak) - 1, bit_length(np.maximum(peak - 1, 0))
    exponent = np.where(blocks.format == BM, floor, ceil)
    return Scales(peak=peak, exponent=np.where(peak == 0, 0, exponent))


def nearest_even(numerator: IntColumn, log_divisor: IntColumn) -> Rounded:
    """numerator / 2^log_divisor, rounded to the nearest integer, ties to even."""
    floor = numerator >> log_divisor
    twice, divisor = 2 * (numerator - (floor << log_divisor)), 1 << log_divisor
    tie = np.where(floor & 1, TIE_UP, TIE_DOWN)
    how = np.select(
        [twice == 0, twice < divisor, twice == divisor], [np.full_like(tie, EXACT), np.full_like(tie, DOWN), tie], UP
    )
    return Rounded(floor=floor, value=floor + (how >= TIE_UP), how=how)


def encode(x: IntColumn, block_format: IntColumn, exponent: IntColumn) -> Codes:
    """Every element in the format of its block."""
    magnitude, format_, e = np.abs(x), block_format[:, None], exponent[:, None]
    top = bit_length(magnitude) - 1
    point, mini, logarithm = encode_bfp(magnitude, e), encode_bm(magnitude, top, e), encode_bl(magnitude, top, e)
    of_format = [np.broadcast_to(format_ == BFP, x.shape), np.broadcast_to(format_ == BM, x.shape)]
    cut, full, how = (np.select(of_format, [a, b], c) for a, b, c in zip(point, mini, logarithm, strict=True))
    # Steps 6, 11 and 13: in no format a zero is negative.
    code = 128 * (x < 0) + np.minimum(full, CODE_MAX)
    return Codes(top=top, cut=cut, full=full, how=how, code=code)


def encode_bfp(magnitude: IntColumn, e: IntColumn) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Step 5: `cut`, `full` and `how` of `Codes`."""
    rounded = nearest_even(magnitude << 7, e)
    return rounded.floor, rounded.value, rounded.how


def encode_bm(magnitude: IntColumn, top: IntColumn, e: IntColumn) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Steps 7 to 10."""
    distance = e - top
    normal = (distance <= 6) & (magnitude > 0)
    # Both cases as a * 2^10 over a power of two: a * 16 / 2^fl(a), and a / 2^(e - 10).
    rounded = nearest_even(magnitude << 10, np.where(normal, top + 6, np.broadcast_to(e, top.shape)))
    # 16 E + (r - 16), with E = 7 - d.
    offset = np.where(normal, 16 * (6 - distance), 0)
    return offset + rounded.floor, offset + rounded.value, rounded.how


def encode_bl(magnitude: IntColumn, top: IntColumn, e: IntColumn) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Steps 12 and 13."""
    up = (magnitude * magnitude >= 2 << (2 * np.maximum(top, 0))).astype(np.int64)
    zero = magnitude == 0
    cut = np.where(zero, 0, 15 - (e - top))
    return cut, np.where(zero, 0, cut + up), np.zeros_like(cut)


# --- Tables ----------------------------------------------------------------------------------


def block_columns(facts: Facts, accepted: Transfers) -> dict[str, IntColumn]:
    """One row a block. ``prev_*`` and ``prev2_*`` belong to the blocks before in the same epoch, `NONE` without one.

    ``dropped``: elements of the open block that a reset dropped directly before this block; ``dropped_format`` its
    format, ``dropped_peak`` its greatest magnitude (`NONE` if there was none).
    """
    blocks, scales = facts.blocks, facts.scales
    x, magnitude, peak = blocks.x, np.abs(blocks.x), scales.peak
    at_peak = magnitude == peak[:, None]
    columns = {
        "cycle": blocks.cycles[:, -1], "epoch": blocks.epoch, "format": blocks.format, "fmt": blocks.fmt[:, 0],
        "exponent": scales.exponent, "peak": peak, "zero": peak == 0, "zeros": (x == 0).sum(axis=1),
        "negatives": (x < 0).sum(axis=1), "peaks": at_peak.sum(axis=1), "peak_place": at_peak.argmax(axis=1),
        "peak_signs": (at_peak & (x > 0)).any(axis=1) + 2 * (at_peak & (x < 0)).any(axis=1),
        "lowest": (x == -32768).sum(axis=1), "first": x[:, 0], "final": x[:, -1],
        "fmt_changes": (np.minimum(blocks.fmt, BL) != blocks.format[:, None]).sum(axis=1),
    }  # fmt: skip
    table = {name: values.astype(np.int64) for name, values in columns.items()}
    for name in ("format", "zero", "exponent", "peak"):
        table[f"prev_{name}"] = previous(table[name], blocks.epoch)
        table[f"prev2_{name}"] = previous(table[f"prev_{name}"], blocks.epoch)
    return table | dropped_columns(blocks, accepted)


def dropped_columns(blocks: Blocks, accepted: Transfers) -> dict[str, IntColumn]:
    """(k,) see `block_columns`."""
    k = len(blocks.start)
    end_before = np.concatenate([np.zeros(1, np.int64), blocks.start + PLACES])[:k]
    names = ("dropped", "dropped_format", "dropped_peak")
    columns = {name: np.full(k, none, np.int64) for name, none in zip(names, (0, NONE, NONE), strict=True)}
    for row in np.flatnonzero(blocks.start > end_before):
        begin, end = int(end_before[row]), int(blocks.start[row])
        # Several resets may have dropped something; the last one counts.
        begin += int(np.flatnonzero(begins_epoch(accepted.epoch[begin:end]))[-1])
        columns["dropped"][row] = end - begin
        columns["dropped_format"][row] = min(int(accepted.columns["fmt"][begin]), BL)
        columns["dropped_peak"][row] = int(np.abs(accepted.columns["x"][begin:end].astype(np.int64)).max())
    return columns


def element_table(facts: Facts) -> Table:
    """One row an element, block by block.

    ``distance`` is e - fl(a) (`NONE` for a zero), ``past_root`` how far a lies above floor(sqrt(2) * 2^fl(a));
    ``prev_x`` is the element before in the same block (0 for the first).
    """
    blocks, codes, exponent = facts.blocks, facts.codes, facts.scales.exponent
    magnitude = np.abs(blocks.x)
    root = ROOT_TWO >> (15 - np.maximum(codes.top, 0))
    prev_x = np.concatenate([np.zeros((len(blocks.x), 1), np.int64), blocks.x[:, :-1]], axis=1)
    singles = {
        "cycle": blocks.cycles[:, -1], "epoch": blocks.epoch, "block": np.arange(len(exponent), dtype=np.int64),
        "format": blocks.format, "exponent": exponent,
    }  # fmt: skip
    columns = {name: np.repeat(values, PLACES) for name, values in singles.items()}
    columns["place"] = np.tile(np.arange(PLACES, dtype=np.int64), len(exponent))
    pairs = {
        "x": blocks.x, "a": magnitude, "top": codes.top, "cut": codes.cut, "full": codes.full, "how": codes.how,
        "code": codes.code, "distance": np.where(magnitude == 0, NONE, exponent[:, None] - codes.top),
        "past_root": np.where(magnitude == 0, NONE, magnitude - root), "prev_x": prev_x,
    }  # fmt: skip
    return Table(columns | {name: values.reshape(-1) for name, values in pairs.items()})

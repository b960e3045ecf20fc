"""Reference model of ``mxint_gelu``: a bit-exact fold over the accepted beats.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n accepted beats, 2 lanes. All arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.bits import bit_length
from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, begins_epoch, idle_before, previous, select
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

LANES = 2
S_MIN, S_MAX = -32, 31
X_MIN = -8
DIP = np.array(
    [0, 7, 13, 17, 20, 21, 22, 21, 20, 19, 17, 15, 13, 11, 9, 7, 6, 5, 4, 3, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    dtype=np.int64,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """The accepted beats, and section 3 about them; arrays are (n,) or (n, 2)."""

    cycle: IntColumn
    epoch: IntColumn
    m: IntColumn  # (n, 2)
    e: IntColumn
    s: IntColumn  # (n, 2) 8 x, floored
    y: IntColumn  # (n, 2)
    length: IntColumn  # B
    x: IntColumn  # X
    zeros: IntColumn  # blocks of zeros in a row, this one included
    floor: IntColumn  # (n, 2) mantissa before rounding
    rest: IntColumn  # (n, 2) what the floor took away, in 1/128
    mant: IntColumn  # (n, 2) M


def observe(trace: Trace) -> Observation:
    """Fold one trace: the output beats that the design owes, and raw facts about them.

    Tables: ``lane`` (one row an element) and ``beat`` (one an input beat). ``cycle`` is the cycle in which the beat was
    accepted.
    """
    facts = evaluate(trace.accepted["in"])
    columns = {"m": facts.mant, "e": facts.x}
    expected = Expected(epoch=facts.epoch, columns=columns, cause_cycle=facts.cycle)
    tables = {"lane": lane_table(facts), "beat": beat_table(facts)}
    return Observation(expected={"out": expected}, tables=tables, levels=levels(trace, facts))


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, facts: Facts) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, ("dbg_held", "dbg_kept")):
        return {}
    at = Clocked(trace)
    held = at.high("dbg_held")
    room, valid = at.skid(held, at.waiting("out"))
    moves = held & room
    return {
        "dbg_held": at.after(at.moved("in") | (held & ~moves)),
        "dbg_kept": at.held(moves, at.nth(facts.x, facts.epoch, at.count(moves)), X_MIN) & 15,
        "in_ready": (~held | room).astype(np.int64),
        "out_valid": valid,
    }


# --- Arithmetic ------------------------------------------------------------------------------


def evaluate(accepted: Transfers) -> Facts:
    """Section 3 for all accepted beats."""
    beats = select(accepted, np.ones(len(accepted), np.bool_))
    m, e = beats.columns["m"].reshape(-1, LANES), beats.columns["e"]
    s, y = gelu(m, e)
    length = bit_length(np.abs(y).max(axis=1, initial=0))
    x, zeros = block_exponent(length, beats.epoch)
    # y * 2^-X in 1/128, exactly: X = B - 7 is at most 7, and y is 0 where X comes from an earlier block.
    scaled = (y << 14) >> length[:, None]
    floor, rest = scaled >> 7, scaled & 127
    up = (rest > 64) | ((rest == 64) & (floor & 1 == 1))
    return Facts(beats.cycle, beats.epoch, m, e, s, y, length, x, zeros, floor, rest, mant=floor + up)


def gelu(m: IntColumn, e: IntColumn) -> tuple[IntColumn, IntColumn]:
    """Steps 1 to 4: s and y, (n, 2) each. Args: m (n, 2) in -128..127, e (n,) in -8..7."""
    s = (8 * m) >> (7 - e)[:, None]  # floors negative numbers too
    inside = np.clip(s, S_MIN, S_MAX)
    table = 16 * np.maximum(inside, 0) - DIP[np.abs(inside)]
    # Only exponents of 3 and more reach s > 31; the others must not make a negative shift here.
    passed = m << np.maximum(e, 0)[:, None]
    return s, np.where(s > S_MAX, passed, np.where(s < S_MIN, 0, table))


def block_exponent(length: IntColumn, epoch: IntColumn) -> tuple[IntColumn, IntColumn]:
    """Step 6: X, and how many blocks of zeros in a row there are in this epoch up to each beat; (n,) each."""
    index = np.arange(len(length), dtype=np.int64)
    if not len(index):
        return index, index
    # The last beat with an exponent of its own, and the first beat of the epoch.
    own = np.maximum.accumulate(np.where(length > 0, index, NONE))
    start = np.maximum.accumulate(np.where(begins_epoch(epoch), index, 0))
    x = np.where(own >= start, length[own] - 7, X_MIN)
    return x, index - np.maximum(own, start - 1)


# --- Tables ----------------------------------------------------------------------------------


def lane_table(facts: Facts) -> Table:
    """One row an element: beat by beat, lane 0 before lane 1. ``other_y`` is the y of the other lane."""
    pairs = {
        "m": facts.m, "s": facts.s, "y": facts.y, "other_y": facts.y[:, ::-1], "floor": facts.floor,
        "rest": facts.rest, "out_m": facts.mant,
    }  # fmt: skip
    singles = {
        "cycle": facts.cycle, "epoch": facts.epoch, "e": facts.e, "length": facts.length, "x": facts.x,
    }  # fmt: skip
    columns = {name: np.repeat(values, LANES) for name, values in singles.items()}
    columns["lane"] = np.tile(np.arange(LANES, dtype=np.int64), len(facts.cycle))
    return Table(columns | {name: values.reshape(-1) for name, values in pairs.items()})


def beat_table(facts: Facts) -> Table:
    """One row an input beat. ``prev_*`` belong to the beat accepted before in the same epoch.

    Without one ``prev_x`` is -8 and ``prev_length`` is -1. ``gap`` is the cycles without a beat since then, -1 without.
    """
    columns = {
        "cycle": facts.cycle, "epoch": facts.epoch, "e": facts.e, "length": facts.length, "x": facts.x,
        "zeros": facts.zeros, "prev_x": previous(facts.x, facts.epoch, X_MIN),
        "prev_length": previous(facts.length, facts.epoch), "gap": idle_before(facts.cycle, facts.epoch),
    }  # fmt: skip
    pairs = {"m": facts.m, "s": facts.s, "y": facts.y}
    return Table(columns | {f"{name}{lane}": values[:, lane] for name, values in pairs.items() for lane in (0, 1)})

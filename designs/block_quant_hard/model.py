"""Reference model of ``block_quant_hard``: that of ``block_quant``, and tables of what lasted and what came of it.

Arithmetic and outputs are those of the part. The tables here hold facts that need many blocks, or both streams: what
leaves as a block is closed, what is owed, how long a condition held, what a reset cut and what followed.
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
from dv_agent.designs.trace import IntColumn, Trace, Transfers

QUANT = part_model("block_quant")
WINDOW = 256
BEATS, PLACES = 9, 8
Columns = dict[str, IntColumn]


def observe(trace: Trace) -> Observation:
    """Return what the part owes, and the tables.

    ``block`` and ``element`` are those of the part, the first with more columns. ``left``: a row an output beat, in the
    cycle in which it is taken. ``window``: a row for 256 cycles. ``restart``: a row a reset after the initial one, in
    the cycle before it.
    """
    part = QUANT.observe(trace)
    outs = seen(trace, "out")
    blocks = dict(part.tables["block"].columns)
    blocks |= block_columns(trace, outs, blocks)
    tables = {
        "block": Table(blocks),
        "element": part.tables["element"],
        "left": Table(left_columns(trace, outs, blocks)),
        "window": Table(windows(trace)),
        "restart": Table(restarts(trace, outs, blocks)),
    }
    return Observation(expected=part.expected, tables=tables, levels=part.levels)


def owed(outs: Transfers, blocks: Columns, cycle: IntColumn, epoch: IntColumn) -> IntColumn:
    """(n,) beats of blocks closed before each cycle and not delivered before it."""
    closed = Transfers(blocks["cycle"], blocks["epoch"], {}, np.zeros(len(blocks["cycle"]), np.bool_))
    return BEATS * moved_before(closed, cycle, epoch) - moved_before(outs, cycle, epoch)


def block_columns(trace: Trace, outs: Transfers, blocks: Columns) -> Columns:
    """Each block: what leaves as it is closed, and for how many blocks on end each condition has held."""
    cycle, epoch, peak, kind = blocks["cycle"], blocks["epoch"], blocks["peak"], blocks["format"]
    before, exponent = blocks["prev_format"], blocks["exponent"]
    conditions = {
        "zero_run": peak == 0,
        "turns": (kind == (before + 1) % 3) & (before != NONE),
        "greatest": peak == 32768,
        "powers": (peak > 0) & (peak & (peak - 1) == 0),
        "tiny": (peak > 0) & (peak <= 3),
        "all_lowest": blocks["lowest"] == PLACES,
        "jumps": (abs(exponent - blocks["prev_exponent"]) >= 12) & (before != NONE),
        "negative": blocks["negatives"] == PLACES,
        "points": kind == 0,
        "minis": kind == 1,
        "logarithms": kind == 2,
        "restless": blocks["fmt_changes"] >= 6,
        "zero_between": (peak == 0) != (blocks["prev_peak"] == 0),
    }
    columns = {name: streak(np.asarray(mask), epoch) for name, mask in conditions.items()}
    index = met(outs, cycle)
    place = np.where(index == NONE, NONE, at(ordinal(outs.epoch), index) % BEATS)
    columns |= {"goes": place, "owed": owed(outs, blocks, cycle, epoch), "buffer": ordinal(epoch) % 2}
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def left_columns(trace: Trace, outs: Transfers, blocks: Columns) -> Columns:
    """Each output beat: its block, how long it waited, and for how many beats on end each condition has held."""
    number = ordinal(outs.epoch)
    index = np.searchsorted(blocks["epoch"], outs.epoch) + number // BEATS
    known = index < np.searchsorted(blocks["epoch"], outs.epoch, side="right")
    index, cycle, epoch, place = index[known], outs.cycle[known], outs.epoch[known], number[known] % BEATS
    stall, spacing = waits(trace, "out", cycle), cycle - previous(cycle, epoch, 0)
    columns = {
        "cycle": cycle,
        "epoch": epoch,
        "stall": stall,
        "place": place,
        "kind": blocks["format"][index] + 3 * (blocks["peak"][index] == 0),
        "prev_kind": at(
            blocks["format"] + 3 * (blocks["peak"] == 0), np.where(number[known] >= BEATS, index - 1, NONE)
        ),
        "owed": owed(outs, blocks, cycle, epoch),
        "taken": moved_before(trace.accepted["in"], cycle, epoch),
        "in_waits": waits(trace, "in", cycle),
        "flowing": streak((stall == 0) & (spacing <= 2), epoch),
        "dragging": streak(stall >= 20, epoch),
        "in_step": streak(stall == 1, epoch),
        "old": streak(cycle - blocks["cycle"][index] >= 150, epoch),
    }
    begun = np.arange(len(epoch), dtype=np.int64) - columns["flowing"]
    columns["recovered"] = np.where(at(columns["dragging"], begun) >= 20, columns["flowing"], 0)
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def windows(trace: Trace) -> Columns:
    """Each window: transfers, and cycles in which a beat was offered and not taken."""
    if "in_valid" not in trace.signals:
        names = ("cycle", "epoch", "number", "given", "in_waits", "out_waits", "even")
        return dict.fromkeys(names, np.zeros(0, np.int64))
    pins = {name: trace.signals[name] != 0 for name in ("in_valid", "in_ready", "out_valid", "out_ready")}
    events = {
        "given": pins["out_valid"] & pins["out_ready"],
        "in_waits": pins["in_valid"] & ~pins["in_ready"],
        "out_waits": pins["out_valid"] & ~pins["out_ready"],
    }
    columns = window_columns(trace, WINDOW, events)
    epoch, given = columns["epoch"], columns["given"]
    even = (given == previous(given, epoch)) & (columns["out_waits"] >= 52) & (columns["in_waits"] >= 52)
    return columns | {"even": streak(even & (given > 0), epoch)}


def restarts(trace: Trace, outs: Transfers, blocks: Columns) -> Columns:
    """Each reset: what it cut, for how long that had stood, and the first block behind it."""
    accepted, begin = trace.accepted["in"], restart_rows(trace)
    before = np.maximum(begin - 1, 0)
    old, new = trace.epoch[before], trace.epoch[begin]
    taken = moved_before(accepted, begin, old)
    last = np.searchsorted(accepted.cycle, begin) - 1
    last_in = np.where(at(accepted.epoch, last) == old, at(accepted.cycle, last), NONE)
    first = first_of(blocks["epoch"], new)
    after = outs.epoch.searchsorted(new, "right") - outs.epoch.searchsorted(new)
    answers = (after >= BEATS) & (first != NONE)
    dropped = np.where(answers, at(blocks["dropped_peak"], first), NONE)
    columns = {
        "cycle": before,
        "epoch": old,
        "cut": taken % PLACES,
        "taken": taken,
        "owed": owed(outs, blocks, begin, old),
        "since": np.where(last_in == NONE, NONE, begin - last_in),
        "answers": answers,
        "after": after,
        "next_kind": np.where(first == NONE, NONE, at(blocks["format"] + 3 * (blocks["peak"] == 0), first)),
        "other_format": at(blocks["dropped_format"], first) != at(blocks["format"], first),
        "lower": answers & (dropped > 16 * at(blocks["peak"], first, 1 << 40)),
    }
    one = np.zeros(len(begin), np.int64)  # resets of a test follow on each other across epochs
    columns["cuts_again"] = streak((columns["cut"] >= 4) & (columns["owed"] > 0) & (after >= BEATS), one)
    columns["full_again"] = streak((columns["owed"] >= 14) & (after >= BEATS), one)
    columns["lower_again"] = streak(columns["lower"], one)
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}

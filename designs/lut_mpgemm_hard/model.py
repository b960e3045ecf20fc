"""Reference model of ``lut_mpgemm_hard``: that of ``lut_mpgemm``, and tables of what met, lasted and followed.

Arithmetic and outputs are those of the part. The tables here hold facts about the neighbours of all three streams: how
late each is, for how many tiles it stays so, what moves in the cycle in which a tile ends, what a reset found and left.
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
from dv_agent.designs.packet_columns import NONE, previous
from dv_agent.designs.trace import IntColumn, Trace

GEMM = part_model("lut_mpgemm")
WINDOW = 256
STEPS = 3  # a neighbour is in step if it is 0, 1 or 2 cycles late
Columns = dict[str, IntColumn]


def observe(trace: Trace) -> Observation:
    """Return what the part owes, and the tables.

    ``group``: a row an accepted group. ``weight``: a row a weight beat. ``tile``: a row a complete tile, in the cycle
    of its last weight. ``left``: a row a result, in the cycle in which it is taken. ``done``: a row a tile, in the
    cycle in which its last result is taken. ``window``: a row for 256 cycles. ``restart``: a row a reset after the
    initial one, in the cycle before it.
    """
    part = GEMM.observe(trace)
    given = {name: dict(table.columns) for name, table in part.tables.items()}
    groups, weights = group_columns(trace, given["group"]), weight_columns(trace, given["weight"])
    tiles = tile_columns(trace, given)
    left = left_columns(trace, given)
    done = done_columns(groups, weights, tiles, left)
    tables = {
        "group": groups,
        "weight": weights,
        "tile": tiles,
        "left": left,
        "done": done,
        "window": window_columns(trace),
        "restart": restart_columns(trace, given, tiles, done),
    }
    exact = {name: {key: np.asarray(one, np.int64) for key, one in table.items()} for name, table in tables.items()}
    return Observation(
        expected=part.expected, tables={name: Table(columns) for name, columns in exact.items()}, may_wait=part.may_wait
    )


def place(position: IntColumn, last: IntColumn) -> IntColumn:
    """(n,) 0 the first of several, 1 an inner one, 2 the last of several, 3 the only one."""
    return np.where(position == 0, np.where(last == 1, 3, 0), np.where(last == 1, 2, 1))


def group_columns(trace: Trace, groups: Columns) -> Columns:
    """Each group: its place, how late it was, and for how many groups on end each condition has held."""
    cycle, epoch = groups["cycle"], groups["epoch"]
    late, waited = lags(trace, "act", cycle), waits(trace, "act", cycle)
    return {
        "cycle": cycle,
        "epoch": epoch,
        "tile": groups["tile"],
        "place": place(groups["position"], groups["last"]),
        "late": late,
        "starved": streak(late >= 30, epoch),
        "held": streak(waited >= 32, epoch),
        "lowest": streak(groups["minima"] == 4, epoch),
        "highest": streak(groups["maxima"] == 4, epoch),
        "corners": streak((groups["minima"] == 2) & (groups["maxima"] == 2), epoch),
    }


def weight_columns(trace: Trace, weights: Columns) -> Columns:
    """Each weight beat: how late it was, and for how many beats on end each condition has held."""
    cycle, epoch = weights["cycle"], weights["epoch"]
    late, waited = lags(trace, "wgt", cycle), waits(trace, "wgt", cycle)
    return {
        "cycle": cycle,
        "epoch": epoch,
        "tile": weights["tile"],
        "row": weights["row"],
        "group_end": weights["group_end"],
        "late": late,
        "starved": streak(late >= 20, epoch),
        "held": streak((waited >= 26) & (waited <= 30), epoch),
        "held_once": streak(waited == 1, epoch),
    }


def tile_columns(trace: Trace, given: dict[str, Columns]) -> Columns:
    """Each tile, in the cycle of its last weight: what moves on the other streams, what is inside, for how long so."""
    tiles, groups, results = given["tile"], given["group"], given["result"]
    cycle, epoch = tiles["cycle"], tiles["epoch"]
    outs = seen(trace, "out")
    index = np.searchsorted(results["epoch"], outs.epoch) + ordinal(outs.epoch)
    row, rows = at(results["row"], index), at(results["rows"], index)
    came, went = met(trace.accepted["act"], cycle), met(outs, cycle)
    act_place = np.where(came == NONE, NONE, at(place(groups["position"], groups["last"]), came))
    out_place = np.where(went == NONE, NONE, at(place(row, (row == rows - 1).astype(np.int64)), went))
    before = ordinal(epoch)
    used = np.cumsum(tiles["groups"]) - at(np.cumsum(tiles["groups"]), np.arange(len(epoch)) - before - 1, 0)
    owed = np.cumsum(tiles["rows"]) - at(np.cumsum(tiles["rows"]), np.arange(len(epoch)) - before - 1, 0)
    waited = waits(trace, "wgt", cycle)
    both = (act_place != NONE) & (out_place != NONE)
    shape = shapes(tiles)
    return tiles | {
        "index": results["tile"][results["row"] == 0],
        "act_place": act_place,
        "out_place": out_place,
        "waited": waited,
        "inside": moved_before(trace.accepted["act"], cycle, epoch) - used,
        "since_end": np.where(before > 0, cycle - previous(cycle, epoch), NONE),
        "owed": owed - tiles["rows"] - moved_before(outs, cycle, epoch),
        "shape": shape,
        "thrice": np.where(shape == NONE, 0, runs(np.where(both, shape, NONE), epoch).length * both),
        "thrice_held": streak(both & (waited >= 1), epoch),
        "fuller": streak((tiles["rows"] == 8) & (tiles["groups"] == 8), epoch),
        "smallest": streak((tiles["rows"] == 1) & (tiles["groups"] == 1), epoch),
    }


def shapes(tiles: Columns) -> IntColumn:
    """(k,) 0 one group of 8 rows, 1 eight groups of one row, 2 one group of one row, 3 one that turns, `NONE` else.

    A tile turns, and that goes first, if it has 1 to 3 rows behind one of 6 to 8 or the reverse, other rows than the
    three tiles before, and other groups than the one before.
    """
    groups, rows, epoch = tiles["groups"], tiles["rows"], tiles["epoch"]
    before = previous(rows, epoch, 0)
    flips = ((rows <= 3) & (before >= 6)) | ((rows >= 6) & (before >= 1) & (before <= 3))
    turns = flips & unlike(rows, epoch, 3) & unlike(groups, epoch, 1)
    known = [turns, (groups == 1) & (rows == 8), (groups == 8) & (rows == 1), (groups == 1) & (rows == 1)]
    return np.select([np.asarray(one, np.bool_) for one in known], [3, 0, 1, 2], NONE)


def left_columns(trace: Trace, given: dict[str, Columns]) -> Columns:
    """Each delivered result: how it left, what moved with it, for how many results on end each condition has held."""
    results, weights = given["result"], given["weight"]
    index = delivered(seen(trace, "out"), results["epoch"])
    own = np.flatnonzero(index != NONE)
    cycle, epoch = seen(trace, "out").cycle[index[own]], results["epoch"][own]
    stall, y, bits = waits(trace, "out", cycle), results["y"][own], results["bits"][own]
    weight = met(trace.accepted["wgt"], cycle)
    end = np.where(at(weights["tile_end"], weight, 0) == 1, 3, np.where(at(weights["group_end"], weight, 0) == 1, 2, 1))
    act = moves_in(trace.accepted["act"], cycle)
    flowing = streak((stall == 0), epoch)
    dragging = streak((stall >= 20) & (stall <= 24), epoch)
    age = cycle - results["cycle"][own]
    begun = np.arange(len(own), dtype=np.int64) - flowing
    slow = np.where(at(epoch, begun) == epoch, at(dragging, begun, 0), 0)
    return {
        "cycle": cycle,
        "epoch": epoch,
        "tile": results["tile"][own],
        "end": results["row"][own] == results["rows"][own] - 1,
        "stall": stall,
        "extreme": np.select([y == 32768, y == -32512, (y == 0) & (results["groups"][own] == 8)], [1, 2, 3], 0),
        "weight": np.where(weight == NONE, 0, end),
        "act": act,
        "threes": streak(act & (weight != NONE), epoch),
        "age": age,
        "old": streak(age >= 200, epoch),
        "dragging": dragging,
        "recovered": np.where(slow >= 40, flowing, 0),
        "greatest": streak(y == 32768, epoch),
        "least": streak(y == -32512, epoch),
        "jumps": streak(np.abs(y - np.concatenate([y[:1], y[:-1]])) >= 60000, epoch),
        "one_bit": streak((y == 4096) & (bits == 1), epoch),
    }


def done_columns(groups: Columns, weights: Columns, tiles: Columns, left: Columns) -> Columns:
    """Each delivered tile: how late each neighbour was in all of its transfers, and for how many tiles on end so."""
    ends = np.flatnonzero(left["end"])
    count = int(groups["tile"][-1]) + 1 if len(groups["tile"]) else 0
    own = np.flatnonzero(np.isin(tiles["index"], left["tile"][ends]))
    index, epoch = tiles["index"][own], tiles["epoch"][own]
    w = shared_value(weights["late"], weights["tile"], count)[index]
    a = shared_value(groups["late"], groups["tile"], count)[index]
    o = shared_value(left["stall"], left["tile"], count)[index]
    step = [(one >= 0) & (one < STEPS) for one in (w, a, o)]
    code = np.where(step[0] & step[1] & step[2], 9 * w + 3 * a + o, NONE)
    shape = tiles["shape"][own]
    kind = np.where((code == NONE) | (shape == NONE), NONE, 27 * shape + code)
    run = runs(kind, epoch)
    return {
        "cycle": left["cycle"][ends],
        "epoch": epoch,
        "rows": tiles["rows"][own],
        "bits": tiles["bits"][own],
        "shape": shape,
        "code": code,
        "run": np.where(kind == NONE, 0, run.length),
        "walked": np.where(kind == NONE, 0, different(8 * tiles["groups"][own] + tiles["rows"][own], run.length)),
        "code_before": np.where(run.before == NONE, NONE, run.before % 27),
        "shape_before": np.where(run.before == NONE, NONE, run.before // 27),
        "run_before": np.where(run.before == NONE, 0, run.length_before),
    }


def window_columns(trace: Trace) -> Columns:
    """Each window: how each stream fared, and for how many windows on end nothing moved at all."""
    columns = stream_windows(trace, WINDOW, ("act", "wgt", "out"))
    stuck = np.logical_and.reduce([columns[f"{stream}_waits"] == WINDOW for stream in ("act", "wgt", "out")])
    return columns | {"stuck": streak(np.asarray(stuck, np.bool_), columns["epoch"])}


def restart_columns(trace: Trace, given: dict[str, Columns], tiles: Columns, done: Columns) -> Columns:
    """Each reset: what moved in the cycle before it, what it cut, how its neighbours had been, and what followed."""
    found, outs = restarts_of(trace), seen(trace, "out")
    accepted, weights = trace.accepted["act"], given["weight"]
    moves = sum(
        value * moves_in(stream, found.cycle)
        for value, stream in ((1, accepted), (2, trace.accepted["wgt"]), (4, outs))
    )
    last_weight, last_done = found.last_before(weights["epoch"]), found.last_before(done["epoch"])
    last_tile, first = found.last_before(tiles["epoch"]), found.first_behind(tiles["epoch"])
    after = found.count_behind(outs.epoch)
    row = np.where(last_weight == NONE, 0, at(weights["row"], last_weight) + 1)
    owed_rows = moved_before(rows_as_events(given["result"]), found.begin, found.old)
    columns = {
        "cycle": found.cycle,
        "epoch": found.old,
        "moves": moves,
        "cut": cut_places(accepted, found.old),
        "row": np.where(at(weights["group_end"], last_weight, 1) == 1, 0, row),
        "owed": owed_rows - moved_before(outs, found.begin, found.old),
        "tiles": np.where(last_tile == NONE, 0, last_tile - np.searchsorted(tiles["epoch"], found.old) + 1),
        "since": np.where(last_tile == NONE, NONE, found.begin - at(tiles["cycle"], last_tile)),
        "old_rows": np.where(last_tile == NONE, 0, at(tiles["rows"], last_tile)),
        "code": np.where(last_done == NONE, NONE, at(done["code"], last_done)),
        "shape": np.where(last_done == NONE, NONE, at(done["shape"], last_done)),
        "run": np.where(last_done == NONE, 0, at(done["run"], last_done)),
        "next_rows": np.where(first == NONE, 0, at(tiles["rows"], first)),
        "next_groups": np.where(first == NONE, 0, at(tiles["groups"], first)),
        "other_bits": at(tiles["bits"], last_tile, 0) != at(tiles["bits"], first, 0),
        "after": after,
    }
    one = np.zeros(len(found.begin), np.int64)  # resets of a test follow on each other across epochs
    fed = (columns["moves"] == 7) & (columns["cut"] > 0) & (columns["row"] > 0) & (after >= 4)
    return columns | {"all_again": streak(fed, one)}

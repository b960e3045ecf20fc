"""Reference model of ``lut_mpgemm``: an exact fold over the accepted groups and weight beats.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n accepted groups, m weight beats that belong to one of them, k tiles
of which all groups and all weights were accepted, 4 lanes or planes. All arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, begins_packet, count_up, idle_before, places, previous
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

PLANES = np.arange(4, dtype=np.int64)
ROWS = 8
# (16, 4): the sign of each lane in T[i], -1 where the lane's bit of i is 0.
SIGNS = 2 * (np.arange(16, dtype=np.int64)[:, None] >> PLANES & 1) - 1
GROUPS_INSIDE = 4  # one is looked up, one stands in a finished table, two in the FIFO
WAIT, BUILT, FULL = 0, 4, 5  # dbg_build; BUILT is its last state that writes
NONE_ACTIVE, READY, BEHIND, LAST = range(4)  # dbg_look
IDLE, LAND, SEND = range(3)  # dbg_drain
FIFO_PLACES = 2
OBSERVED = ("dbg_act_level", "dbg_build", "dbg_look", "dbg_look_row", "dbg_drain", "dbg_drain_row")


@dataclass(frozen=True, slots=True)
class Groups:
    """The accepted groups in order; every array has shape (n,) but `a` (n, 4) and `table` (n, 16)."""

    cycle: IntColumn
    epoch: IntColumn
    a: IntColumn
    table: IntColumn  # T
    tile: IntColumn  # index of the group's tile among all that were begun
    position: IntColumn  # place in its tile, from 0
    last: IntColumn
    given_bits: IntColumn  # what the beat itself carries
    given_rows: IntColumn
    bits: IntColumn  # b of its tile
    rows: IntColumn  # R of its tile


@dataclass(frozen=True, slots=True)
class Lookups:
    """The weight beats that belong to an accepted group, in order; arrays are (m,) or (m, 4 planes)."""

    cycle: IntColumn
    epoch: IntColumn
    group: IntColumn  # index into `Groups`
    row: IntColumn
    index: IntColumn  # (m, 4)
    used: IntColumn  # (m, 4) 1 for planes below b
    value: IntColumn  # (m, 4) T[index]
    sum: IntColumn  # s
    gap: IntColumn  # cycles since the weight before, -1 for the first of an epoch


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles that are complete, in order; arrays are (k,) or (k, 8 rows)."""

    index: IntColumn  # among all that were begun
    start: IntColumn  # index of the first group
    end: IntColumn  # index of the last group
    cycle: IntColumn  # when the last of its inputs was accepted
    correction: IntColumn  # C
    acc: IntColumn  # (k, 8) A_r, 0 beyond R
    y: IntColumn  # (k, 8)


def observe(trace: Trace) -> Observation:
    """Fold one trace: the results that the design owes, and raw facts about them.

    Tables: ``group`` (one row an accepted group), ``weight`` (one a weight beat), ``plane`` (one
    a plane of a weight beat), ``result`` (one an owed result), ``tile`` (one a complete tile).
    ``cycle`` is the cycle in which the (last) beat concerned was accepted.
    """
    groups = read_groups(trace.accepted["act"])
    weights = trace.accepted["wgt"]
    lookups = look_up(groups, weights)
    tiles = complete_tiles(groups, lookups)
    shown = np.arange(ROWS) < groups.rows[tiles.start][:, None]
    tables = {
        "group": group_table(groups),
        "weight": weight_table(groups, lookups),
        "plane": plane_table(groups, lookups),
        "result": result_table(groups, tiles, shown),
        "tile": tile_table(groups, tiles),
    }
    waiting = may_wait(trace, groups, weights)
    return Observation(
        expected={"out": results(groups, tiles, shown)}, tables=tables, may_wait=waiting, levels=levels(trace, groups)
    )


def results(groups: Groups, tiles: Tiles, shown: BoolColumn) -> Expected:
    """The rows of every complete tile; caused by the last of the tile's inputs."""
    tile, row = np.nonzero(shown)
    rows = groups.rows[tiles.start][tile]
    columns = {"y": tiles.y[tile, row], "last": (row == rows - 1).astype(np.int64)}
    return Expected(epoch=groups.epoch[tiles.start][tile], columns=columns, cause_cycle=tiles.cycle[tile])


def may_wait(trace: Trace, groups: Groups, weights: Transfers) -> frozenset[str]:
    """The input that the design need not accept at the end: weights if no accepted group lacks any.

    Groups, if `GROUPS_INSIDE` accepted ones lack weights, so that there is no room for another.
    """
    epoch = int(trace.epoch[-1]) if trace.cycles else 0
    needed = np.cumsum(groups.rows[groups.epoch == epoch])
    lacking = int((needed > int((weights.epoch == epoch).sum())).sum())
    return frozenset({"wgt"} if not lacking else {"act"} if lacking >= GROUPS_INSIDE else ())


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, groups: Groups) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    waiting, build, look, row, drain, drain_row = (at.pin(name) for name in OBSERVED)
    takes = (build == WAIT) & (waiting > 0)
    complete, active, used = (build == BUILT) | (build == FULL), look != NONE_ACTIVE, at.moved("wgt")
    # The active table belongs to the group before the first one that was not swapped in.
    built = at.count(takes) - (build != WAIT) - 1
    rows, closes = at.nth(groups.rows, groups.epoch, built), at.nth(groups.last, groups.epoch, built) == 1
    at_last = row == rows - 1
    swap = complete & (~active | (used & at_last))
    room, valid = at.skid(drain == SEND, at.waiting("out"))
    begins = used & at_last & closes
    sent = (drain == SEND) & room
    drained = sent & (drain_row == at.held(begins, rows) - 1)
    drain_next = np.select(
        [drain == IDLE, drain == LAND], [np.where(begins, LAND, IDLE), SEND], np.where(drained, IDLE, SEND)
    )
    busy = drain != IDLE
    stands = at.after(swap | (active & ~(used & at_last))) == 1
    state = np.select([~stands, busy & (row >= drain_row), busy & at_last & closes], [NONE_ACTIVE, BEHIND, LAST], READY)
    builds = np.where(complete, np.where(swap, WAIT, FULL), np.where(build == WAIT, takes, build + 1))
    return {
        "dbg_act_level": at.count(at.moved("act"), takes),
        "dbg_build": at.after(builds),
        "dbg_look": state.astype(np.int64),
        "dbg_look_row": at.after(np.where(used & ~at_last, row + 1, np.where(used | swap, 0, row))),
        "dbg_drain": at.after(drain_next),
        "dbg_drain_row": at.after(np.where(drained, 0, drain_row + sent)),
        "act_ready": (waiting < FIFO_PLACES).astype(np.int64),
        "wgt_ready": (look == READY).astype(np.int64),
        "out_valid": valid,
    }


# --- Which weight belongs where --------------------------------------------------------------


def read_groups(accepted: Transfers) -> Groups:
    """Groups with what their tile's first beat said; a reset ends a tile as `last` does."""
    columns = {name: np.asarray(values, dtype=np.int64) for name, values in accepted.columns.items()}
    last, epoch = columns["last"], accepted.epoch
    first = begins_packet(last, epoch)
    tile = np.cumsum(first, dtype=np.int64) - 1
    start = np.flatnonzero(first).astype(np.int64)[tile]
    bits, rows = columns["bits_m1"] + 1, columns["rows_m1"] + 1
    a = columns["a"].reshape(-1, 4)
    return Groups(
        cycle=accepted.cycle, epoch=epoch, a=a, table=a @ SIGNS.T, tile=tile,
        position=places(last, epoch), last=last,
        given_bits=bits, given_rows=rows, bits=bits[start], rows=rows[start],
    )  # fmt: skip


def look_up(groups: Groups, weights: Transfers) -> Lookups:
    """Steps 1 to 3 for every weight beat that meets a group of its own epoch."""
    # A slot is a place for a weight beat: all rows of the first group, of the second, ...
    slot_group = np.repeat(np.arange(len(groups.rows), dtype=np.int64), groups.rows)
    slot_row = count_up(groups.rows)
    slot_epoch = groups.epoch[slot_group]
    epoch = weights.epoch
    slot = np.searchsorted(slot_epoch, epoch) + np.arange(len(epoch)) - np.searchsorted(epoch, epoch)
    kept = slot < np.searchsorted(slot_epoch, epoch, side="right")
    group, row = slot_group[slot[kept]], slot_row[slot[kept]]
    index = np.asarray(weights.columns["planes"], dtype=np.int64).reshape(-1, 4)[kept]
    used = (groups.bits[group][:, None] > PLANES).astype(np.int64)
    value = groups.table[group[:, None], index]
    total = np.asarray((used * value << PLANES).sum(axis=1), dtype=np.int64)
    cycle = weights.cycle[kept]
    return Lookups(
        cycle=cycle, epoch=epoch[kept], group=group, row=row, index=index, used=used, value=value, sum=total,
        gap=idle_before(cycle, epoch[kept]),
    )  # fmt: skip


def complete_tiles(groups: Groups, lookups: Lookups) -> Tiles:
    """Steps 4 and 5 for the tiles of which nothing is missing."""
    total = int(groups.tile[-1]) + 1 if len(groups.tile) else 0
    tile = groups.tile[lookups.group]
    acc = np.zeros((total, ROWS), np.int64)
    np.add.at(acc, (tile, lookups.row), lookups.sum)
    correction = np.zeros(total, np.int64)
    np.add.at(correction, groups.tile, groups.table[:, 0])
    cycle = np.zeros(total, np.int64)
    np.maximum.at(cycle, groups.tile, groups.cycle)
    np.maximum.at(cycle, tile, lookups.cycle)
    start = np.searchsorted(groups.tile, np.arange(total))
    end = np.searchsorted(groups.tile, np.arange(total), side="right") - 1
    weights = np.bincount(tile, minlength=total)
    whole = (groups.last[end] != 0) & (weights == (end - start + 1) * groups.rows[start])
    index = np.flatnonzero(whole).astype(np.int64)
    # A_r + C is even: see section 3.
    y = (acc + correction[:, None]) >> 1
    return Tiles(
        index=index, start=start[index], end=end[index], cycle=cycle[index],
        correction=correction[index], acc=acc[index], y=y[index],
    )  # fmt: skip


# --- Tables ----------------------------------------------------------------------------------


def group_table(groups: Groups) -> Table:
    """One row an accepted group; ``given_*`` is what the beat itself carries."""
    columns = {
        "cycle": groups.cycle, "epoch": groups.epoch, "tile": groups.tile, "position": groups.position,
        "last": groups.last, "bits": groups.bits, "rows": groups.rows,
        "given_bits": groups.given_bits, "given_rows": groups.given_rows,
        "low": groups.a.min(axis=1, initial=127), "high": groups.a.max(axis=1, initial=-128),
        "zeros": (groups.a == 0).sum(axis=1), "minima": (groups.a == -128).sum(axis=1),
        "maxima": (groups.a == 127).sum(axis=1),
    } | {f"a{lane}": groups.a[:, lane] for lane in range(4)}  # fmt: skip
    return Table({name: np.asarray(values, dtype=np.int64) for name, values in columns.items()})


def weight_table(groups: Groups, lookups: Lookups) -> Table:
    """One row a weight beat.

    Of groups accepted before this cycle: ``next_*`` are facts about the group behind this one if it begins a tile
    (``next_last``: and ends it too), ``later_bits`` is what the group behind that one carries; 0 if there is none.
    """
    group = lookups.group
    rows, last = groups.rows[group], groups.last[group]
    after = following(groups, lookups, 1)
    later = following(groups, lookups, 2)
    ends = (after >= 0) & (last == 1)
    columns = {
        "cycle": lookups.cycle, "epoch": lookups.epoch, "tile": groups.tile[group],
        "position": groups.position[group], "row": lookups.row, "rows": rows, "bits": groups.bits[group],
        "first": groups.position[group] == 0, "last": last, "group_end": lookups.row == rows - 1,
        "tile_end": (lookups.row == rows - 1) & (last == 1),
        "next_bits": np.where(ends, groups.bits[after], 0), "next_rows": np.where(ends, groups.rows[after], 0),
        "next_last": ends & (groups.last[after] == 1),
        "later_bits": np.where(later >= 0, groups.given_bits[later], 0),
        "sum": lookups.sum, "zero_planes": (lookups.used * (lookups.index == 0)).sum(axis=1), "gap": lookups.gap,
    }  # fmt: skip
    return Table({name: np.asarray(values, dtype=np.int64) for name, values in columns.items()})


def following(groups: Groups, lookups: Lookups, steps: int) -> IntColumn:
    """(m,) index of the group so many places behind that of a weight, -1 if it was not accepted before the weight."""
    found = np.minimum(lookups.group + steps, len(groups.cycle) - 1)
    there = (found == lookups.group + steps) & (groups.epoch[found] == lookups.epoch)
    return np.where(there & (groups.cycle[found] < lookups.cycle), found, NONE)


def plane_table(groups: Groups, lookups: Lookups) -> Table:
    """One row a plane of a weight beat, plane 0 first."""
    singles = {
        "cycle": lookups.cycle, "epoch": lookups.epoch, "row": lookups.row,
        "bits": groups.bits[lookups.group], "position": groups.position[lookups.group],
    }  # fmt: skip
    columns = {name: np.repeat(values, 4) for name, values in singles.items()}
    columns["plane"] = np.tile(PLANES, len(lookups.cycle))
    pairs = {"index": lookups.index, "used": lookups.used, "value": lookups.value}
    return Table(columns | {name: values.reshape(-1) for name, values in pairs.items()})


def result_table(groups: Groups, tiles: Tiles, shown: BoolColumn) -> Table:
    """One row a result, in order."""
    tile, row = np.nonzero(shown)
    singles = {
        "cycle": tiles.cycle, "epoch": groups.epoch[tiles.start], "tile": tiles.index,
        "groups": tiles.end - tiles.start + 1, "rows": groups.rows[tiles.start], "bits": groups.bits[tiles.start],
        "correction": tiles.correction,
    }  # fmt: skip
    columns = {name: values[tile] for name, values in singles.items()}
    return Table(columns | {"row": row, "acc": tiles.acc[tile, row], "y": tiles.y[tile, row]})


def tile_table(groups: Groups, tiles: Tiles) -> Table:
    """One row a complete tile. ``prev_*`` is 0 in the first tile of an epoch."""
    epoch = groups.epoch[tiles.start]
    columns = {
        "groups": tiles.end - tiles.start + 1, "rows": groups.rows[tiles.start], "bits": groups.bits[tiles.start],
        "correction": tiles.correction,
    }  # fmt: skip
    for name in ("groups", "rows", "bits"):
        columns[f"prev_{name}"] = previous(columns[name], epoch, 0)
    return Table({"cycle": tiles.cycle, "first_cycle": groups.cycle[tiles.start], "epoch": epoch} | columns)

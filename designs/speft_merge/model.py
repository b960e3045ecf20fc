"""Reference model of ``speft_merge``: a bit-exact fold over the accepted blocks and entries.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n blocks that leave, m entries that are taken, 4 lanes. All arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

LANES = 4
UPDATE, MASK = 0, 1
ALL_LANES = 15
MOST_DROPPED = 31
APPLIED, MASKED, SET, NOTHING, LATE, BEYOND = range(6)  # what became of an entry
OBSERVED = ("dbg_held", "dbg_ended", "dbg_block", "dbg_mask", "dbg_queue")
BLOCK = (
    "cycle", "epoch", "place", "last", "hits", "clipped", "dropped", "taken", "updates", "masks", "repeats", "mask",
    "ended", "arrived", "upto", "length",
)  # fmt: skip
ENTRY = (
    "cycle", "epoch", "fate", "index", "kind", "lane", "place", "order", "last", "old", "sum", "step", "in_block",
    "mask", "old_mask", "again", "block_last", "tile",
)  # fmt: skip


@dataclass(slots=True)
class Merge:
    """One reset epoch: what leaves and what is taken, as rows of Python integers."""

    blocks: list[tuple[int, ...]] = field(default_factory=list)
    weights: list[list[int]] = field(default_factory=list)
    entries: list[tuple[int, ...]] = field(default_factory=list)
    waits: bool = False  # a block was accepted that cannot leave


@dataclass(slots=True)
class Tile:
    """The tile under way."""

    mask: int = ALL_LANES
    dropped: int = 0
    ended: bool = False
    place: int = 0
    order: int = 0  # entries of the list that were taken
    before: int = -1  # index of the entry before, -1 for the first


def observe(trace: Trace) -> Observation:
    """Fold one trace: the blocks that the design owes, and raw facts about blocks and entries.

    Tables: ``block`` (one row a block that leaves; ``cycle`` is when what lets it leave was accepted) and ``entry``
    (one an entry that is taken; ``cycle`` is when it and its block were accepted).
    """
    w, d = trace.accepted["w"], trace.accepted["d"]
    final = int(trace.epoch[-1]) if len(trace.epoch) else 0
    epochs = [merge(w, d, epoch) for epoch in range(final + 1)]
    blocks = table(BLOCK, [row for one in epochs for row in one.blocks])
    entries = table(ENTRY, [row for one in epochs for row in one.entries])
    weights = np.array([row for one in epochs for row in one.weights], np.int64).reshape(-1, LANES)
    columns = {"x": weights} | {name: blocks[name] for name in ("hits", "clipped", "dropped", "last")}
    expected = Expected(epoch=blocks["epoch"], columns=columns, cause_cycle=blocks["cycle"])
    # A block waits for the entry that lets it leave; entries wait for a block.
    waiting = frozenset({"w" if epochs[-1].waits else "d"})
    tables = {"block": Table(blocks), "entry": Table(entries)}
    return Observation({"out": expected}, tables, may_wait=waiting, levels=levels(trace, blocks, entries))


def table(names: tuple[str, ...], rows: list[tuple[int, ...]]) -> dict[str, IntColumn]:
    """Columns from rows."""
    values = np.array(rows, np.int64).reshape(-1, len(names))
    return {name: values[:, at] for at, name in enumerate(names)}


# --- Merging ---------------------------------------------------------------------------------


def merge(w: Transfers, d: Transfers, epoch: int) -> Merge:
    """Section 3 for one reset epoch."""
    found, tile, tiles = Merge(), Tile(), 0
    queue = Entries(d, epoch)
    inside = np.flatnonzero(w.epoch == epoch)
    weights = w.columns["x"].reshape(-1, LANES)[inside].tolist()
    arrivals = zip(w.cycle[inside].tolist(), weights, w.columns["last"][inside].tolist(), strict=True)
    for arrived, lanes, last in arrivals:
        block = OpenBlock(arrived, [int(value) for value in lanes], last)
        while not tile.ended and queue.here and not (last == 0 and queue.block > tile.place):
            found.entries.append(block.take(queue, tile, epoch, tiles))
        if not tile.ended and not queue.here:
            found.waits = True
            return found
        cause = max(arrived, queue.cycle_before if tile.ended else queue.cycle)
        found.blocks.append(block.leave(cause, epoch, tile, len(found.entries)))
        found.weights.append(block.lanes)
        tile.place += 1
        if last:
            tile, tiles = Tile(), tiles + 1
    return found


class Entries:
    """The lists of one epoch, entry by entry."""

    def __init__(self, d: Transfers, epoch: int) -> None:
        inside = np.flatnonzero(d.epoch == epoch)
        self._rows = [d.columns[name][inside].tolist() for name in ("index", "value", "kind", "last")]
        self._cycles = d.cycle[inside].tolist()
        self.at = 0

    @property
    def here(self) -> bool:
        """Whether there is a head."""
        return self.at < len(self._cycles)

    @property
    def cycle(self) -> int:
        """When the head was accepted."""
        return int(self._cycles[self.at])

    @property
    def cycle_before(self) -> int:
        """When the entry before the head was accepted."""
        return int(self._cycles[self.at - 1])

    @property
    def block(self) -> int:
        """Block of the tile that the head belongs to; entries that do nothing belong to none: -1."""
        index, _, kind, _ = self.head()
        return index // LANES if kind in (UPDATE, MASK) else -1

    def head(self) -> tuple[int, int, int, int]:
        """Index, value, kind and last of the head."""
        index, value, kind, last = (int(column[self.at]) for column in self._rows)
        return index, value, kind, last


class OpenBlock:
    """A block in the register, and what its entries did to it."""

    def __init__(self, arrived: int, lanes: list[int], last: int) -> None:
        self.lanes, self._arrived, self._last = lanes, arrived, last
        self._hits = self._clipped = self._taken = self._updates = self._masks = self._repeats = 0

    def take(self, queue: Entries, tile: Tile, epoch: int, tiles: int) -> tuple[int, ...]:
        """Steps 2 to 6 for the head of the list; return its row of `ENTRY`."""
        (index, value, kind, last), lane, cycle = queue.head(), queue.head()[0] % LANES, max(queue.cycle, self._arrived)
        fate, old, total, again, old_mask = self._fate(queue.block, kind, lane, tile), 0, 0, 0, tile.mask
        if fate == APPLIED:
            old, total = self.lanes[lane], self.lanes[lane] + value
            again = self._hits >> lane & 1
            self._update(lane, total)
        elif fate == SET:
            tile.mask = value & ALL_LANES
            self._masks += 1
        elif fate in (LATE, BEYOND):
            tile.dropped = min(tile.dropped + 1, MOST_DROPPED)
        step = index - tile.before if tile.before >= 0 else 0
        self._taken, tile.order, tile.before, tile.ended = self._taken + 1, tile.order + 1, index, last == 1
        queue.at += 1
        return (
            cycle, epoch, fate, index, kind, lane, tile.place, tile.order - 1, last, old, total, step, self._taken,
            tile.mask, old_mask, again, self._last, tiles,
        )  # fmt: skip

    def _fate(self, target: int, kind: int, lane: int, tile: Tile) -> int:
        if target < 0:
            return NOTHING
        if target != tile.place:
            return LATE if target < tile.place else BEYOND
        if kind == MASK:
            return SET
        return APPLIED if tile.mask >> lane & 1 else MASKED

    def _update(self, lane: int, total: int) -> None:
        self.lanes[lane] = max(-128, min(127, total))
        self._repeats += self._hits >> lane & 1
        self._updates += 1
        self._hits |= 1 << lane
        self._clipped |= (self.lanes[lane] != total) << lane

    def leave(self, cause: int, epoch: int, tile: Tile, upto: int) -> tuple[int, ...]:
        """Step 7; return the row of `BLOCK`. ``upto`` is how many entries of the epoch are taken before it leaves."""
        return (
            cause, epoch, tile.place, self._last, self._hits, self._clipped, tile.dropped, self._taken, self._updates,
            self._masks, self._repeats, tile.mask, int(tile.ended), self._arrived, upto, tile.order,
        )  # fmt: skip


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, blocks: dict[str, IntColumn], entries: dict[str, IntColumn]) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    held, ended, queue = at.high("dbg_held"), at.high("dbg_ended"), at.pin("dbg_queue")
    has_head = queue > 0
    # What the held block still takes is known once everything that lets it leave was accepted; until then it takes all.
    arrived = at.count(at.moved("w"))
    taken = at.count(at.moved("d")) - queue
    upto, epoch = blocks["upto"], blocks["epoch"]
    known = at.nth(np.ones(len(upto), np.int64), epoch, arrived - 1) == 1
    done = known & (taken == at.nth(upto, epoch, arrived - 1))
    take = held & ~ended & has_head & ~done
    offers = held & done & (ended | has_head)
    room, valid = at.skid(offers, at.waiting("out"))
    leave = offers & room
    left = at.count(leave)
    last_left = leave & (at.nth(blocks["last"], epoch, left) == 1)
    tiles = at.count(last_left)
    same_tile = at.nth(entries["tile"], entries["epoch"], taken - 1) == tiles
    going_on = (blocks["place"] + 1) * (1 - blocks["last"])
    last_taken = take & (at.nth(entries["last"], entries["epoch"], taken) == 1)
    mask = at.nth(entries["mask"], entries["epoch"], taken - 1)
    return {
        "dbg_held": at.after(np.where(~held | leave, at.moved("w"), held)),
        "dbg_ended": at.flag(last_taken, last_left),
        "dbg_block": at.nth(going_on, epoch, left - 1),
        "dbg_mask": np.where((taken > 0) & same_tile, mask, ALL_LANES),
        "dbg_queue": at.count(at.moved("d"), take),
        "w_ready": (~held | leave).astype(np.int64),
        "d_ready": (queue < 4).astype(np.int64),
        "out_valid": valid,
    }

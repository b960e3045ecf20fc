"""What reference models ask of a column of transfers: where packets lie, which are complete, what came before.

A *packet* is a run of transfers that one with ``last`` = 1 ends; a reset drops a packet that has not ended. Designs
have their own names for packets, such as row, window, vector or tile. Nothing here knows the arithmetic of a design.

Axis names: n transfers in cycle order, k packets. Every array is int64 unless it is a mask. ``epoch`` is the reset
epoch of each transfer as in `Transfers` and never falls; ``last`` is 0 or 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dv_agent.designs.observation import Table
from dv_agent.designs.trace import BoolColumn, IntColumn, Transfers

NONE = -1  # stands for "there is none" in columns that cannot be negative


@dataclass(frozen=True, slots=True)
class Packets:
    """Where packets lie in columns that hold nothing but complete packets."""

    start: IntColumn  # (k,) index of the first transfer
    end: IntColumn  # (k,) index of the last transfer
    of_beat: IntColumn  # (n,) packet of each transfer
    position: IntColumn  # (n,) place of each transfer in its packet, from 0

    @property
    def length(self) -> IntColumn:
        """(k,) transfers of each packet."""
        return self.end - self.start + 1

    def fold(self, ufunc: np.ufunc, values: IntColumn) -> IntColumn:
        """(k,) `ufunc` folded over the transfers of each packet. Args: values (n,), or (n, lanes), folded as well."""
        if not len(self.start):
            return np.zeros(0, np.int64)
        flat = values if values.ndim == 1 else ufunc.reduce(values, axis=1)
        return np.asarray(ufunc.reduceat(flat, self.start), dtype=np.int64)


def count_up(counts: IntColumn) -> IntColumn:
    """(sum of counts,) 0, 1, .. count - 1 for each of `counts`, one after the other."""
    return np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)


def begins_epoch(epoch: IntColumn) -> BoolColumn:
    """(n,) mask of the first entry of each epoch."""
    first = np.ones(len(epoch), np.bool_)
    first[1:] = epoch[1:] != epoch[:-1]
    return first


def begins_packet(last: IntColumn, epoch: IntColumn) -> BoolColumn:
    """(n,) mask of the transfers that begin a packet, whether it is ever ended or not."""
    first = begins_epoch(epoch)
    first[1:] |= last[:-1] != 0
    return first


def places(last: IntColumn, epoch: IntColumn) -> IntColumn:
    """(n,) place of each transfer in its packet, from 0, whether the packet is ever ended or not."""
    start = np.flatnonzero(begins_packet(last, epoch)).astype(np.int64)
    return count_up(np.diff(start, append=len(last)))


def complete_mask(last: IntColumn, epoch: IntColumn) -> BoolColumn:
    """(n,) mask of the transfers whose packet was ended in their own epoch."""
    # The first end at or after each transfer; n where there is none.
    ends = np.where(last != 0, np.arange(len(last)), len(last))
    next_end = np.minimum.accumulate(ends[::-1])[::-1]
    found = next_end < len(last)
    found[found] &= epoch[next_end[found]] == epoch[found]
    return found


def select(transfers: Transfers, keep: BoolColumn) -> Transfers:
    """The transfers of the mask `keep`, all columns as int64."""
    columns = {name: np.asarray(values, dtype=np.int64)[keep] for name, values in transfers.columns.items()}
    return replace(
        transfers,
        cycle=transfers.cycle[keep], epoch=transfers.epoch[keep], columns=columns, unknown=transfers.unknown[keep],
    )  # fmt: skip


def find_packets(last: IntColumn) -> Packets:
    """The packets of transfers that `complete_mask` kept: the final one ends its packet."""
    end = np.flatnonzero(last).astype(np.int64)
    start = np.concatenate([np.zeros(1, np.int64), end + 1])[: len(end)]
    length = end - start + 1
    of_beat = np.repeat(np.arange(len(end), dtype=np.int64), length)
    return Packets(start=start, end=end, of_beat=of_beat, position=count_up(length))


def previous(values: IntColumn, epoch: IntColumn, none: int = NONE) -> IntColumn:
    """(n,) the value one entry earlier in the same epoch, or `none`."""
    shifted = np.empty(len(values), np.int64)
    shifted[1:] = values[:-1]
    shifted[begins_epoch(epoch)] = none
    return shifted


def idle_before(cycle: IntColumn, epoch: IntColumn) -> IntColumn:
    """(n,) cycles without a transfer since the one before; `NONE` for the first of an epoch."""
    return np.where(begins_epoch(epoch), NONE, cycle - previous(cycle, epoch) - 1)


def gap_columns(cycle: IntColumn, epoch: IntColumn, packets: Packets) -> dict[str, IntColumn]:
    """Cycles without an accepted transfer, by packet.

    Returns:
        ``gap_before``: (k,) before the packet, `NONE` for the first of its epoch; ``longest_gap``: (k,) within it.
    """
    idle = idle_before(cycle, epoch)
    inside = np.where(packets.position == 0, 0, idle)
    return {"gap_before": idle[packets.start], "longest_gap": packets.fold(np.maximum, inside)}


def partial_table(accepted: Transfers, keep: BoolColumn, epochs: IntColumn) -> Table:
    """One row a packet that was begun and never ended; there is at most one an epoch.

    ``cycle`` is that of its last accepted transfer, ``beats`` how many there were; ``cut`` is 1 if a reset cut it, 0 if
    it was open at the end of the trace.

    Args:
        keep: (n,) from `complete_mask`.
        epochs: (cycles,) the reset epoch of each cycle of the trace.
    """
    cycle, epoch = accepted.cycle[~keep], accepted.epoch[~keep]
    values, first, beats = np.unique(epoch, return_index=True, return_counts=True)
    final = epochs[-1] if len(epochs) else 0
    columns = {
        "cycle": cycle[first + beats - 1], "epoch": values, "beats": beats, "cut": values < final,
    }  # fmt: skip
    return Table({name: column.astype(np.int64) for name, column in columns.items()})

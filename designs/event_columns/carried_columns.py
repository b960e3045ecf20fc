"""Columns of ``transfer_P`` on what a transfer carries, and what the one before it carried and waited for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import numpy as np

from dv_agent.designs.packet_columns import begins_epoch
from dv_agent.designs.trace import IntColumn, Transfers


def carried(transfers: Transfers, taken: Collection[str]) -> dict[str, Callable[[], IntColumn]]:
    """Return how to make the fields of each transfer, and those of the one before in its epoch, 0 without one.

    Args:
        taken: names of other columns; a field called like one of them is ``field_<name>``.
    """
    made: dict[str, Callable[[], IntColumn]] = {}
    for name, values in transfers.columns.items():
        column = f"field_{name}" if name in taken else name
        made[column] = partial(np.asarray, values)
        if f"prev_{column}" not in taken:
            made[f"prev_{column}"] = partial(_before, values, transfers.epoch)
    return made


def behind(transfers: Transfers, stall: IntColumn, back_to_back: IntColumn) -> IntColumn:
    """Return int64[n], the cycles that the transfer one cycle earlier waited for ready; 0 if there was none."""
    return np.asarray(back_to_back * _before(stall, transfers.epoch), dtype=np.int64)


def _before(values: IntColumn, epoch: IntColumn) -> IntColumn:
    """Return the values of the entries before, lanes as they are; 0 for the first of an epoch."""
    shifted = np.zeros_like(values)
    shifted[1:] = values[:-1]
    shifted[begins_epoch(epoch)] = 0
    return shifted

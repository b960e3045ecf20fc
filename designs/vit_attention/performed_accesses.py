"""When each access of the bus is performed, section 3.1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.trace import IntColumn, Trace, Transfers
from dv_agent.designs.vit_attention.register_map import NONE


@dataclass(frozen=True, slots=True)
class Accesses:
    """The accesses of one direction that were asked for, in order."""

    asked: tuple[IntColumn, ...]  # (n,) cycle in which each request channel moved
    performed: IntColumn  # (n,) cycle in which each is performed; NONE if it never is
    answered: IntColumn  # (n,) cycle of the transfer of the answer; NONE
    epoch: IntColumn  # (n,)
    word: IntColumn  # (n,)
    data: IntColumn  # (n,) writes only
    strb: IntColumn  # (n,)


def accesses(trace: Trace, requests: tuple[str, ...], answer: str) -> Accesses:
    """Section 3.1: each access with the cycle in which it is performed."""
    seen = [trace.accepted[f"regs.{name}"] for name in requests]
    answers = trace.accepted[f"regs.{answer}"]
    rows: list[tuple[int, ...]] = []
    for epoch in sorted({int(e) for one in seen for e in np.unique(one.epoch)}):
        at = [np.flatnonzero(one.epoch == epoch) for one in seen]
        done = answers.cycle[answers.epoch == epoch].tolist()
        ends = first_reset(trace, epoch)
        for n in range(max(map(len, at))):
            cycles = [
                int(one.cycle[rows_of[n]]) if n < len(rows_of) else NONE for one, rows_of in zip(seen, at, strict=True)
            ]
            free = n == 0 or n - 1 < len(done)
            performed = NONE
            if NONE not in cycles and free:
                performed = max(max(cycles) + 1, done[n - 1] if n else 0)
                performed = performed if performed < ends else NONE
            index = [int(rows_of[n]) if n < len(rows_of) else NONE for rows_of in at]
            rows.append((*cycles, performed, done[n] if n < len(done) else NONE, epoch, *index))
    table = np.array(rows, np.int64).reshape(-1, 2 * len(seen) + 3)
    count = len(seen)
    word = _picked(seen[0], "addr", table[:, count + 3]) >> 2
    data = _picked(seen[-1], "data", table[:, -1]) if count == 2 else np.zeros(len(table), np.int64)
    strb = _picked(seen[-1], "strb", table[:, -1]) if count == 2 else np.zeros(len(table), np.int64)
    return Accesses(tuple(table[:, i] for i in range(count)), table[:, count], table[:, count + 1], table[:, count + 2],
                    word, data, strb)  # fmt: skip


def _picked(seen: Transfers, name: str, rows: IntColumn) -> IntColumn:
    column = np.append(np.asarray(seen.columns[name], np.int64), 0)
    return column[rows]


def first_reset(trace: Trace, epoch: int) -> int:
    """Return the first cycle of the reset that ends an epoch, or the end of the trace."""
    return int(np.searchsorted(trace.epoch, epoch, side="right"))

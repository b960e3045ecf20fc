"""Outputs whose timing the specification gives: the bus, the interrupt and the grant; sections 3.1 and 4.1."""

from __future__ import annotations

import numpy as np

from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace
from dv_agent.designs.vit_attention.both_contexts import STATE_COLUMNS
from dv_agent.designs.vit_attention.jobs_and_rows import Epoch
from dv_agent.designs.vit_attention.performed_accesses import Accesses
from dv_agent.designs.vit_attention.register_block import Registers
from dv_agent.designs.vit_attention.register_map import NONE, SLOTS, SLVERR, refuses_write


def levels(
    trace: Trace, epochs: list[Epoch], blocks: list[Registers], writes: Accesses, reads: Accesses
) -> dict[str, IntColumn]:
    """The bus, the interrupt and the grant, cycle by cycle; none if the trace holds no signals."""
    if not trace.cycles or "x_grant" not in trace.signals:
        return {}
    returned = {n: value for block in blocks for n, value in block.values.items()}
    count = len(reads.performed)
    data, resp = (np.array([returned.get(n, (0, 0))[k] for n in range(count)], np.int64) for k in (0, 1))
    failed = np.array([SLVERR * refuses_write(word) for word in writes.word.tolist()], np.int64)
    one, one_read = np.ones(len(writes.performed), np.int64), np.ones(count, np.int64)
    known = expanded(trace, [note for block in blocks for note in block.notes])
    return {
        "s_awready": 1 - held(trace, writes.asked[0], writes.performed, writes.epoch, one),
        "s_wready": 1 - held(trace, writes.asked[1], writes.performed, writes.epoch, one),
        "s_bvalid": held(trace, writes.performed, writes.answered, writes.epoch, one),
        "s_bresp": held(trace, writes.performed, writes.answered, writes.epoch, failed),
        "s_arready": 1 - held(trace, reads.asked[0], reads.performed, reads.epoch, one_read),
        "s_rvalid": held(trace, reads.performed, reads.answered, reads.epoch, one_read),
        "s_rdata": held(trace, reads.performed, reads.answered, reads.epoch, data),
        "s_rresp": held(trace, reads.performed, reads.answered, reads.epoch, resp),
        "irq": known[0],
        "x_grant": grants(trace, epochs, known[1]),
    }


def held(trace: Trace, loads: IntColumn, frees: IntColumn, epoch: IntColumn, value: IntColumn) -> IntColumn:
    """(cycles,) a register that holds `value` from the cycle after `loads` to that of `frees`, or to the reset."""
    change = np.zeros(trace.cycles + 2, np.int64)
    ends = np.searchsorted(trace.epoch, epoch, side="right")  # the first cycle of a reset still shows the state
    use = loads != NONE
    stop = np.where(frees == NONE, np.minimum(ends, trace.cycles), frees)
    np.add.at(change, loads[use] + 1, value[use])
    np.add.at(change, stop[use] + 1, -value[use])
    return np.cumsum(change)[: trace.cycles]


def expanded(trace: Trace, notes: list[tuple[int, ...]]) -> list[IntColumn]:
    """The state in each cycle, from notes of what it is from a cycle on; the first cycle of a reset is still old."""
    table = np.array(notes, np.int64)
    row = np.searchsorted(table[:, 0], np.arange(trace.cycles), side="right") - 1
    begins = np.zeros(trace.cycles, np.bool_)
    begins[1:] = trace.epoch[1:] != trace.epoch[:-1]
    row[begins] -= 1  # the note of the new epoch is that of its first cycle
    return [column[np.maximum(row, 0)] for column in table.T[1:]]


def grants(trace: Trace, epochs: list[Epoch], fixed: IntColumn) -> IntColumn:
    """Section 4.1: the grant after each edge, from what was granted before it."""
    state = dict(zip(STATE_COLUMNS, expanded(trace, [note for one in epochs for note in one.notes]), strict=True))
    done = {one.cycle: one for epoch in epochs for one in epoch.happened}
    aborts, ends, begins = (np.zeros(trace.cycles, np.int64) for _ in range(3))
    for cycle, one in done.items():
        aborts[cycle], ends[cycle], begins[cycle] = one.aborts, one.row_end, one.began
    grant = trace.signals["x_grant"]
    valid = [trace.signals[f"x{c}_valid"] == 1 for c in (0, 1)]
    room = state["fly0"] + state["fly1"] < SLOTS
    want = [
        (state[f"accepting{c}"] == 1) & valid[c] & (state[f"flush{c}"] == 0) & (aborts >> c & 1 == 0) & room
        for c in (0, 1)
    ]
    at = Clocked(trace)
    served = at.held(grant != 0, grant >> 1, reset=1)
    second = np.where(want[0] & want[1], (fixed == 0) & (served == 0), want[1])
    choice = np.where(want[0] | want[1], np.where(second, 2, 1), 0)
    opened = (state["place0"] + state["place1"] > 0) | (begins != 0)
    withdrawn = ~opened & (grant & aborts != 0)
    return at.after(np.where(grant == 0, choice, np.where((ends != 0) | withdrawn, 0, grant)))

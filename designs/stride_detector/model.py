"""Reference model of ``stride_detector``, written from ``spec.md``: a fold over the accepted addresses.

Axis names used below: n accepted addresses, c cycles. All arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.packet_columns import begins_epoch
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

LOWEST, HIGHEST, SURE = -16, 15, 3
WINDOW = 15  # differences between 16 addresses
NOTHING, SINGLE, DOUBLE = range(3)  # what the last addresses were, section 5 of spec.md


@dataclass(slots=True)
class Tracker:
    """Section 3.2: a candidate and its confidence."""

    stride: int = 0
    confidence: int = 0

    def take(self, difference: int) -> None:
        """Take one difference between neighbours."""
        if difference == self.stride:
            self.confidence = min(self.confidence + 1, SURE)
        elif self.confidence:
            self.confidence -= 1
        else:
            self.stride = wrapped(difference)


def wrapped(difference: int) -> int:
    """The low five bits as a signed number."""
    return (difference - LOWEST) % 32 + LOWEST


def observe(trace: Trace) -> Observation:
    """See `dv_agent.designs.observation.ReferenceModel`."""
    taken = trace.accepted["in"]
    tables = {"address": Table(address_columns(taken))}
    return Observation(expected={}, tables=tables, levels=levels(trace, taken, outputs(taken)))


def outputs(taken: Transfers) -> IntColumn:
    """(n, 4) the outputs from the cycle after each address on, section 3.3."""
    values = np.asarray(taken.columns["value"], np.int64) & 0xFFFFFFFF
    rows = np.zeros((len(values), 4), np.int64)
    begins = begins_epoch(taken.epoch)
    previous, trackers = 0, [Tracker(), Tracker(), Tracker()]
    turn = 0
    for row, value in enumerate(values.tolist()):
        if begins[row]:
            previous, turn, trackers = 0, 0, [Tracker(), Tracker(), Tracker()]
        difference, previous = value - previous, value
        trackers[0].take(difference)
        trackers[1 + turn].take(difference)
        turn ^= 1
        single, first, second = ((one.stride, one.confidence == SURE) for one in trackers)
        rows[row] = (
            single[0] if single[1] else first[0],
            single[1] or first[1],
            second[0],
            first[1] and second[1] and not single[1],
        )
    return rows


def levels(trace: Trace, taken: Transfers, shown: IntColumn) -> dict[str, IntColumn]:
    """All outputs, cycle by cycle; none if the trace does not hold them."""
    names = ("stride_1_o", "stride_1_valid_o", "stride_2_o", "stride_2_valid_o")
    if not Clocked.has(trace, names):
        return {}
    at = Clocked(trace)
    place = at.count(at.moved("in")) - 1
    widths = (0x1F, 1, 0x1F, 1)
    return {
        name: np.where(
            trace.in_reset, 0, at.nth(shown[:, column] & mask, taken.epoch, place)
        )  # the reset is asynchronous
        for column, (name, mask) in enumerate(zip(names, widths, strict=True))
    }


def address_columns(taken: Transfers) -> dict[str, IntColumn]:
    """One row an address that has 15 before it since the reset: what the last 16 addresses were, section 5.

    `x` and `y` are the newest difference and the one before it; `steady` is 1 if all 15 differences are these two in
    turn; `kind` is what they make, and `before` what was made last.
    """
    values = np.asarray(taken.columns["value"], np.int64) & 0xFFFFFFFF
    index = np.arange(len(values), dtype=np.int64)
    begins = begins_epoch(taken.epoch)
    place = index - np.maximum.accumulate(np.where(begins, index, 0)) if len(values) else index
    x = np.diff(values, prepend=values[:1])
    y = np.concatenate([x[:1], x[:-1]])
    as_two_ago = np.zeros(len(values), np.bool_)
    as_two_ago[2:] = x[2:] == x[:-2]
    # 13 of the 15 differences have another one two places before them.
    steady = (run_length(as_two_ago & (place >= 3)) >= WINDOW - 2) & (place >= WINDOW)
    fit_x, fit_y = ((one >= LOWEST) & (one <= HIGHEST) for one in (x, y))
    kind = np.where(steady & fit_x & fit_y, np.where(x == y, SINGLE, DOUBLE), NOTHING)
    full = place >= WINDOW
    columns = {
        "cycle": taken.cycle,
        "epoch": taken.epoch,
        "x": x,
        "y": y,
        "steady": steady.astype(np.int64),
        "kind": kind,
    }
    columns = {name: np.asarray(column)[full] for name, column in columns.items()}
    return columns | {"before": state_before(columns["kind"], columns["epoch"])}


def run_length(mask: BoolColumn) -> IntColumn:
    """(n,) how many entries in a row have held, this one included."""
    index = np.arange(len(mask), dtype=np.int64)
    return index - np.maximum.accumulate(np.where(mask, -1, index)) if len(mask) else index


def state_before(kind: IntColumn, epoch: IntColumn) -> IntColumn:
    """(n,) what was made last before each address; `NOTHING` after more than 16 addresses that made nothing."""
    states = np.zeros(len(kind), np.int64)
    begins = begins_epoch(epoch).tolist()
    state, idle = NOTHING, 0
    for row, now in enumerate(kind.tolist()):
        if begins[row]:
            state, idle = NOTHING, 0
        states[row] = state
        idle = 0 if now else idle + 1
        state = now or (NOTHING if idle > 16 else state)
    return states

"""Reference model of ``weight_bank``, written from ``spec.md``: one step a cycle from the sampled inputs.

Axis names used below: c cycles, n transfers of one output, r rows. All arrays are int64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import complete_mask, find_packets, select
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

ROWS, COLUMNS = 64, 64
LANES, WORD = 16, 4  # words of a beat, bytes of a word
HALF = 32  # rows in a half of the mask
ADDRESS = (1 << 34) - 1
REST, ASK, TAKE, SEND = range(4)
DATA = "weight_bank_axi_rm_fetch_resp_data"
INPUTS = (
    "nsb_prefetcher_weight_bank_req_valid", "nsb_prefetcher_weight_bank_req[35:29]",
    "nsb_prefetcher_weight_bank_req[24:18]", "nsb_prefetcher_weight_bank_req[76:74]",
    "nsb_prefetcher_weight_bank_req[73:40]", "nsb_prefetcher_weight_bank_req[17:12]",
    "layer_config_weights_address_lsb_value", "weight_bank_axi_rm_fetch_resp_valid", "weight_channel_req_valid",
    "weight_bank_axi_rm_fetch_req_ready", "weight_channel_resp_ready",
)  # fmt: skip
LEVELS = (
    "nsb_prefetcher_weight_bank_req_ready", "nsb_prefetcher_weight_bank_resp_valid", "nsb_prefetcher_weight_bank_resp",
    "weight_bank_axi_rm_fetch_resp_ready", "weight_channel_req_ready", "weight_bank_axi_rm_fetch_req_valid",
    "weight_channel_resp_valid",
)  # fmt: skip


class Pins(NamedTuple):
    """The sampled inputs of one cycle, in the order of `INPUTS`."""

    valid: int
    in_features: int
    out_features: int
    opcode: int
    start: int
    nodeslot: int
    base: int
    beat_valid: int
    asks: int
    fetch_ready: int
    weights_ready: int


def observe(trace: Trace) -> Observation:
    """See `dv_agent.designs.observation.ReferenceModel`; nothing is foretold of a trace without pins."""
    tables = {"sent": sent(trace.accepted["weights"])}
    if not Clocked.has(trace, (*INPUTS, DATA)):
        return Observation(expected={}, tables=tables)
    columns = [trace.signals[name].tolist() for name in INPUTS]
    bank, rows = Bank(), []
    for at, (in_reset, *values) in enumerate(zip(trace.in_reset.tolist(), *columns, strict=True)):
        rows.append(bank.cycle(at, in_reset, Pins(*values)))
    foretold = np.array(rows, np.int64)
    levels = {name: foretold[:, place] for place, name in enumerate(LEVELS)}
    expected = {"fetch": asked(trace, bank.fetches), "weights": owed(trace, bank.steps, bank.matrices)}
    return Observation(expected=expected, tables=tables, levels=levels)


def bounded(features: int, most: int) -> int:
    """A size that a request asks for, section 2."""
    return max(1, min(features, most))


class Bank:
    """Section 3 of spec.md.

    Attributes:
        fetches: of each request to memory: cycle, address, bytes.
        steps: of each step that was taken: cycle, number of its matrix, its place in it.
        matrices: of each matrix that began to be sent: its rows, each with the cycles in which its beats were taken.
    """

    def __init__(self) -> None:
        self.fetches: list[tuple[int, int, int]] = []
        self.steps: list[tuple[int, int, int]] = []
        self.matrices: list[list[list[int]]] = []
        self._clear()

    def _clear(self) -> None:
        self._state, self._loaded, self._served, self._answers = REST, False, False, False
        self._node = self._columns = self._rows = self._address = self._step = 0
        self._taken: list[list[int]] = []

    def cycle(self, at: int, in_reset: bool, pins: Pins) -> tuple[int, ...]:
        """Return the outputs of a cycle, in the order of `LEVELS`, and go on to the next one."""
        if in_reset:
            self._clear()
        offers = self._state == REST and self._loaded and not self._served
        sends = offers and bool(pins.asks)
        ready = self._state == REST and not sends
        shown = (
            ready, self._answers, self._node << 10, self._state == TAKE, offers, self._state == ASK,
            self._state == SEND,
        )  # fmt: skip
        if not in_reset:
            self._next(at, pins, sends, ready)
        return shown

    def _next(self, at: int, pins: Pins, sends: bool, ready: bool) -> None:
        self._answers = False
        self._served = sends or (self._served and bool(pins.asks))
        if sends:
            self._state, self._step = SEND, 0
            self.matrices.append(self._taken)
        elif ready and pins.valid and pins.opcode == 0:
            self._begin(pins)
        elif self._state == ASK and pins.fetch_ready:
            self.fetches.append((at, self._address, WORD * self._columns))
            self._state = TAKE
            self._taken.append([])
        elif self._state == TAKE and pins.beat_valid:
            self._take(at)
        elif self._state == SEND and pins.weights_ready:
            self.steps.append((at, len(self.matrices) - 1, self._step))
            self._step += 1
            if self._step == LANES * self._beats + self._rows:
                self._state = REST

    def _begin(self, pins: Pins) -> None:
        self._state, self._loaded, self._node, self._taken = ASK, False, pins.nodeslot, []
        self._columns, self._rows = bounded(pins.in_features, COLUMNS), bounded(pins.out_features, ROWS)
        self._address = (pins.base + pins.start) & ADDRESS

    @property
    def _beats(self) -> int:
        return -(-self._columns // LANES)

    def _take(self, at: int) -> None:
        self._taken[-1].append(at)
        if len(self._taken[-1]) < self._beats:
            return
        self._address = (self._address + WORD * LANES * self._beats) & ADDRESS
        self._state = ASK
        if len(self._taken) == self._rows:
            self._state, self._loaded, self._served, self._answers = REST, True, False, True


def asked(trace: Trace, fetches: list[tuple[int, int, int]]) -> Expected:
    """The requests to memory."""
    rows = np.array(fetches, np.int64).reshape(-1, 3)
    columns = {"address": rows[:, 1], "bytes": rows[:, 2]}
    return Expected(epoch=trace.epoch[rows[:, 0]], columns=columns, cause_cycle=np.zeros(len(rows), np.int64))


def owed(trace: Trace, steps: list[tuple[int, int, int]], matrices: list[list[list[int]]]) -> Expected:
    """The steps of all matrices, section 3.3."""
    at, number, step = np.array(steps, np.int64).reshape(-1, 3).T
    words, mask = np.zeros((len(at), ROWS), np.int64), np.zeros((len(at), ROWS), np.bool_)
    for one, taken in enumerate(matrices):
        here = slice(*np.searchsorted(number, [one, one + 1]))
        beats, row = np.array(taken, np.int64), np.arange(len(taken))
        column = step[here, None] - row
        valid = (column >= 0) & (column < LANES * beats.shape[1])
        column = np.where(valid, column, 0)
        word = trace.signals[DATA][beats[row, column // LANES], LANES - 1 - column % LANES]
        words[here, : len(row)] = np.where(valid, word, 0)
        mask[here, : len(row)] = valid
    halves = (mask.reshape(-1, 2, HALF) << np.arange(HALF)).sum(axis=2)
    columns = {
        "words": words, "mask_low": halves[:, 0], "mask_high": halves[:, 1],
        "last": (~mask.any(axis=1)).astype(np.int64),
    }  # fmt: skip
    return Expected(epoch=trace.epoch[at], columns=columns, cause_cycle=np.zeros_like(at))


def sent(weights: Transfers) -> Table:
    """One row a matrix that was sent to its end: how many rows were valid in some step, and row 0 in how many beats."""
    whole = select(weights, complete_mask(weights.columns["last"], weights.epoch))
    packets = find_packets(whole.columns["last"])
    mask = whole.columns["mask_low"] + (whole.columns["mask_high"] << HALF)
    rows = ones(packets.fold(np.bitwise_or, mask))
    first = packets.fold(np.add, mask & 1)
    end = packets.end
    beats = -(-first // LANES)
    return Table({"cycle": whole.cycle[end], "epoch": whole.epoch[end], "rows": rows, "beats": beats})


def ones(mask: IntColumn) -> IntColumn:
    """(n,) the number of bits that are set."""
    return np.asarray((mask[:, None] >> np.arange(ROWS) & 1).sum(axis=1), np.int64)

"""Reference model of ``sdram_controller``, written from ``spec.md``: what it does in each cycle, from sampled requests.

Axis name used below: c cycles. All arrays are int64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dv_agent.designs.observation import Observation
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace

MODE, REFRESH, PRECHARGE, ACTIVATE, WRITE, READ, NOP = 0, 1, 2, 3, 4, 5, 7
REFRESH_EVERY = 519
ALL_BANKS, MODE_WORD = 0x400, 0x230
INPUTS = ("rd_enable", "rd_addr", "wr_enable", "wr_addr", "wr_data", "data_i")
OUTPUTS = (
    "busy", "rd_ready", "rd_data", "cs_n", "ras_n", "cas_n", "we_n", "bank_addr", "addr", "data_o", "data_oe",
    "clock_enable", "data_mask_low", "data_mask_high",
)  # fmt: skip


def sequence(*parts: tuple[int, int]) -> tuple[int, ...]:
    """Commands, each followed by so many cycles of NOP."""
    return tuple(one for command, idle in parts for one in (command, *[NOP] * idle))


# Section 3.1, and 3.3 to 3.5.
INIT = sequence((NOP, 15), (PRECHARGE, 1), (REFRESH, 8), (REFRESH, 8), (MODE, 2))
REFRESHING = sequence((PRECHARGE, 1), (REFRESH, 8))
READING = sequence((ACTIVATE, 2), (READ, 3))
WRITING = sequence((ACTIVATE, 2), (WRITE, 2))


class Pins(NamedTuple):
    """The sampled inputs of one cycle, in the order of `INPUTS`."""

    rd_enable: int
    rd_addr: int
    wr_enable: int
    wr_addr: int
    wr_data: int
    data_i: int


def observe(trace: Trace) -> Observation:
    """See `dv_agent.designs.observation.ReferenceModel`; nothing is foretold if the trace does not hold the pins."""
    if not Clocked.has(trace, INPUTS):
        return Observation(expected={}, tables={})
    foretold = np.array([*cycles(trace)], np.int64)
    return Observation(expected={}, tables={}, levels={name: foretold[:, at] for at, name in enumerate(OUTPUTS)})


def cycles(trace: Trace) -> Iterator[tuple[int, ...]]:
    """Yield the outputs of each cycle, in the order of `OUTPUTS`."""
    columns: list[IntColumn] = [trace.signals[name] for name in INPUTS]
    chip = Controller()
    for in_reset, *values in zip(trace.in_reset.tolist(), *(one.tolist() for one in columns), strict=True):
        yield chip.shown()
        if in_reset:
            chip = Controller()
        else:
            chip.next(Pins(*values))


class Controller:
    """The state behind a reset."""

    def __init__(self) -> None:
        self._commands: tuple[int, ...] = INIT  # of what is done, from this cycle on; none: idle
        self._doing: tuple[int, ...] = INIT
        self._since = 0
        self._place = self._word = self._got = 0
        self._got_now = False

    def shown(self) -> tuple[int, ...]:
        """Return the outputs of this cycle."""
        command = self._commands[0] if self._commands else NOP
        bank, address = self._address(command)
        masked = not (self._commands and self._doing in (READING, WRITING))
        code = (command >> 3, command >> 2 & 1, command >> 1 & 1, command & 1)
        busy = bool(self._commands) or self._due
        return (
            busy, self._got_now, self._got, *code, bank, address, self._word, command == WRITE, 1, masked, masked,
        )  # fmt: skip

    def next(self, pins: Pins) -> None:
        """Go on to the next cycle."""
        doing = self._doing if self._commands else ()
        self._got_now = doing == READING and len(self._commands) == 1
        if self._got_now:
            self._got = pins.data_i
        due, self._since = self._due, 0 if doing == REFRESHING else self._since + 1
        if self._commands:
            self._commands = self._commands[1:]
        elif due:
            self._begin(REFRESHING)
        elif pins.rd_enable:
            self._place = pins.rd_addr
            self._begin(READING)
        elif pins.wr_enable:
            self._place, self._word = pins.wr_addr, pins.wr_data
            self._begin(WRITING)

    @property
    def _due(self) -> bool:
        return self._since >= REFRESH_EVERY

    def _begin(self, what: tuple[int, ...]) -> None:
        self._doing = self._commands = what

    def _address(self, command: int) -> tuple[int, int]:
        """Section 3.6: bank and address of a command."""
        if command == ACTIVATE:
            return self._place >> 22, self._place >> 9 & 0x1FFF
        if command in (READ, WRITE):
            return self._place >> 22, ALL_BANKS + (self._place & 0x1FF)
        return 0, {PRECHARGE: ALL_BANKS, MODE: MODE_WORD}.get(command, 0)

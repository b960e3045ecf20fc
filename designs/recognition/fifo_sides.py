"""The sides of a FIFO: a push that must not come while full, a pop that must not come while empty."""

from __future__ import annotations

import re
from typing import Any

from dv_agent.designs.elaboration.interface import PortShape
from dv_agent.designs.recognition.fields import fields_of
from dv_agent.designs.recognition.guess import Guess, Pool
from dv_agent.designs.recognition.names import bare, identifier

# (name of the port, names of its enable, names of what holds it back, names of its payload)
_SIDES = (
    ("push", r"push|enq(ueue)?|w(r|rite)?_?(en|enable|inc|req|valid)|wr|write|wren|we|winc|put",
     r"(w|wr|write|fifo|in|push)?_?full(_n)?", r"(w|wr|write|push|enq|in|i)?_?(data|dat|din|d)(_?in)?|din|wdata"),
    ("pop", r"pop|deq(ueue)?|r(d|ead)?_?(en|enable|inc|req)|rd|read|rden|re|rinc|get",
     r"(r|rd|read|fifo|out|pop)?_?empty(_n)?", ""),
)  # fmt: skip


def find_fifo_sides(pool: Pool) -> None:
    """Claim pushes with full and pops with empty, each if there is exactly one of them."""
    for name, enables, guards, payload in _SIDES:
        asks = _named(pool.inputs(), enables)
        stops = [one for one in _named(pool.outputs(), guards) if not one.name.lower().endswith("_n")]
        if len(asks) == 1 and len(stops) == 1:
            _add(pool, name, asks[0], stops[0], payload)


def _named(ports: list[PortShape], pattern: str) -> list[PortShape]:
    form = re.compile(rf"(fifo_)?({pattern})")
    return [
        one for one in ports
        if one.width == 1 and not one.unpacked and form.fullmatch(bare(one.name, one.direction == "input"))
    ]  # fmt: skip


def _add(pool: Pool, name: str, ask: PortShape, stop: PortShape, payload: str) -> None:
    form = re.compile(rf"(fifo_)?({payload})")
    carried = [one for one in pool.inputs() if payload and form.fullmatch(bare(one.name, True)) and one != ask]
    fields: dict[str, Any] = {}
    for port in carried:
        fields |= fields_of(port, identifier(bare(port.name, True), "data"))
    value = {"kind": "strobe", "enable": ask.name, "unless": stop.name, "fields": fields}
    with_ = f"; payload by usual names: {', '.join(one.name for one in carried)}" if carried else ""
    reason = f"one side of a FIFO by name: {ask.name}, which must not come while {stop.name}{with_}"
    # `stop` stays free: it is observed as well.
    pool.add(Guess(name, value, reason, "likely"), [ask.name, *(one.name for one in carried)])

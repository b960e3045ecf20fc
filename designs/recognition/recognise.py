"""From an elaborated top to a whole design.yaml as plain data, in a fixed order: the surest claims come first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dv_agent.designs.elaboration.interface import Interface
from dv_agent.designs.ports.registry import KINDS
from dv_agent.designs.recognition.axi_sides import answer_lite_managers, asks_as_manager, loosen_channels
from dv_agent.designs.recognition.buses import find_buses
from dv_agent.designs.recognition.fifo_sides import find_fifo_sides
from dv_agent.designs.recognition.find_clocks import find_clocks, find_resets
from dv_agent.designs.recognition.guess import Guess, Pool
from dv_agent.designs.recognition.handshakes import find_streams
from dv_agent.designs.recognition.rest import add_rest, clock_of, tie_test_pins
from dv_agent.designs.recognition.rules import signals, switch_off_rules


def recognise(top: Interface, kinds: Collection[str] = tuple(KINDS)) -> Pool:
    """Return all guesses about the ports of `top`; every port is claimed by one of them.

    Args:
        kinds: the kinds of ports that may be written.
    """
    pool = Pool(top)
    find_clocks(pool)
    find_resets(pool)
    tie_test_pins(pool)
    find_buses(pool, [one for one in kinds if one.startswith("axi") and one.endswith("memory")])
    answer_lite_managers(pool)
    if asked := asks_as_manager(pool):
        kinds = [one for one in kinds if not one.startswith("axi")]
        pool.notes.append(
            f"{', '.join(asked[:3])}: the design asks for bursts of AXI4, which nothing answers: all its channels of "
            "AXI are streams, and responses come whether they are asked for or not"
        )
    find_buses(pool, kinds)
    find_streams(pool)
    find_fifo_sides(pool)
    add_rest(pool)
    if pool.wired("clocks"):
        pool.ports = [_clocked(pool, one) for one in pool.ports]
    switch_off_rules(pool)
    loosen_channels(pool)
    if top.assumptions:
        places = ", ".join(top.assumptions[:3]) + (", ..." if len(top.assumptions) > 3 else "")
        reason = f"the RTL assumes things of its inputs ({places}), which random tests break; that is no fault of it"
        pool.wiring.append(Guess("assumptions", "ignored", reason, "certain"))
    return pool


def _clocked(pool: Pool, guess: Guess) -> Guess:
    """Add the clock of a port, unless it has one or it is the first."""
    value: dict[str, Any] = dict(guess.value)
    clock = value.get("clock") or clock_of(pool, list(dict.fromkeys(signals(guess))))
    value.pop("clock", None)
    if clock and clock != next(iter(pool.wired("clocks"))):
        value = {"kind": value.pop("kind"), "clock": clock, **value}
    return Guess(guess.key, value, guess.reason, guess.certainty)

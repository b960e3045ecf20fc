"""What no protocol claims: inputs become pins or ties, outputs are observed."""

from __future__ import annotations

from typing import Any

from dv_agent.designs.elaboration.interface import PortShape
from dv_agent.designs.recognition.fields import fields_of
from dv_agent.designs.recognition.find_clocks import tie
from dv_agent.designs.recognition.guess import Guess, Pool
from dv_agent.designs.recognition.names import TEST_MODE, identifier

_SHOWN = 6


def tie_test_pins(pool: Pool) -> None:
    """Hold inputs of scan and test modes at 0."""
    for port in pool.inputs():
        if TEST_MODE.search(port.name.lower()) and port.width == 1 and not port.unpacked:
            tie(pool, port.name, 0, "named like a test mode; 0 is the mode of operation", "likely")


def add_rest(pool: Pool) -> None:
    """Claim all that is left."""
    for clock, ports in _by_clock(pool, pool.inputs()).items():
        _add(pool, "pins", ports, clock, "no handshake or bus claims them; levels that a test may change at any time")
    for one in pool.free.values():
        if one.direction == "inout":
            pool.notes.append(
                f"{one.file}:{one.line}: {one.name} is an inout: it is observed and not driven; to drive "
                f"it, write a module around {pool.top.top} with an input, an output and an enable for it"
            )
    inouts = [one for one in pool.free.values() if one.direction == "inout"]
    for watched, what in ((pool.outputs(), "outputs of no handshake or bus"), (inouts, "inouts")):
        for clock, ports in _by_clock(pool, watched).items():
            _add(pool, "observe", ports, clock, f"{what}; only looked at")


def _add(pool: Pool, kind: str, ports: list[PortShape], clock: str, reason: str) -> None:
    fields: dict[str, Any] = {}
    for port in ports:
        fields |= fields_of(port, identifier(port.name, "port"))
    if not fields:
        return
    names = ", ".join(port.name for port in ports[:_SHOWN]) + (", ..." if len(ports) > _SHOWN else "")
    value = {"kind": kind, **({"clock": clock} if clock else {}), "fields": fields}
    if any(port.direction == "inout" for port in ports):
        value["rules_off"] = {"unknown": "inouts, which nobody drives from outside"}
        kind = "inouts"
    name = {"observe": "seen"}.get(kind, kind) + (f"_{clock.lower()}" if clock else "")
    pool.add(Guess(name, value, f"{names}: {reason}", "guess"), [port.name for port in ports])


def _by_clock(pool: Pool, ports: list[PortShape]) -> dict[str, list[PortShape]]:
    """Return the ports by their clocks; by an empty name if the design has no more than one."""
    clocks = pool.wired("clocks") or {}
    groups: dict[str, list[PortShape]] = {}
    for port in ports:
        groups.setdefault(clock_of(pool, [port.name]) if clocks else "", []).append(port)
    return groups


def clock_of(pool: Pool, names: list[str]) -> str:
    """Return the clock that ports belong to: by registers that they reach or come from, then by name."""
    clocks: list[str] = list(pool.wired("clocks") or {})
    if not clocks:
        return ""
    votes = dict.fromkeys(clocks, 0)
    for name in names:
        for clock in (*pool.top.sampled_by.get(name, ()), *pool.top.driven_by.get(name, ())):
            if clock in votes:
                votes[clock] += 1
    most = max(votes.values())
    best = [clock for clock in clocks if votes[clock] == most]
    if most and len(best) == 1:
        return best[0]
    return max(best, key=lambda clock: (max(_common(clock, name) for name in names), -clocks.index(clock)))


def _common(one: str, other: str) -> int:
    """Return the length of the common beginning of two names."""
    length = 0
    for a, b in zip(one.lower(), other.lower(), strict=False):
        if a != b:
            break
        length += 1
    return length

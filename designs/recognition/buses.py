"""Buses: sets of ports with one prefix that fill the roles of APB, AXI4, AXI4-Lite, Wishbone or a simple memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from dv_agent.designs.elaboration.interface import PortShape
from dv_agent.designs.ports.buses.roles import BUSES, Role
from dv_agent.designs.recognition.guess import Certainty, Guess, Pool
from dv_agent.designs.recognition.names import identifier, plain_forms

ORDER = ("axi4", "axi4_memory", "axi_lite", "axi_lite_memory", "apb", "wishbone", "memory")
_TITLES = {
    "axi4": "AXI4", "axi4_memory": "AXI4", "axi_lite": "AXI4-Lite", "axi_lite_memory": "AXI4-Lite", "apb": "APB",
    "wishbone": "Wishbone", "memory": "a simple memory",
}  # fmt: skip
# Without these, the other names of a bus are too usual to mean it.
_KEYS = {
    "axi4": "awlen arlen", "axi4_memory": "awlen arlen", "axi_lite": "awaddr araddr",
    "axi_lite_memory": "awaddr araddr", "apb": "psel", "wishbone": "stb", "memory": "addr",
}  # fmt: skip


def find_buses(pool: Pool, kinds: Collection[str]) -> None:
    """Claim the buses on which the design answers, and the memories that it asks.

    Args:
        kinds: the kinds of ports that can be written; buses of other kinds are left to be streams and pins.
    """
    for kind in (one for one in ORDER if one in kinds):
        for prefix in _prefixes(pool, kind):
            found = _match(pool, BUSES[kind], prefix)
            if found and _is_enough(kind, found) and not (kind.startswith("axi_lite") and _has_bursts(pool, prefix)):
                _add(pool, kind, prefix, found)


def _has_bursts(pool: Pool, prefix: str) -> bool:
    """Return whether a bus asks for bursts, so that it is AXI4, even if it lacks one of its signals."""
    names = {form for port in pool.free.values() for form in plain_forms(port.name, port.direction == "input")}
    return bool({f"{prefix}awlen", f"{prefix}arlen"} & names)


def _prefixes(pool: Pool, kind: str) -> list[str]:
    """Return what stands before the names of the bus's key signals."""
    roles = [role for role in BUSES[kind] if role.name in _KEYS[kind].split()]
    found: dict[str, None] = {}
    for port in pool.free.values():
        for role in roles:
            for form in plain_forms(port.name, port.direction == "input"):
                for name in (role.name, *role.also):
                    if form.endswith(name) and (len(form) == len(name) or form[-len(name) - 1] == "_"):
                        found.setdefault(form[: len(form) - len(name)])
    return list(found)


def _match(pool: Pool, roles: Sequence[Role], prefix: str) -> dict[str, PortShape]:
    """Return role -> port for one prefix; empty if a role that must be there is missing."""
    found = {role.name: port for role in roles if (port := _port_of(pool, role, prefix, set()))}
    groups = {role.group for role in roles}
    lacking = {role.group for role in roles if not role.optional and role.name not in found}
    if lacking - {""} == groups - {""} != set() or "" in lacking:
        return {}
    absent = {group for group in lacking if group}
    if any(role.group in absent and role.name in found for role in roles if not role.optional):
        return {}
    return {role.name: found[role.name] for role in roles if role.name in found and role.group not in absent}


def _port_of(pool: Pool, role: Role, prefix: str, taken: set[str]) -> PortShape | None:
    for name in (role.name, *role.also):
        for port in pool.free.values():
            into = port.direction == "input"
            if port.name in taken or into != role.into or port.direction == "inout" or port.unpacked:
                continue
            if prefix + name in plain_forms(port.name, into) and _fits(role, port):
                return port
    return None


def _fits(role: Role, port: PortShape) -> bool:
    if isinstance(role.width, int):
        return port.width == role.width
    return 1 <= port.width <= 64 and len(port.members) < 2


def _is_enough(kind: str, found: dict[str, PortShape]) -> bool:
    """Return whether the names found mean this bus, and their widths agree."""
    data = {port.width for role, port in found.items() if role.endswith("data") or role.startswith("dat_")}
    if len(data) > 1:
        return False
    if len({port.width for role, port in found.items() if role in ("awaddr", "araddr")}) > 1:
        return False
    width = data.pop() if data else 0
    if kind != "memory" and any("str" in role and port.width != width // 8 for role, port in found.items()):
        return False
    if kind == "wishbone":
        return {"stb", "ack"} <= found.keys() and bool({"dat_i", "dat_o"} & found.keys())
    if kind == "memory":
        return "rdata" in found and bool({"ready", "rvalid"} & found.keys())
    return True


def _add(pool: Pool, kind: str, prefix: str, found: dict[str, PortShape]) -> None:
    signals: dict[str, Any] = {
        role: port.name if port.width == 1 else {"signal": port.name, "width": port.width}
        for role, port in found.items()
    }
    names = ", ".join(port.name for port in list(found.values())[:5])
    side = "the design asks" if kind.endswith("memory") else "the design answers"
    certainty: Certainty = "guess" if kind == "memory" else "certain" if kind.startswith("a") else "likely"
    reason = f"{_TITLES[kind]}, {side}, by {len(found)} names with one prefix: {names}, ..."
    name = identifier(prefix.strip("_"), "bus" if kind != "memory" else "mem")
    pool.add(Guess(name, {"kind": kind, "signals": signals}, reason, certainty), [one.name for one in found.values()])

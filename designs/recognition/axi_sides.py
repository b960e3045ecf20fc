"""AXI that the design drives itself: lite ones are answered from memory; what cannot be answered is played as streams.

A manager with all signals of its channels is a bus that is answered from memory. One that lacks some, or whose signals
are packed in vectors, is not. Its channels are then independent streams: every rule of a handshake holds, but responses
come whether they are asked for or not. So the buses on the other side of such a design are streams as well, because a
response that was not asked for may come out there.
"""

from __future__ import annotations

import re
from typing import Any

from dv_agent.designs.elaboration.interface import PortShape
from dv_agent.designs.recognition.find_clocks import tie
from dv_agent.designs.recognition.guess import Guess, Pool
from dv_agent.designs.recognition.names import identifier

_READ = ("arvalid", "arready", "araddr", "rvalid", "rready", "rdata")
_WRITE = ("wvalid", "wready", "wdata", "bvalid", "bready", "bresp")
_INTO = {"arready", "rvalid", "rdata", "wready", "bvalid", "bresp"}
_ASKED = re.compile(r"(aw|ar)valid$")
_CHANNEL = re.compile(r"^(.*?)(aw|w|b|ar|r)$")
_WIDEST = 64


def answer_lite_managers(pool: Pool) -> None:
    """Claim the channels of AXI4-Lite managers: reads and writes are answered from test memory."""
    for prefix in _prefixes(pool):
        if f"{prefix}arlen" in pool.free or f"{prefix}awlen" in pool.free:
            continue
        for name, roles, (ask, answer) in (("r", _READ, ("ar", "r")), ("w", _WRITE, ("w", "b"))):
            ports = {role: pool.free.get(f"{prefix}{role}") for role in roles}
            if all(port is not None and _fits(role, port) for role, port in ports.items()):
                _add(pool, prefix, name, ask, answer)


def asks_as_manager(pool: Pool) -> list[str]:
    """Return the valids of AXI requests that the design drives and that nothing answers."""
    return [one.name for one in pool.outputs() if _ASKED.search(one.name.lower())]


def loosen_channels(pool: Pool) -> None:
    """Switch the rule `deadlock` off for streams that are AXI channels: one may wait for another for ever."""
    names = {one.key for one in pool.ports}
    pool.ports = [_loosened(one, names) for one in pool.ports]


def _loosened(guess: Guess, names: set[str]) -> Guess:
    found = _CHANNEL.match(guess.key.rstrip("0123456789"))
    if guess.value["kind"] != "source" or "ready" not in guess.value or not found:
        return guess
    prefix = found[1]
    if not ({f"{prefix}aw", f"{prefix}w", f"{prefix}b"} <= names or {f"{prefix}ar", f"{prefix}r"} <= names):
        return guess
    reason = "a channel of AXI, played without the others: it may wait for one of them for ever"
    rules = {**guess.value.get("rules_off", {}), "deadlock": reason}
    return Guess(guess.key, {**guess.value, "rules_off": rules}, guess.reason, guess.certainty)


def _prefixes(pool: Pool) -> list[str]:
    return list(dict.fromkeys(name[: -len("arvalid")] for name in asks_as_manager(pool)))


def _fits(role: str, port: PortShape) -> bool:
    return (port.direction == "input") == (role in _INTO) and 1 <= port.width <= _WIDEST and not port.unpacked


def _add(pool: Pool, prefix: str, name: str, ask: str, answer: str) -> None:
    asked, given = ("addr", "data") if name == "r" else ("data", "resp")
    value: dict[str, Any] = {
        "kind": "responder",
        "request": _stream(pool, prefix, ask, asked),
        "response": _stream(pool, prefix, answer, given),
    }
    claimed = [f"{prefix}{channel}{end}" for channel, end in (
        (ask, "valid"), (ask, "ready"), (ask, asked), (answer, "valid"), (answer, "ready"), (answer, given),
    )]  # fmt: skip
    what = "reads" if name == "r" else "writes"
    reason = f"AXI4-Lite, the design asks: {what} by {prefix}{ask}*, answered on {prefix}{answer}* from test memory"
    pool.add(Guess(identifier(f"{prefix}{what}", what), value, reason, "likely"), claimed)
    if name == "r" and f"{prefix}rresp" in pool.free:
        tie(pool, f"{prefix}rresp", 0, "the response OKAY of every read", "likely")
    if name == "w" and f"{prefix}awready" in pool.free:
        reason = "addresses of writes are taken at once, so that no response comes before its address"
        tie(pool, f"{prefix}awready", 1, reason, "likely")


def _stream(pool: Pool, prefix: str, channel: str, field: str) -> dict[str, Any]:
    port = pool.free[f"{prefix}{channel}{field}"]
    return {
        "valid": f"{prefix}{channel}valid", "ready": f"{prefix}{channel}ready",
        "fields": {field: {"signal": port.name, "width": port.width}},
    }  # fmt: skip

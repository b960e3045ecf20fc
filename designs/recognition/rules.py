"""Rules that a design cannot be held to, because of what the RTL does with its inputs: each with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dv_agent.designs.recognition.guess import Guess, Pool
from dv_agent.designs.recognition.names import CONTROL, bare

_SHOWN = 4


def switch_off_rules(pool: Pool) -> None:
    """Add `may_drop` and `rules_off` to the ports on which the design drives valid."""
    free = _free_inputs(pool)
    clearing = _clearing(pool, free)
    kinds = ("sink", "memory")
    pool.ports = [_judged(pool, one, free, clearing) if one.value["kind"] in kinds else one for one in pool.ports]


def _free_inputs(pool: Pool) -> set[str]:
    """Return the inputs that may change in any cycle: pins, and streams without a ready."""
    found: set[str] = set()
    for one in pool.ports:
        if one.value["kind"] == "pins" or (one.value["kind"] == "source" and "ready" not in one.value):
            found |= set(signals(one))
    return found


def signals(guess: Guess) -> Iterator[str]:
    """Yield the ports of the top that a guess about a port names."""
    value = guess.value
    for key in ("valid", "ready", "last", "enable", "unless"):
        if value.get(key):
            yield _base(value[key])
    for part in (value.get("request", {}), value.get("response", {})):
        yield from (_base(part[key]) for key in ("valid", "ready") if key in part)
        yield from (_base(one["signal"]) for one in part.get("fields", {}).values())
    for part in (*value.get("fields", {}).values(), *value.get("signals", {}).values()):
        yield _base(part["signal"] if isinstance(part, dict) else part)


def _base(signal: str) -> str:
    return re.split(r"[\[{]", signal, maxsplit=1)[0]


def _clearing(pool: Pool, free: set[str]) -> list[str]:
    """Return the pins that clear registers: by name, or because the RTL tests them as it tests a reset.

    A pin of several bits clears one register a bit, if there are vectors of handshakes; else it is a number such as
    ``cfg_drop_id``.
    """
    tested = {fact.port for fact in pool.top.resets if not fact.asynchronous}
    counts = {1, *(one.value.get("count", 1) for one in pool.ports)}
    read = {one.name for one in pool.top.ports if one.name in free and one.width in counts}
    read = {name for name in read if pool.top.sampled_by.get(name)}
    return sorted(name for name in read if CONTROL.search(bare(name, True)) or name in tested)


def _judged(pool: Pool, guess: Guess, free: set[str], clearing: list[str]) -> Guess:
    value = dict(guess.value)
    roles = value.get("signals", value)
    valid = _base(roles["valid"])
    driven = {one.name for one in pool.top.ports if one.direction == "output"}
    offered = sorted({*signals(guess)} & driven)
    off = {}
    if "ready" in roles and (through := _through(pool, offered, free)):
        off["stable"] = f"{_listed(offered)} follow {_listed(through)} in the same cycle, which may change at any time"
    if through := _through(pool, [valid], free):
        off["after_reset"] = f"{valid} follows {_listed(through)} in the same cycle"
    if off:
        value["rules_off"] = off
    elif clearing and "ready" in roles and (behind := pool.top.through.get(valid, ())):
        value["rules_off"] = {
            "stable": f"{_listed(clearing)} may clear what waits, and another offer takes its place at once, because "
            f"{valid} follows {_listed(list(behind))} in the same cycle"
        }
    elif clearing and "ready" in roles:
        value["may_drop"] = f"{_listed(clearing)} may clear what waits, at any time"
    return Guess(guess.key, value, guess.reason, guess.certainty)


def _through(pool: Pool, outputs: list[str], free: set[str]) -> list[str]:
    """Return the inputs of `free` that reach one of `outputs` without a register between."""
    return sorted({name for one in outputs for name in pool.top.through.get(one, ()) if name in free})


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")

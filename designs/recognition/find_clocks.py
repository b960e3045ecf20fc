"""Clocks and resets: by the edges and tests in the RTL; by names, where the RTL does not decide."""

from __future__ import annotations

from typing import Any

from dv_agent.designs.elaboration.interface import PortShape, ResetFact
from dv_agent.designs.recognition.guess import Certainty, Guess, Pool
from dv_agent.designs.recognition.names import CLOCK, CONTROL, RESET, is_active_low
from dv_agent.designs.text.wording import counted

PERIODS = (10, 14, 22, 26, 34, 38, 46, 58)  # ns; no two are multiples of each other
_CYCLES = 8


def find_clocks(pool: Pool) -> None:
    """Claim the clocks: inputs at whose edges blocks wait; else one that is named so."""
    top = pool.top
    known = {one.name for one in pool.inputs() if one.width == 1 and not one.unpacked}
    found = {name: count for name, count in top.clocks.items() if name in known}
    named = [one for one in pool.inputs() if one.name in known and one.name not in found and _is_clock(one)]
    for name in top.falling:
        if name in found:
            pool.notes.append(f"every block at {name} waits for its falling edge; inputs change after the rising one")
    if not found and named:
        reason = f"no block waits for an edge; {named[0].name} is named like a clock"
        pool.wiring.append(Guess("clock", _clock(named[0].name, 0), reason, "guess"))
        pool.claim([named[0].name])
        named = named[1:]
    elif not found:
        pool.wiring.append(Guess("clock", None, "no block waits for an edge of an input: combinational", "certain"))
    elif len(found) == 1 and not named:
        (name,) = found
        pool.wiring.append(Guess("clock", _clock(name, 0), _edges(found, name), "certain"))
    else:
        _several(pool, found, named)
        named = []
    pool.claim(found)
    _tie(pool, named, "named like a clock, and nothing waits for its edges")


def _several(pool: Pool, found: dict[str, int], named: list[PortShape]) -> None:
    order = [*found, *(one.name for one in named)]
    clocks = {name: _clock(name, place) for place, name in enumerate(order[: len(PERIODS)])}
    reason = "; ".join(_edges(found, name) if name in found else f"{name} is named like a clock" for name in clocks)
    key, value = ("clocks", clocks) if len(clocks) > 1 else ("clock", clocks[order[0]])
    pool.wiring.append(Guess(key, value, f"{reason}; the periods are free: set the real ones", "likely"))
    pool.claim(clocks)
    _tie(pool, [pool.free[name] for name in order[len(PERIODS) :]], f"more than {len(PERIODS)} clocks")


def _clock(name: str, place: int) -> dict[str, Any]:
    return {"signal": name, "period_ns": PERIODS[place]}


def _edges(found: dict[str, int], name: str) -> str:
    return f"{counted(found[name], 'block')} of the RTL {'waits' if found[name] == 1 else 'wait'} for edges of {name}"


def _is_clock(port: PortShape) -> bool:
    name = port.name.lower()
    return CLOCK.search(name) is not None and not any(word in name for word in ("en", "gate", "div", "sel", "stb"))


def _tie(pool: Pool, ports: list[PortShape], reason: str) -> None:
    for port in ports:
        tie(pool, port.name, 0, reason, "guess")


def tie(pool: Pool, name: str, value: int, reason: str, certainty: Certainty) -> None:
    """Hold an input constant."""
    pool.wiring.append(Guess("ties", {name: value}, f"{name}: {reason}", certainty))
    pool.claim([name])


def find_resets(pool: Pool) -> None:
    """Claim the resets: what the RTL tests first in clocked blocks, if it is in their edge lists or named so."""
    if "clock" in {one.key for one in pool.wiring} and pool.wired("clock") is None:
        pool.wiring.append(Guess("reset", None, "there is no clock", "certain"))
        return
    free = {one.name for one in pool.inputs() if one.width == 1 and not one.unpacked}
    facts: dict[str, ResetFact] = {}
    for fact in pool.top.resets:
        if fact.port in free and (RESET.search(fact.port.lower()) or _is_async(fact)):
            facts.setdefault(fact.port, fact)
    asynchronous = {one.port for one in pool.top.resets if one.asynchronous}
    guesses = [_by_rtl(pool, fact, fact.port in asynchronous) for fact in facts.values()]
    named = [name for name in sorted(free - facts.keys()) if RESET.search(name.lower()) and not CONTROL.search(name)]
    guesses += [_by_name(name) for name in named]
    if not guesses:
        pool.wiring.append(Guess("reset", None, "no input is tested first in clocked blocks, or named so", "likely"))
        return
    first, *more = guesses
    pool.wiring.append(first)
    if more:
        value = [{key: one.value[key] for key in ("signal", "active")} for one in more]
        certainty: Certainty = "certain" if all(one.certainty == "certain" for one in more) else "likely"
        pool.wiring.append(Guess("more_resets", value, "; ".join(one.reason for one in more), certainty))
    pool.claim(one.value["signal"] for one in guesses)


def _is_async(fact: ResetFact) -> bool:
    """An edge list may also hold a second clock of a latch or a set input: those are no resets without a name."""
    return fact.asynchronous and not CLOCK.search(fact.port.lower())


def _by_rtl(pool: Pool, fact: ResetFact, asynchronous: bool) -> Guess:
    level = "low" if fact.active == "low" else "high"
    kind = "asynchronous" if asynchronous else "synchronous"
    against = ""
    if is_active_low(fact.port) != (fact.active == "low"):
        against = f", although the name {fact.port} suggests the other level"
    both = {one.active for one in pool.top.resets if one.port == fact.port}
    if len(both) > 1:
        against += ", and other blocks test the other level"
    verb = "tests" if fact.registers == 1 else "test"
    reason = f"{counted(fact.registers, 'block')} of the RTL {verb} {fact.port} first, active {level}, {kind}{against}"
    more = {"asynchronous": True} if asynchronous else {}
    value = {"signal": fact.port, "active": fact.active, "cycles": _CYCLES, **more}
    return Guess("reset", value, reason, "likely" if against else "certain")


def _by_name(name: str) -> Guess:
    level = "low" if is_active_low(name) else "high"
    value = {"signal": name, "active": level, "cycles": _CYCLES}
    return Guess("reset", value, f"{name} is named like a reset, active {level}; no block tests it first", "guess")

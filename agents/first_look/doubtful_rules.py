"""Rules that fired at the first look, but that the design need not follow: each is switched off, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dv_agent.agents.first_look.guessed_design import Draft
from dv_agent.agents.first_look.watch import Seen, look
from dv_agent.agents.testbench import Testbench
from dv_agent.designs.recognition.guess import Guess
from dv_agent.designs.text.wording import counted
from dv_agent.designs.wiring.signal_slice import split
from dv_agent.runners.checks.failure import CheckFailure

_SHOWN = 4
_MOST_NOTES, _NOTE = 10, 500
# What a level that changes at any time may break. Other rules hold whatever the pins do.
_BY_PINS = ("stable", "after_reset")


def settled(draft: Draft, bench: Testbench, seen: Seen, seed: int, tests: int) -> Draft:
    """Return the draft without the rules of which nobody can say, without a model, whether the design breaks them.

    * ``unknown``: X on an output that depends on registers which neither a reset nor an initial value sets.
    * ``stable`` and ``after_reset`` on a port, if pins are changed by the tests, and the same tests with all pins at
      rest break none of the two there.

    Args:
        seen: what `bench` has seen of it; the tests were those of `seed` and `tests`.
    """
    reasons: dict[tuple[str, str], str] = {}
    for failure in seen.failures:
        if failure.check == "unknown" and (why := _unset(draft, failure)):
            reasons.setdefault((_port(failure), "unknown"), why)
    by_pins = [one for one in seen.failures if one.check in _BY_PINS]
    pins = _pins(draft)
    if by_pins and pins:
        calm = look(bench, seed, tests, resting=frozenset(pins))
        still = {(_port(one), one.check) for one in calm.failures}
        names = [name for fields in pins.values() for name in fields]
        why = f"broken in random tests, but not while {_listed(names)} rested, which may change at any time"
        reasons |= {(_port(one), one.check): why for one in by_pins if (_port(one), one.check) not in still}
    return _without(draft, reasons)


def with_notes(draft: Draft, seen: Seen) -> Draft:
    """Return the draft with a note on each check that fired, so that a reader of prompts knows of it."""
    notes = []
    for one in seen.failures[:_MOST_NOTES]:
        count = f"{seen.fired[one.check, one.port]} of {counted(seen.tests, 'random test')}"
        notes.append(" ".join(f"{count} of dv-agent init failed this check: {one}".split())[:_NOTE])
    return draft.having(notes=notes or None)


def _without(draft: Draft, reasons: Mapping[tuple[str, str], str]) -> Draft:
    if not reasons:
        return draft
    ports = []
    for guess in draft.pool.ports:
        off = {rule: why for (port, rule), why in reasons.items() if port == guess.key}
        value: dict[str, Any] = dict(guess.value)
        if off:
            value["rules_off"] = {**value.get("rules_off", {}), **off}
            if "stable" in off:
                value.pop("may_drop", None)
        ports.append(Guess(guess.key, value, guess.reason, guess.certainty))
    pool = replace(draft.pool)
    pool.free, pool.ports = {}, ports
    return replace(draft, pool=pool)


def _port(failure: CheckFailure) -> str:
    return failure.port.partition(".")[0]


def _pins(draft: Draft) -> dict[str, list[str]]:
    """Return port of kind pins -> the signals that it changes."""
    return {
        one.key: [spec["signal"] for spec in one.value["fields"].values()]
        for one in draft.pool.ports if one.value["kind"] == "pins"
    }  # fmt: skip


def _unset(draft: Draft, failure: CheckFailure) -> str:
    signal = failure.message.partition(" ")[0]  # as all words of this check begin
    registers = draft.top.unset.get(split(signal).base, ())
    if not registers:
        return ""
    behind = f"{_listed(registers)}, which no reset and no initial value sets"
    return f"{signal} was X in random tests; it depends on {behind}"


def _listed(names: Any) -> str:
    return ", ".join(list(names)[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")

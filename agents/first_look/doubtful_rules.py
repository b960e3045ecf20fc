"""Rules that fired at the first look, but that the design need not follow: each is switched off, with the reason."""

from __future__ import annotations

import re
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
_MOST_AGAIN = 8  # tests that are played once more with resting inputs
_MOST_NOTES, _NOTE = 10, 500
# What an input may break that does as it likes. Other rules hold whatever these inputs do.
_BY_INPUTS = ("stable", "after_reset", "unasked", "id", "beats", "illegal")
# What is left if the same inputs do not give what the design waits for.
_BY_SILENCE = ("unanswered", "deadlock")
_RESPONSE = re.compile(r"(^|_)(resp|response|rsp|completion|cpl|status|[rb])[0-9]*$")
_ASKS = re.compile(r"(^|_)(req|request|cmd|command)$")
_REQUEST = {"r": ("ar",), "b": ("aw", "w")}


def settled(draft: Draft, bench: Testbench, seen: Seen, seed: int, tests: int) -> Draft:
    """Return the draft without the rules of which nobody can say, without a model, whether the design breaks them.

    * ``unknown``: X on an output that depends on registers which neither a reset nor an initial value sets,
      or on an inout, which nobody drives from outside.
    * A rule of a handshake or a bus that the same tests do not break while inputs rest that follow no rule: pins, and
      streams of responses, which tests send whether the design asked for them or not.

    Args:
        seen: what `bench` has seen of it; the tests were those of `seed` and `tests`.
    """
    reasons: dict[tuple[str, str], str] = {}
    for failure in seen.failures:
        if failure.check == "unknown" and (why := _unset(draft, failure)):
            reasons.setdefault((_port(draft, failure), "unknown"), why)
    broken = [one for one in seen.failures if one.check in _BY_INPUTS]
    pins, responses = _pins(draft), _responses(draft)
    if broken and (pins or responses):
        calm = look(bench, seed, tests, frozenset([*pins, *responses]), seen.failing[:_MOST_AGAIN])
        still = {(_port(draft, one), one.check) for one in calm.failures}
        names = [*(name for fields in pins.values() for name in fields), *responses]
        why = f"broken in random tests, but not while {_listed(names)} rested, which may change at any time"
        reasons |= {key: why for one in broken if (key := (_port(draft, one), one.check)) not in still}
    if responses and reasons:
        why = f"tests play {_listed(responses)}, which should answer the design, without regard to what it asks for"
        silent = [one for one in seen.failures if one.check in _BY_SILENCE and one.port]
        reasons |= {(_port(draft, one), one.check): why for one in silent}
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


def _port(draft: Draft, failure: CheckFailure) -> str:
    """Return the port of the draft; one with a `count` stands for all its copies."""
    name = failure.port.partition(".")[0]
    return name if any(one.key == name for one in draft.pool.ports) else name.rstrip("0123456789")


def _pins(draft: Draft) -> dict[str, list[str]]:
    """Return port of kind pins -> the signals that it changes."""
    return {
        one.key: [spec["signal"] for spec in one.value["fields"].values()]
        for one in draft.pool.ports if one.value["kind"] == "pins"
    }  # fmt: skip


def _responses(draft: Draft) -> list[str]:
    """Return the streams into the design that answer it, by name: a stream out of it has the name of their request."""
    sinks = {one.key.rstrip("0123456789") for one in draft.pool.ports if one.value["kind"] == "sink"}
    return [one.key for one in draft.pool.ports if one.value["kind"] == "source" and _answers(one.key, sinks)]


def _answers(key: str, sinks: set[str]) -> bool:
    found = _RESPONSE.search(key)
    if not found:
        return False
    stem = key[: found.start(2)]
    if channels := _REQUEST.get(found[2]):
        return any(f"{stem}{one}" in sinks for one in channels)
    asked = (_ASKS.search(one) for one in sinks)
    return any(one is not None and stem.startswith(one.string[: one.start(2)]) for one in asked)


def _unset(draft: Draft, failure: CheckFailure) -> str:
    signal = failure.message.partition(" ")[0]  # as all words of this check begin
    base = split(signal).base
    if registers := draft.top.unset.get(base, ()):
        behind = f"{_listed(registers)}, which no reset and no initial value sets"
    elif inouts := draft.top.floating.get(base, ()):
        behind = f"{_listed(inouts)}, which nobody drives from outside"
    else:
        return ""
    return f"{signal} was X in random tests; it depends on {behind}"


def _listed(names: Any) -> str:
    return ", ".join(list(names)[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")

"""Formatting of numbers, times and outcomes as text; an unknown value is shown as unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from dv_agent.designs.text.wording import counted

UNKNOWN = "unknown"
_LINE, _SHORT = 112, 50
_STOP = {
    "target": "target reached",
    "agent_done": "the agent had nothing more to propose",
    "no_holes": "no hole was left",
    "stalled": "too many turns without a new bin",
    "failure": "a check failed",
    "interrupted": "interrupted",
}
_STRUCTURED = {
    "given": "given",
    "refused": "refused by the server",
    "empty": "came empty",
    "off": "no longer asked for, plain text instead",
}
_NOTES = {
    "refused": "The server refused structured output; the reply below is plain text, asked for in the same call.",
    "empty": "The reply with structured output was empty, so plain text was asked for, if the budget held that.",
    "off": "Plain text was asked for, because earlier turns showed that structured output is not to be had.",
}
_CHECKS = {
    "value": "wrong value",
    "lost": "transfer lost",
    "extra": "transfer from nowhere",
    "duplicate": "transfer delivered twice",
    "order": "transfers in the wrong order",
    "stable": "valid or payload taken back",
    "unknown": "X or Z on an output",
    "after_reset": "valid right after reset",
    "reset_value": "wrong value after reset",
    "code": "value that does not occur",
    "early": "output too early",
    "late": "output too late",
    "capacity": "refused with room, or held too much",
    "patience": "offer waited too long",
    "deadlock": "deadlock",
    "assertion": "assertion of the RTL",
    "unasked": "answer without a request",
    "unanswered": "request without an answer",
    "id": "answer with a wrong id",
    "beats": "burst of a wrong length",
    "exclusive": "two answers at once",
    "illegal": "response that the bus does not know",
    "read_back": "read something else than was written",
    "refused": "access answered with an error",
    "hung": "simulator hung",
    "crashed": "simulation ended early",
    "illegal_bin": "illegal bin hit",
}


def number(value: float | None) -> str:
    """Return text such as ``60,071``; a fraction keeps its significant digits."""
    if value is None:
        return UNKNOWN
    return f"{value:,}" if value == int(value) and isinstance(value, int) else f"{value:,.4g}"


def percent(part: float, whole: float) -> str:
    """Return text such as ``87.5 %``; never rounded up to 100."""
    if not whole:
        return "none"
    share = 100 * part / whole
    text = f"{share:.1f}"
    return f"{'99.9' if text == '100.0' and part < whole else text} %"


def dollars(usd: float | None) -> str:
    """Return text such as ``$0.42``."""
    if usd is None:
        return UNKNOWN
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def duration(seconds: float | None) -> str:
    """Return text such as ``5.1 s``, ``2 min 05 s``, ``1 h 03 min``."""
    if seconds is None:
        return UNKNOWN
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def moment(iso: str) -> str:
    """Return text such as ``2026-11-20 18:56:54 UTC``; a text that is not a time is returned unchanged."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso or UNKNOWN
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if when.tzinfo else iso


def size(octets: int) -> str:
    """Return text such as ``2.4 kB``."""
    if octets < 1000:
        return f"{octets} B"
    return f"{octets / 1000:.1f} kB" if octets < 1_000_000 else f"{octets / 1_000_000:.1f} MB"


def plural(count: int, noun: str) -> str:
    """Return text such as ``1 test``, ``2 tests``."""
    return counted(count, noun)


def stopped(reason: str) -> str:
    """Return a stop reason in words."""
    if reason.startswith("budget:"):
        return f"budget used up: {reason.removeprefix('budget:')}"
    return _STOP.get(reason, reason)


def check_title(check: str) -> str:
    """Return a failed check in words."""
    return _CHECKS.get(check, check.replace("_", " "))


def structured_words(counts: Mapping[str, int]) -> str:
    """Return the results of requests for structured output, as numbers of turns."""
    return ", ".join(f"{count} {_STRUCTURED.get(name, name)}" for name, count in counts.items())


def structured_note(name: str) -> str:
    """Return the result of a request for structured output in one turn; empty if it succeeded or was not made."""
    return _NOTES.get(name, "")


def flowing(steps: Iterable[str]) -> str:
    """Return steps one per line; short ones share a line."""
    lines: list[str] = []
    for step in steps:
        if lines and len(lines[-1]) + len(step) < _LINE and len(step) < _SHORT:
            lines[-1] += f"  {step}"
        else:
            lines.append(step)
    return "\n".join(lines)


def listed(parts: Iterable[str], most: int) -> str:
    """Return the first `most` of `parts` separated by commas, and the number of the others."""
    every = list(parts)
    more = f" … {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more

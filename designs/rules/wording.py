"""The rules of design.yaml in words, one line a kind of rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.designs.rules.check_rules import CheckRules

_SHOWN = 8


def rule_words(rules: CheckRules, most: int | None = _SHOWN) -> Iterator[str]:
    """Yield what is checked, such as ``latency of out``; nothing if there are no rules.

    Args:
        most: how many names a line has; None: all.
    """
    if rules.reset:
        yield f"values after reset of {_names([*rules.reset], most)}"
    if rules.codes:
        yield f"no code that cannot occur on {_names([*rules.codes], most)}"
    if rules.latency:
        yield f"latency of {_names([one.to for one in rules.latency], most)}"
    if rules.capacity:
        yield f"how much is held between {_names([f'{one.accepts} and {one.holds}' for one in rules.capacity], most)}"
    if rules.patience:
        yield f"how long an offer may wait on {_names([one.offer for one in rules.patience], most)}"


def _names(names: Sequence[str], most: int | None) -> str:
    unique = [*dict.fromkeys(names)]
    more = f" and {len(unique) - most} more" if most is not None and len(unique) > most else ""
    return ", ".join(unique[:most]) + more

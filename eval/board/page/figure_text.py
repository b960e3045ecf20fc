"""Formatting of figures as text: every number together with its interval and number of trials."""

from __future__ import annotations

from dv_agent.eval.board.leaderboard import Figure
from dv_agent.eval.board.trials.metrics import BY_NAME
from dv_agent.eval.report.wording import dollars, duration

NONE = "—"


def percent(value: float | None) -> str:
    """Return text such as ``82.4``; never rounded up to 100 or down to 0."""
    if value is None:
        return NONE
    text = f"{value:.1f}"
    if text == "100.0" and value < 100:
        return "99.9"
    return "0.1" if text == "0.0" and value > 0 else text.replace("-0.0", "0.0")


def signed(value: float | None) -> str:
    """Return text such as ``+3.1``, ``-0.4`` (with a true minus sign), ``0.0``."""
    if value is None:
        return NONE
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "\u2212")


def count(value: float | None) -> str:
    """Return text such as ``20,312``; small means keep one decimal."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def probability(value: float) -> str:
    """Return text such as ``0.031`` or ``< 0.001``."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def interval(figure: Figure, name: str = "coverage") -> str:
    """Return text such as ``[78.1, 86.0]``; empty if there is no interval."""
    if figure.low is None or figure.high is None:
        return ""
    return f"[{plain(figure.low, name)}, {plain(figure.high, name)}]"


def plain(value: float | None, name: str) -> str:
    """Return the value of a metric in its unit."""
    if value is None:
        return NONE
    unit = BY_NAME[name].unit if name in BY_NAME else "points"
    if unit == "points":
        return signed(value)
    if unit == "usd":
        return dollars(value)
    if unit == "seconds":
        return duration(value)
    return percent(value) if unit == "%" else count(value)

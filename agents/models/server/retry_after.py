"""The wait that a server asks for before the next attempt, in seconds."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime

LONGEST = 1e9
"""Seconds, some thirty years: more says no more, and would be printed with hundreds of digits."""


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that a server asks to wait, None if it does not say.

    The server may give milliseconds (``retry-after-ms``), seconds or an HTTP date. `headers` have lower-case names.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("retry-after")
    number = _number(said)
    if number is not None or said is None:
        return number
    try:
        date = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((date - (now or datetime.now(UTC))).total_seconds(), 0.0)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return min(number, LONGEST) if 0 <= number < float("inf") else None

"""Formatting of words in messages: a number with its noun, plurals, the version of a program."""

from __future__ import annotations

from collections.abc import Sequence

_IRREGULAR = {
    "reply": "replies",
    "retry": "retries",
    "query": "queries",
    "match": "matches",
    "witness": "witnesses",
    "branch": "branches",
}


def counted(number: int, noun: str) -> str:
    """Return ``1 test``, ``2 tests``, ``1,234 cycles``; in a noun of several words the last one gets the plural."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def numbered(noun: str, numbers: Sequence[int], most: int = 5) -> str:
    """``test 3``, ``tests 3, 4``, ``tests 3, 4, 5 and 9 more``: which ones, at most `most` of them by number."""
    shown = ", ".join(str(one) for one in numbers[:most])
    more = f" and {len(numbers) - most:,} more" if len(numbers) > most else ""
    return f"{noun if len(numbers) == 1 else plural(noun)} {shown}{more}"


def plural(noun: str) -> str:
    """Return the plural of a noun: ``tests`` for ``test``."""
    head, blank, last = noun.rpartition(" ")
    return f"{head}{blank}{_IRREGULAR.get(last) or last + 's'}"


def tidy_version(text: str) -> str:
    """Return the version text of a program, without the empty brackets that Icarus prints."""
    return " ".join(text.replace("()", " ").split())

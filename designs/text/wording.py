"""Words for people that are made in one place: a number with its noun, the version of a program."""

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
    """``1 test``, ``2 tests``, ``1,234 cycles``; of a noun of several words the last one is changed."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def numbered(noun: str, numbers: Sequence[int], most: int = 5) -> str:
    """``test 3``, ``tests 3, 4``, ``tests 3, 4, 5 and 9 more``: which ones, at most `most` of them by number."""
    shown = ", ".join(str(one) for one in numbers[:most])
    more = f" and {len(numbers) - most:,} more" if len(numbers) > most else ""
    return f"{noun if len(numbers) == 1 else plural(noun)} {shown}{more}"


def plural(noun: str) -> str:
    """``tests`` of ``test``."""
    head, blank, last = noun.rpartition(" ")
    return f"{head}{blank}{_IRREGULAR.get(last) or last + 's'}"


def tidy_version(text: str) -> str:
    """What a program says of its version, without brackets that hold nothing, as Icarus prints them."""
    return " ".join(text.replace("()", " ").split())

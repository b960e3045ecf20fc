"""Estimation of the number of tokens of a text, independent of the model."""

from __future__ import annotations

import re

LETTERS, DIGITS, SIGNS = 6, 3, 2
MESSAGE_OVERHEAD = 8
"""Tokens that a chat format adds to each message."""

_PIECE = re.compile(
    r"(?P<letters>[A-Za-z]+)|(?P<digits>[0-9]+)|(?P<lines>\n+)|(?P<signs>[!-/:-@\[-`{-~]+)|(?P<other>\S)"
)
_PER_TOKEN = {"letters": LETTERS, "digits": DIGITS, "signs": SIGNS}


def estimate_tokens(text: str) -> int:
    """Return an estimate of the tokens of `text`, without any model's vocabulary.

    The rule: one for each started group of 6 letters, 3 digits or 2 signs; one for each run of line ends; one for each
    other character; blanks count as none. On English prose and JSON the estimate tends to be too high, so it is safe.
    """
    total = 0
    for match in _PIECE.finditer(text):
        size = match.end() - match.start()
        total += -(-size // _PER_TOKEN.get(match.lastgroup or "", size))
    return total

"""Keys never leave: texts that came from elsewhere are cleaned before they are shown or kept."""

from __future__ import annotations

import os
import re

HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$")
_SECRET_SHAPES = re.compile(r"\b(sk-|key-|gsk_|xai-|AIza)[A-Za-z0-9_\-]{8,}|(?<=Bearer )[^\s'\",}]{8,}")
_SHORTEST = 8  # characters; shorter values are words, and hiding them would make texts unreadable


def scrub(text: str) -> str:
    """`text` without the value of any environment variable that is named like a secret, or anything shaped like one.

    Servers do quote the key that they refuse.
    """
    return _SECRET_SHAPES.sub(HIDDEN, hide_values(text))


def hide_values(text: str) -> str:
    """`text` without the value of any environment variable that is named like a secret; all else stays as it is."""
    values = {value for name, value in os.environ.items() if _SECRET_NAMES.search(name.upper())}
    for value in sorted(values, key=len, reverse=True):
        if len(value.strip()) >= _SHORTEST:
            text = text.replace(value.strip(), HIDDEN)
    return text


def excerpt(text: str, length: int = 300) -> str:
    """One scrubbed line of at most `length` characters, without any that a terminal would obey.

    Scrubbing comes first: half a key is a secret too.
    """
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(scrub(text[:100_000]).split()))
    return line if len(line) <= length else f"{line[: length - 1]}…"

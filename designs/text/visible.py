"""Showing text safely: characters that control a terminal, or reorder or hide text, are shown as code points."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Control characters except tab and line feed, lone surrogates, and characters that reorder or hide text."""


def visible(text: str) -> str:
    """Return `text` with every hidden character as its code point, such as ``[U+202E]``."""
    return _HIDDEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)

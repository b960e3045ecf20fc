"""Delimiters around untrusted text, chosen so that the text cannot contain the closing delimiter."""

from __future__ import annotations

import re

_LEAST = 5
_RUN = re.compile("=+")


def fenced(label: str, text: str) -> str:
    """Return `text` between two lines of ``=`` signs, longer than any run of them in `text` or `label`."""
    longest = max((len(run) for run in _RUN.findall(f"{label}\n{text}")), default=0)
    marks = "=" * max(_LEAST, longest + 1)
    body = text if text.endswith("\n") else f"{text}\n"
    return f"{marks} BEGIN {label} {marks}\n{body}{marks} END {label} {marks}"

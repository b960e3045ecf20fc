"""Bounded kinds of values for data that a file may claim: what is out of range is refused where it is read."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, FailFast, Field

_NAME, _SHOWN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII), 80
MOST = 1 << 53
"""Below it every integer is exact as a float, and sums of many fit 64 bits."""

Count = Annotated[int, Field(ge=0, lt=MOST)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{0,128}$")]
"""Hexadecimal digits."""
Seed = Annotated[int, Field(ge=-(1 << 64), lt=1 << 64)]
PlainText = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=4_000)]
"""One line without control characters."""


def _name(word: str) -> str:
    if not _NAME.fullmatch(word):
        raise ValueError(f"{word[:_SHOWN]!r} is no name (letters, digits and _, at most 64); a record names no files")
    return word


RecordedName = Annotated[str, AfterValidator(_name)]
"""A name in a record, which never becomes a path."""
Stops = FailFast()
"""For long lists: the first bad entry ends the reading, so that a file cannot ask for a million complaints."""

"""Names of tests as a prompt shows them: a long one without its middle, in a form that a reply may use for it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from dv_agent.prompts.text.compact_json import compact_json

NAME_MOST, NAME_HEAD, NAME_TAIL = 60, 36, 15


def short_name(name: str) -> str:
    """Return `name` in at most `NAME_MOST` characters: of a longer one both ends and a tag of the whole."""
    if len(name) <= NAME_MOST:
        return name
    tag = zlib.crc32(name.encode(errors="surrogatepass")) & 0xFFFF
    return f"{name[:NAME_HEAD]}...{name[-NAME_TAIL:]} #{tag:04x}"


def quoted_name(name: str) -> str:
    """Return the short name as a JSON string, quotes included."""
    return compact_json(short_name(name), 12 * NAME_MOST + 2)


def whole_name(shown: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that is `shown`, or is shown so; of several the last; None if there is none."""
    found = None
    for name in names:
        if name == shown:
            return name
        if short_name(name) == shown:
            found = name
    return found

"""JSON data on one line in compact form, for prompts."""

from __future__ import annotations

import json
from typing import Any


def compact_json(data: Any, most: int) -> str:
    """Return compact JSON of `data`, cut to `most` characters with an ellipsis."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, default=str)
    text = text if text.isprintable() else json.dumps(data, separators=(",", ":"), default=str)
    return text if len(text) <= most else f"{text[: most - 3]}..."

"""JSON data on one line, as short as a prompt can afford."""

from __future__ import annotations

import json
from typing import Any


def compact_json(data: Any, most: int) -> str:
    """Compact JSON of `data`, cut to `most` characters with an ellipsis."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, default=str)
    text = text if text.isprintable() else json.dumps(data, separators=(",", ":"), default=str)
    return text if len(text) <= most else f"{text[: most - 3]}..."

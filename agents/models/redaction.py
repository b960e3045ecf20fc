"""Removal of keys and other secrets from texts of other programs, before they are shown or stored."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dv_agent.agents.models.chat_model import Reply

HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$")
_SECRET_SHAPES = re.compile(r"\b(sk-|key-|gsk_|xai-|AIza)[A-Za-z0-9_\-]{8,}|(?<=Bearer )[^\s'\",}]{8,}")
_SHORTEST = 8  # characters; shorter values are often ordinary words, and hiding them would make texts unreadable


def scrub(text: str) -> str:
    """Return `text` without anything that looks like a secret, and without values of variables named like one.

    Some servers quote the key that they refuse.
    """
    return _SECRET_SHAPES.sub(HIDDEN, hide_values(text))


def hide_values(text: str) -> str:
    """Return `text` without values of environment variables that are named like a secret; all else is unchanged."""
    values = {value for name, value in os.environ.items() if _SECRET_NAMES.search(name.upper())}
    for value in sorted(values, key=len, reverse=True):
        if len(value.strip()) >= _SHORTEST:
            text = text.replace(value.strip(), HIDDEN)
    return text


def without_secrets(reply: Reply) -> Reply:
    """Return `reply` with values of secret environment variables hidden: some servers repeat the key they were sent."""
    calls = tuple(
        one.model_copy(update={name: hide_values(getattr(one, name)) for name in ("id", "name", "arguments")})
        for one in reply.tool_calls
    )
    texts = {name: hide_values(getattr(reply, name)) for name in ("text", "model", "finish_reason", "native", "broken")}
    return reply.model_copy(update={**texts, "tool_calls": calls})


def excerpt(text: str, length: int = 300) -> str:
    """Return one line of at most `length` characters, without secrets and without terminal control characters.

    Secrets are removed before cutting: half a key is a secret too.
    """
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(scrub(text[:100_000]).split()))
    return line if len(line) <= length else f"{line[: length - 1]}…"

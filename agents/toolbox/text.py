"""Text helpers for tool results: errors that suggest similar names, text cut to a limit and fenced as data."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.prompts.text.data_fence import fenced

NEAREST = 4
LISTED = 12


class ToolError(Exception):
    """Error: a tool call is refused; the message is written for the model."""


@dataclass(frozen=True, slots=True)
class ResultLimits:
    """Maximum characters of one result, and of all results to one reply."""

    result: int
    reply: int


def result_limits(settings: ModelSettings) -> ResultLimits:
    """Return limits such that the results to one reply take at most a third of the context."""
    tokens = settings.context_tokens - settings.reply_tokens
    return ResultLimits(min(12_000, max(tokens // 2, 1_500)), min(24_000, max(tokens, 3_000)))


def unknown_name(kind: str, name: str, known: Iterable[str], hint: str = "") -> ToolError:
    """Return the error for an unknown name, with the most similar known names, or else some of the known names."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=NEAREST, cutoff=0.4)
    if near:
        offer = f"did you mean {' or '.join(near)}?"
    else:
        offer = f"known: {', '.join(names[:LISTED]) or 'none'}{', ...' if len(names) > LISTED else ''}"
    return ToolError(f"unknown {kind} {name[:80]!r}; {offer}{f' {hint}' if hint else ''}")


def fenced_data(label: str, text: str, most: int) -> str:
    """Return `text` fenced as data, cut to about `most` characters."""
    return fenced(label, clipped(text, most))


def clipped(text: str, most: int) -> str:
    """Return `text` cut after the last complete line within `most` characters, with a note how much is missing."""
    if len(text) <= most:
        return text
    end = text.rfind("\n", 0, most)
    end = end if end > most // 2 else most
    return f"{text[:end].rstrip()}\n... {len(text) - end} more characters were cut"


def listed(lines: Sequence[str], most: int) -> list[str]:
    """Return the first `most` lines, and the number of the others."""
    rest = len(lines) - most
    return [*lines[:most], *([f"... and {rest} more"] if rest > 0 else [])]

"""From a View to a Prompt: each part from its template, cut to fit, placed by the templates of the messages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dv_agent.prompts.cutting import fit
from dv_agent.prompts.excerpt import excerpt
from dv_agent.prompts.fence import fenced
from dv_agent.prompts.parts import PARTS, MessageRole, Part, Prompt, Section
from dv_agent.prompts.sections import sections
from dv_agent.prompts.strategy import find_strategy
from dv_agent.prompts.tokens import MESSAGE_OVERHEAD
from dv_agent.prompts.view import View

TEMPLATES = Path(__file__).parent / "templates"


def render(view: View, limit: int, reply_tokens: int, strategy: str = "default") -> Prompt:
    """The prompt of the next turn: a function of its arguments alone.

    Args:
        limit: most tokens (estimated) of both messages together.
        reply_tokens: most tokens of the reply, as the prompt tells.

    Raises:
        UsageError: no such strategy, or `limit` is too small for what may not be cut.
    """
    chosen = find_strategy(strategy)
    parts, cut = fit(sections(view, chosen, reply_tokens), limit, draw)
    last = "next" if view.turn else "first"
    return Prompt(
        system=_message("system", "system", parts),
        user=_message(last, "user", parts),
        parts=parts,
        cut=cut,
        tokens=sum(one.tokens for one in parts) + 2 * MESSAGE_OVERHEAD,
    )


def draw(section: Section, shown: int | None) -> str:
    """The text of a section with its first `shown` items, or the note that it was left out."""
    if shown is None:
        return _environment().get_template("parts/left_out.jinja").render(name=section.name)
    items, more = section.items[:shown], len(section.items) - shown
    return _environment().get_template(f"parts/{section.name}.jinja").render(items=items, more=more, **section.context)


def templates_hash() -> str:
    """SHA-256 over all templates, by name: what a record needs to tell two wordings apart."""
    digest = hashlib.sha256()
    for path in sorted(TEMPLATES.rglob("*.jinja")):
        digest.update(f"{path.relative_to(TEMPLATES).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _message(template: str, role: MessageRole, parts: Sequence[Part]) -> str:
    """A message template names its parts in order and holds no words, so that the parts' tokens add up."""
    texts = dict.fromkeys(PARTS, "") | {one.name: one.text for one in parts if one.message == role}
    return _environment().get_template(f"{template}.jinja").render(texts)


def _json(data: object, most: int = 1 << 20) -> str:
    return excerpt(data, most)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Prompts are plain text, so nothing is escaped as HTML; what is inserted is never read as a template.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(fenced=fenced)
    environment.filters.update(json=_json)
    return environment

"""From a View to a Prompt: each part from its template, cut to fit, placed by the templates of the messages."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dv_agent.prompts.cutting import fit
from dv_agent.prompts.dialogue import Dialogue, dialogue
from dv_agent.prompts.excerpt import excerpt
from dv_agent.prompts.fence import fenced
from dv_agent.prompts.parts import PARTS, MessageRole, Part, Prompt, Said, Section
from dv_agent.prompts.sections import Kind, sections
from dv_agent.prompts.strategy import Strategy, find_strategy
from dv_agent.prompts.tokens import MESSAGE_OVERHEAD, estimate_tokens
from dv_agent.prompts.view import View

TEMPLATES = Path(__file__).parent / "templates"


def render(view: View, limit: int, reply_tokens: int, strategy: Strategy | str = "default", seed: int = 0) -> Prompt:
    """The prompt of the next turn: a function of its arguments alone.

    Args:
        limit: most tokens (estimated) of all messages together.
        reply_tokens: most tokens of the reply, as the prompt tells.
        seed: what random samplers of holes and messages draw from, anew for every message.

    Raises:
        UsageError: no such strategy, or `limit` is too small for what may not be cut.
    """
    chosen = find_strategy(strategy) if isinstance(strategy, str) else strategy
    message = len(view.exchanges)
    past = dialogue(chosen, view.plan, view.exchanges, random.Random(f"dialogue/{seed}/{message}"))
    said = _fitting(past, limit)
    kind: Kind = "follow" if past.opening and said else "next" if view.turn else "first"
    spoken = sum(_tokens(one) for one in said)
    page = Page(chosen)
    wanted = sections(view, chosen, reply_tokens, kind, random.Random(f"holes/{seed}/{message}"))
    parts, cut = fit(wanted, limit - spoken, page.draw)
    return Prompt(
        system=page.message("system", "system", parts),
        user=page.message(kind, "user", parts),
        parts=parts,
        cut=cut,
        tokens=sum(one.tokens for one in parts) + 2 * MESSAGE_OVERHEAD + spoken,
        said=said,
    )


def _fitting(past: Dialogue, limit: int) -> tuple[Said, ...]:
    """The earlier messages that leave half of the room to the next one: the oldest go first, the opening last."""
    while past.kept or past.opening:
        exchanges = [*([past.opening] if past.opening else []), *past.kept]
        said = tuple((one.user, one.reply) for one in exchanges)
        if sum(_tokens(one) for one in said) <= limit // 2:
            return said
        past = replace(past, kept=past.kept[1:]) if past.kept else Dialogue(None, ())
    return ()


def _tokens(said: Said) -> int:
    return sum(estimate_tokens(text) + MESSAGE_OVERHEAD for text in said)


def templates_hash(strategy: Strategy | None = None) -> str:
    """SHA-256 over all templates, by name: what a record needs to tell two wordings apart."""
    digest = hashlib.sha256()
    own = strategy.own_templates if strategy else None
    folders = [TEMPLATES, *([own] if own else [])]
    for folder in folders:
        for path in sorted(folder.rglob("*.jinja")):
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


class Page:
    """The templates of a strategy: its own before the shipped ones."""

    def __init__(self, strategy: Strategy) -> None:
        self._environment = _environment(str(strategy.own_templates or ""))

    def draw(self, section: Section, shown: int | None) -> str:
        """The text of a section with its first `shown` items, or the note that it was left out."""
        if shown is None:
            return self._environment.get_template("parts/left_out.jinja").render(name=section.name)
        items, more = section.items[:shown], len(section.items) - shown
        template = self._environment.get_template(f"parts/{section.name}.jinja")
        return template.render(items=items, more=more, **section.context)

    def message(self, template: str, role: MessageRole, parts: Sequence[Part]) -> str:
        """A message template names its parts in order and holds no words, so that the parts' tokens add up."""
        texts = dict.fromkeys(PARTS, "") | {one.name: one.text for one in parts if one.message == role}
        return self._environment.get_template(f"{template}.jinja").render(texts)


def _json(data: object, most: int = 1 << 20) -> str:
    return excerpt(data, most)


@lru_cache(maxsize=8)
def _environment(own: str) -> Environment:
    # Prompts are plain text, so nothing is escaped as HTML; what is inserted is never read as a template.
    loaders = [FileSystemLoader(own)] if own else []
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*loaders, FileSystemLoader(TEMPLATES)]),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(fenced=fenced)
    environment.filters.update(json=_json)
    return environment

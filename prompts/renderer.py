"""Rendering of a View into a Prompt: parts from their templates, cut to fit, inserted into the message templates."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

from dv_agent.prompts.bounded_render import template_file, template_files
from dv_agent.prompts.dialogue import Dialogue, dialogue
from dv_agent.prompts.fitting import fit
from dv_agent.prompts.parts import Prompt, Said
from dv_agent.prompts.sections import Kind, sections
from dv_agent.prompts.strategy import TEMPLATES, Strategy, find_strategy
from dv_agent.prompts.template_set import TemplatePage
from dv_agent.prompts.text.tokens import MESSAGE_OVERHEAD, estimate_tokens
from dv_agent.prompts.view import View


def render(view: View, limit: int, reply_tokens: int, strategy: Strategy | str = "default", seed: int = 0) -> Prompt:
    """Return the prompt of the next turn; the result depends only on the arguments.

    Args:
        limit: maximum tokens (estimated) of all messages together.
        reply_tokens: maximum tokens of the reply, as stated in the prompt.
        seed: seed of the random choice of holes and messages; combined with the message number.

    Raises:
        UsageError: no such strategy, an invalid template, or `limit` is too small for the parts that may not be cut.
    """
    chosen = find_strategy(strategy) if isinstance(strategy, str) else strategy
    message = len(view.exchanges)
    past = dialogue(chosen, view.plan, view.exchanges, random.Random(f"dialogue/{seed}/{message}"))
    said = _fitting(past, limit)
    kind: Kind = "follow" if past.opening and said else "next" if view.turn else "first"
    spoken = sum(_tokens(one) for one in said)
    page = TemplatePage(chosen)
    wanted = sections(view, chosen, reply_tokens, kind, random.Random(f"holes/{seed}/{message}"))
    parts, cut = fit(wanted, limit - spoken, page.draw)
    system, user = page.message("system", "system", parts), page.message(kind, "user", parts)
    # Tokens of the parts, unless a strategy's own message template adds text.
    words = max(sum(one.tokens for one in parts), estimate_tokens(system) + estimate_tokens(user))
    return Prompt(
        system=system,
        user=user,
        parts=parts,
        cut=cut,
        tokens=words + 2 * MESSAGE_OVERHEAD + spoken,
        said=said,
    )


def _fitting(past: Dialogue, limit: int) -> tuple[Said, ...]:
    """Return the earlier messages that fit into half of `limit`: the oldest are dropped first, the opening last."""
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
    """Return the SHA-256 of all templates with their names, by which a record identifies their wording."""
    if strategy:
        strategy.require_templates()
    digest = hashlib.sha256()
    own = strategy.own_templates if strategy else None
    folders = [TEMPLATES, *([own] if own else [])]
    for folder in folders:
        for path in template_files(folder):
            text = template_file(path, folder)
            digest.update(f"{path.relative_to(folder).as_posix()}\0{text}\0".encode())
    for name, text in sorted(strategy.wording.items() if strategy else ()):
        digest.update(f"{name}.jinja\0{text}\0".encode())
    return digest.hexdigest()

"""Parsing a variant of an A/B comparison: ``.``, ``@left``, or changes such as ``strategy=plain,tests=4``."""

from __future__ import annotations

import re

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.session.drafts.changes import with_option, with_sampling, with_strategy
from dv_agent.agents.session.nodes import Draft
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.errors import UsageError

_COMMA = re.compile(r",(?![^\[]*\])")
"""A comma that is not inside brackets."""


def variant(session: PromptSession, words: str) -> Draft:
    """Return the draft that `words` describe, at the current node.

    Raises:
        UsageError: no such node, strategy, option or setting, or not of this form.
    """
    if words == ".":
        return session.draft()
    if words.startswith("@"):
        return session.draft(words[1:])
    changes = [one.split("=", 1) for one in _COMMA.split(words)]
    if any(len(one) != 2 for one in changes):
        raise UsageError(f"{words!r} is no variant: write `.`, @NODE, or NAME=VALUE[,NAME=VALUE...]")
    draft = session.draft()
    for name, value in sorted(changes, key=lambda one: one[0] != "strategy"):
        draft = _changed(draft, name, value)
    return draft


def _changed(draft: Draft, name: str, value: str) -> Draft:
    if name == "strategy":
        return with_strategy(draft, value)
    if name in ModelSettings.model_fields:
        return with_sampling(draft, {name: value})
    return with_option(draft, name, value)

"""A candidate: the texts that an optimisation may change, and the strategy that they make. Proposed texts are data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dv_agent.designs.files.documents import Document
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.prompts.parts import PARTS
from dv_agent.prompts.proposed_template import check_proposed
from dv_agent.prompts.strategy import Strategy, template_names
from dv_agent.prompts.template_set import template_text

OPTIONS = "options"
USUAL = ("parts/ask", OPTIONS)
LONGEST = 20_000
"""Characters of a proposed text."""
FIXED = {"schema_version", "name", "description", "unnoticed", "templates", "wording", "folder"}
Texts = Mapping[str, str]


def check_parts(parts: tuple[str, ...]) -> None:
    """Check the names of the parts that may change.

    Raises:
        UnknownNameError: neither ``options`` nor a template.
    """
    for name in parts:
        if name not in (OPTIONS, *template_names()):
            raise UnknownNameError("part of a strategy", name, (OPTIONS, *template_names()))


def texts_of(strategy: Strategy, parts: tuple[str, ...]) -> dict[str, str]:
    """Return the present text of every part that may change."""
    return {name: options_text(strategy) if name == OPTIONS else template_text(name, strategy) for name in parts}


def options_text(strategy: Strategy) -> str:
    """Return the options of a strategy as YAML, its texts aside."""
    data = strategy.model_dump(mode="json", exclude=FIXED)
    data["without"] = sorted(data["without"])
    return write_yaml(data)


def strategy_of(base: Strategy, texts: Texts) -> Strategy:
    """Return `base` with the texts of a candidate; its name is made from what it holds.

    Raises:
        UsageError: a text is too long, no valid template, reads what the template before it does not, or options that
            are not allowed.
    """
    words, said = dict(base.wording), Document(Path(OPTIONS), "{}")
    for name, text in texts.items():
        if len(text) > LONGEST:
            raise UsageError(f"{name}: {len(text):,} characters; at most {LONGEST:,} are allowed")
        if name == OPTIONS:
            said = _options(text)
        elif text != template_text(name, base):
            check_proposed(name, text, base)
            words[name] = text
    said.data = _with(base.model_dump(), said.data) | {"wording": words, "folder": None}
    made = said.validate(Strategy)
    return made.model_copy(update={"name": f"candidate-{digest_of(made)}"})


def digest_of(strategy: Strategy) -> str:
    """Return twelve hexadecimal digits over all that a prompt depends on; equal prompts have equal digests."""
    data = strategy.model_copy(update={"name": "candidate", "description": "", "without": frozenset()})
    held = f"{data.model_dump_json()} {sorted(strategy.without)} {sorted(strategy.wording.items())}"
    return hashlib.sha256(held.encode()).hexdigest()[:12]


def _with(present: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Return the present options with those that were said; inside a group too, what is left out keeps its value."""
    both = [key for key in said if isinstance(said[key], dict) and isinstance(present.get(key), dict)]
    return present | said | {key: present[key] | said[key] for key in both}


def _options(text: str) -> Document:
    document = Document(Path(OPTIONS), text)
    data = document.data
    if not isinstance(data, dict):
        raise UsageError(f"{OPTIONS}: expected keys such as `tests`, `holes`, `history`")
    known = sorted(set(Strategy.model_fields) - FIXED)
    for name in data:
        if name not in known:
            raise UsageError(f"{OPTIONS}: {UnknownNameError('option', str(name)[:80], known)}")
    left_out = data.get("without")
    for one in left_out if isinstance(left_out, list) else ():
        if one not in PARTS:
            raise UsageError(f"{OPTIONS}: without: {UnknownNameError('part', str(one)[:80], PARTS)}")
    return document

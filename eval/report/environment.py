"""The Jinja environment of the report: autoescape is on for every template, and invisible characters are made
visible.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.text.visible import visible
from dv_agent.eval.report import wording as words
from dv_agent.eval.report.compiled_templates import CompiledTemplates

FOLDER = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the environment with the templates of this folder and the functions of `words` as filters."""
    return make_environment()


def make_environment(*folders: Path) -> Environment:
    """Return the same environment, with the templates of `folders` searched before those of this folder."""
    found = Environment(
        loader=FileSystemLoader([*folders, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        bytecode_cache=CompiledTemplates(cache_folder() / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    for function in (words.number, words.plural, words.size, words.duration, words.dollars, words.percent):
        found.filters[function.__name__] = function
    found.filters["flowing"] = words.flowing
    found.filters["structured_note"] = words.structured_note
    found.filters["check_title"] = words.check_title
    return found


def _visible(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

"""The Jinja environment of a board: the environment of the report, plus the board's own templates and filters."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment

from dv_agent.eval.board.page import figure_text as formats
from dv_agent.eval.board.pictures.scale import short
from dv_agent.eval.board.pictures.style import mark
from dv_agent.eval.board.trials.metrics import title_of
from dv_agent.eval.report.environment import make_environment

FOLDER = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the environment: autoescape is on for every template, and invisible characters are made visible."""
    found = make_environment(FOLDER)
    for name in ("percent", "signed", "count", "probability", "interval", "plain"):
        found.filters[f"as_{name}"] = getattr(formats, name)
    found.filters["mark"] = mark
    found.filters["link"] = link
    found.filters["metric"] = title_of
    found.filters["short"] = short
    return found


def link(path: str) -> str:
    """Return a relative path as the value of ``href``, quoted so that any folder name is read as a path."""
    return quote(path, safe="/.-_~")

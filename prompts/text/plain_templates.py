"""Templates of plain text beside the parts of prompts: requests that one module alone makes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dv_agent.prompts.text.data_fence import fenced


@lru_cache(maxsize=8)
def plain_templates(folder: Path) -> Environment:
    """Return the templates in `folder`, which may use `fenced`; inserted text is never read as a template."""
    # Prompts are plain text, so nothing is escaped as HTML.
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(fenced=fenced)
    return environment

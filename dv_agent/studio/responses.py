"""From a template and what it shows to an answer: escaped, and without any key."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from starlette.responses import HTMLResponse

from dv_agent.agents.models.redaction import hide_values
from dv_agent.eval.report.environment import make_environment
from dv_agent.eval.report.pictures.wave_picture import excerpt_svg
from dv_agent.eval.report.wording import moment

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
_GENERATED = re.compile(r"\d{8}T\d{6}Z_\w.*_([0-9a-f]{6})", re.ASCII)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of the studio before those of the report; everything is escaped."""
    found = make_environment(TEMPLATES)
    found.globals.update(excerpt_svg=excerpt_svg)
    found.filters.update(moment=moment, short_name=short_name)
    found.tests.update(added=_is_added, removed=_is_removed)
    return found


def short_name(name: str) -> str:
    """The last part of a generated name, such as ``20261120T185654Z_mxint_softmax_1a2b3c``; any other name whole."""
    found = _GENERATED.fullmatch(name)
    return found[1] if found else name


def _is_added(line: str) -> bool:
    """A line of a unified diff that came in."""
    return line.startswith("+") and not line.startswith("+++")


def _is_removed(line: str) -> bool:
    """A line of a unified diff that went out."""
    return line.startswith("-") and not line.startswith("---")


def page(template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """The answer that `template` makes of `shown`."""
    html = environment().get_template(template).render(shown)
    return HTMLResponse(hide_values(html), status)

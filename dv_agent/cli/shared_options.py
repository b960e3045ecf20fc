"""Options that several commands share the words of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import typer

BUDGET, MODEL = "Budget and stopping", "Language model"


class Effort(StrEnum):
    """How long a reasoning model may think."""

    minimal = "minimal"
    low = "low"
    medium = "medium"
    high = "high"


class RoleStyle(StrEnum):
    """What becomes of the system message."""

    auto = "auto"
    system = "system"
    developer = "developer"
    user = "user"


def option(name: str, text: str, panel: str = "Options", **more: Any) -> Any:
    """An option that may stand in the environment too, as ``DV_AGENT_<NAME>``."""
    return typer.Option(envvar=f"DV_AGENT_{name}", help=text, rich_help_panel=panel, **more)

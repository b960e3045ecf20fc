"""Command-line options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import typer

BUDGET, MODEL = "Budget and stopping", "Language model"
MOST_SEED = (1 << 64) - 1
"""The largest seed that a record can hold."""


class Effort(StrEnum):
    """The reasoning effort of a reasoning model."""

    minimal = "minimal"
    low = "low"
    medium = "medium"
    high = "high"


class GoalName(StrEnum):
    """What a run wants to cover."""

    functional = "functional"
    code = "code"
    both = "both"


class RoleStyle(StrEnum):
    """How the system message is sent."""

    auto = "auto"
    system = "system"
    developer = "developer"
    user = "user"


def given(context: typer.Context) -> frozenset[str]:
    """Return the names of the options that stand on the command line; not those from the environment or a file."""
    sources = ((name, context.get_parameter_source(name)) for name in context.params)
    return frozenset(name for name, source in sources if source and source.name == "COMMANDLINE")


def option(name: str, text: str, panel: str = "Options", **more: Any) -> Any:
    """Return an option that can also be set in the environment, as ``DV_AGENT_<NAME>``."""
    return typer.Option(envvar=f"DV_AGENT_{name}", help=text, rich_help_panel=panel, **more)


class TrackOption(StrEnum):
    """What an agent that asks a model is given, and what it is scored by."""

    closure = "closure"
    blind = "blind"
    rtl = "rtl"
    hunt = "hunt"

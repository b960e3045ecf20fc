"""Packages that only exports need: imported when one is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dv_agent.errors import PrerequisiteError

EXTRA = {"junitparser": "formats", "lcov_cobertura": "formats", "hjson": "formats", "ucis": "ucis"}


def package(name: str) -> Any:
    """Return a module of a package.

    Args:
        name: a module below one of `EXTRA`.

    Raises:
        PrerequisiteError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        top = name.partition(".")[0]
        raise PrerequisiteError(f"this form needs the package {top}", f"pip install 'dv-agent[{EXTRA[top]}]'") from None

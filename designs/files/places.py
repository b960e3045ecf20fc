"""The folders that hold designs, and the folder of what can be made again; nothing heavy is imported for either."""

from __future__ import annotations

import os
from pathlib import Path

FILE = "design.yaml"


def design_roots() -> tuple[Path, ...]:
    """Return the folders of designs: this package's, then those of ``$DV_AGENT_DESIGNS`` (separated as in PATH)."""
    extra = os.environ.get("DV_AGENT_DESIGNS", "")
    return (Path(__file__).parent.parent, *(Path(part) for part in extra.split(os.pathsep) if part))


def design_names() -> tuple[str, ...]:
    """Return the names of all designs, sorted."""
    return tuple(sorted({file.parent.name for root in design_roots() for file in root.glob(f"*/{FILE}")}))


def cache_folder() -> Path:
    """Return ``$DV_AGENT_CACHE``, else ``$XDG_CACHE_HOME/dv-agent``, else ``~/.cache/dv-agent``."""
    if own := os.environ.get("DV_AGENT_CACHE"):
        return Path(own)
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared) / "dv-agent"
    return Path.home() / ".cache" / "dv-agent"

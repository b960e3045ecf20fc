"""The folder of all caches: builds of simulators, structures of RTL."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return ``$DV_AGENT_CACHE``, else ``$XDG_CACHE_HOME/dv-agent``, else ``~/.cache/dv-agent``."""
    if own := os.environ.get("DV_AGENT_CACHE"):
        return Path(own)
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared) / "dv-agent"
    return Path.home() / ".cache" / "dv-agent"

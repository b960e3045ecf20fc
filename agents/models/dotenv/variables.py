"""Where it is kept what was read from a file ``.env``: the file, what it set, and what it may not set."""

from __future__ import annotations

READ_FILE, FROM_FILE, IGNORED = "DV_AGENT_DOTENV", "DV_AGENT_DOTENV_SET", "DV_AGENT_DOTENV_IGNORED"

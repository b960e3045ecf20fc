"""The names of environment variables that hold the result of reading ``.env``: file, names set, names ignored."""

from __future__ import annotations

READ_FILE, FROM_FILE, IGNORED = "DV_AGENT_DOTENV", "DV_AGENT_DOTENV_SET", "DV_AGENT_DOTENV_IGNORED"

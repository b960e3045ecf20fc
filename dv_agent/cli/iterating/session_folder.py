"""Where ``--session`` keeps a session: a bare name stands below ``sessions``, where the studio looks too."""

from __future__ import annotations

import os
from pathlib import Path

from dv_agent.agents.session.log import is_session
from dv_agent.agents.session.opening import SESSIONS
from dv_agent.errors import UsageError


def session_folder(word: str | None) -> Path | None:
    """The folder that `word` names: ``mine`` is ``sessions/mine``, and what holds a slash is a path.

    Raises:
        UsageError: a session of that bare name stands in the present folder, and none in ``sessions``; or no name.
    """
    if word is None:
        return None
    if os.sep in word or word in (".", ".."):
        return Path(word)
    if not word.strip() or "\0" in word:
        raise UsageError("--session needs a name, such as mine, or a path with a slash")
    folder = SESSIONS / word
    if is_session(Path(word)) and not is_session(folder):
        raise UsageError(
            f"a bare name stands for {folder}, which is no session, but {word} is one in this folder: "
            f"write --session ./{word}, or move it to {folder}"
        )
    return folder

"""The folder of saved strategies: what may be read of it by name, and what is written into it."""

from __future__ import annotations

import re
from pathlib import Path

from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.prompts.strategy import strategy_names
from dv_agent.studio.allowed_folders import check_contained

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", re.ASCII)


def saved_names(folder: Path) -> tuple[str, ...]:
    """Names of the strategies in `folder`, without links."""
    if not folder.is_dir():
        return ()
    files = [file for file in folder.glob("*.yaml") if file.is_file() and not file.is_symlink()]
    return tuple(sorted(file.stem for file in files if NAME.fullmatch(file.stem)))


def strategy_choice(name: str, folder: Path) -> str:
    """What `find_strategy` is to be given for a name in a form: a shipped one, or ``saved:NAME``.

    Raises:
        UnknownNameError: neither.
    """
    known = (*strategy_names(), *(f"saved:{one}" for one in saved_names(folder)))
    if name not in known:
        raise UnknownNameError("prompt strategy", name, known)
    if not name.startswith("saved:"):
        return name
    path = folder / f"{name.removeprefix('saved:')}.yaml"
    check_contained((path,), folder)
    return str(path)


def safe_name(name: str) -> str:
    """`name`, if a file may be called so.

    Raises:
        UsageError: it may not.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a file here: letters, digits, `_` and `-`, at most 60 of them")
    return name

"""Reading why a plan leaves something out: no test can hit it, or the plan chooses not to count it."""

from __future__ import annotations

from dv_agent.coverage.plan_file.cursor import Cursor
from dv_agent.coverage.structure import Excluded

WHY, _CHOICE = "why", "choice"
REASON_KEYS = (WHY, _CHOICE)


def read_reason(entry: Cursor, missing: str) -> Excluded:
    """Return what an entry says of its reason, without an id and values.

    Args:
        missing: the error if it gives none.

    Raises:
        InputFileError: it gives none, or something else than a text and a flag.
    """
    why, choice = entry.get(WHY), entry.get(_CHOICE)
    if why is None:
        raise entry.error(missing)
    return Excluded("", why.text(), choice=choice is not None and choice.flag())

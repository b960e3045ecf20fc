"""Sections of the specification that descriptions of a plan cite: left out where a prompt does not show them."""

from __future__ import annotations

import re

_AND = r"(?:(?:, | and | to )\d+(?:\.\d+)*)*"
_NUMBER = rf"(?:§ ?|sections? )\d+(?:\.\d+)*{_AND}(?: (?:rule|step)s? \d+{_AND})?"
_CITED = re.compile(
    rf"(?:,? \((?:see )?{_NUMBER}\)|,? (?:see )?{_NUMBER}(?: of spec\.md)?)(?=[,;:.)]|$)", re.IGNORECASE
)


def uncited(text: str) -> str:
    """Return `text` without citations at the end of its clauses: of ``The sums, section 3`` the last two words."""
    return _CITED.sub("", text)

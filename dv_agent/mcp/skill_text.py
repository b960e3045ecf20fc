"""The skill file that teaches a coding agent the loop; shipped, printed, and offered as a resource."""

from __future__ import annotations

from pathlib import Path

SKILL_FILE = Path(__file__).parent / "skill" / "SKILL.md"


def skill_text() -> str:
    """Return SKILL.md."""
    return SKILL_FILE.read_text(encoding="utf-8")

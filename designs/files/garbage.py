"""How often Python looks for unreachable cycles of objects: seldom; imports and runs make much data and few cycles."""

from __future__ import annotations

import gc

_OBJECTS = 200_000


def collect_seldom() -> None:
    """Look for cycles after so many new objects; the default of 700 costs a tenth of the time of imports and runs."""
    gc.set_threshold(_OBJECTS)

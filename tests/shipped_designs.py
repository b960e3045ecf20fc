"""Names of shipped designs whose RTL, ports and stimulus are their own."""

from __future__ import annotations

from functools import cache

from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import find_design


@cache
def own_names() -> tuple[str, ...]:
    """Return the designs that are no variants: what a variant takes from its design is tried there."""
    return tuple(name for name in design_names() if find_design(name).design.variant_of is None)


def variant_names() -> list[str]:
    """Return the designs that are variants of others."""
    return sorted({*design_names()} - {*own_names()})

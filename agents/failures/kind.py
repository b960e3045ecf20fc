"""The kind of a failure: what two failures have in common that look alike before anybody has looked closer."""

from __future__ import annotations

from dv_agent.designs.frozen import Frozen
from dv_agent.runners.checks.failure import CheckFailure


class Kind(Frozen):
    """Check, port, and field without its lane."""

    check: str
    port: str = ""
    field: str = ""

    def __str__(self) -> str:
        where = ".".join(part for part in (self.port, self.field) if part)
        return f"{self.check} on {where or 'the design'}"


def kind_of(failure: CheckFailure) -> Kind:
    """The kind of one failed check."""
    return Kind(check=failure.check, port=failure.port, field=failure.field.split("[", maxsplit=1)[0])

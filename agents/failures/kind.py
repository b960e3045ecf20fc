"""The kind of a failure: check, port and field, used to group failures before they are analysed."""

from __future__ import annotations

from dv_agent.designs.frozen import Frozen
from dv_agent.runners.checks.failure import CheckFailure


class Kind(Frozen):
    """Check, port, and field without its lane number."""

    check: str
    port: str = ""
    field: str = ""

    def __str__(self) -> str:
        where = ".".join(part for part in (self.port, self.field) if part)
        return f"{self.check} on {where or 'the design'}"


def kind_of(failure: CheckFailure) -> Kind:
    """Return the kind of one failed check."""
    return Kind(check=failure.check, port=failure.port, field=failure.field.split("[", maxsplit=1)[0])

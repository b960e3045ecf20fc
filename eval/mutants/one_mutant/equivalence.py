"""Proof that a survivor changes nothing at the pins, asked of the tools of the extra `formal`."""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.errors import BuildError
from dv_agent.runners.formal.equivalence.reference import Reference
from dv_agent.runners.formal.equivalence.same_at_pins import Comparison, read_pins, same_at_pins

PROVED = "proof"


class Prover:
    """Compares mutants with one clean design, which is read when the first is asked about.

    Args:
        seconds: for one mutant; 0: nothing is proved.
    """

    def __init__(self, clean: Design, seconds: float) -> None:
        self._design, self._seconds = clean, seconds
        self._clean: Reference | None = None

    def compared(self, mutant: Design) -> Comparison:
        """Return whether a test could show a difference at the pins."""
        if not self._seconds:
            return Comparison("unknown")
        try:
            self._clean = self._clean or Reference(read_pins(self._design))
            return same_at_pins(self._clean, read_pins(mutant), self._seconds)
        except BuildError as error:
            return Comparison("unknown", reason=str(error)[:300])


def in_words(found: Comparison) -> str:
    """Return what is known of a mutant that no test tells from the clean RTL; empty if nothing was asked."""
    if found.verdict == "differs":
        return f"its circuit can differ at a pin {found.cycles:,} cycles behind the first reset, and no test did that"
    return f"no proof: {found.reason}" if found.reason else ""

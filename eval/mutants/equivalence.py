"""Proof that a survivor changes nothing at the pins, asked of the tools of the extra `formal`."""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.designs.properties.answer import Answer
from dv_agent.errors import BuildError
from dv_agent.runners.formal.equivalence import compare, pins_of
from dv_agent.runners.formal.netlist import Netlist

PROVED = "proof"


class Prover:
    """Compares mutants with one clean design, which is read when the first is asked about.

    Args:
        seconds: for one mutant; 0: nothing is proved.
    """

    def __init__(self, clean: Design, seconds: float) -> None:
        self._design, self._seconds = clean, seconds
        self._clean: Netlist | None = None

    def answer(self, mutant: Design) -> Answer:
        """Return whether a test could show a difference at the pins."""
        if not self._seconds:
            return Answer(verdict="unknown")
        try:
            self._clean = self._clean or pins_of(self._design)
            return compare(self._clean, mutant, self._seconds)
        except BuildError as error:
            return Answer(verdict="unknown", reason=str(error)[:300])


def in_words(answer: Answer) -> str:
    """Return what is known of a mutant that no test tells from the clean RTL; empty if nothing was asked."""
    if answer.verdict == "reachable":
        return (
            f"a difference can be reached within {answer.depth + 1} cycles from power-up, but by no test that was tried"
        )
    return f"no proof: {answer.reason}" if answer.reason else ""

"""The seam Agent: who proposes tests."""

from __future__ import annotations

from typing import Protocol

from dv_agent.agents.proposal import Proposal
from dv_agent.prompts.view import View


class Agent(Protocol):
    """Proposes tests, turn by turn. Its own state is a function of its seed and the turns before."""

    @property
    def name(self) -> str:
        """The word after ``--agent``."""
        ...

    def propose(self, view: View) -> Proposal:
        """The tests of the next turn, given all that may be known."""
        ...

"""The protocol `Agent`: an object that proposes tests."""

from __future__ import annotations

from typing import Protocol

from dv_agent.agents.proposal import Proposal
from dv_agent.prompts.view import View


class Agent(Protocol):
    """Proposer of tests, turn by turn. Its own state depends only on its seed and on the previous turns."""

    @property
    def name(self) -> str:
        """The name given to ``--agent``."""
        ...

    def propose(self, view: View) -> Proposal:
        """Return the tests of the next turn; `view` is all that the agent may know."""
        ...

"""The noun Proposal: what an agent offers for one turn."""

from __future__ import annotations

from pydantic import Field

from dv_agent.designs.design import Frozen
from dv_agent.designs.stimulus import Test


class Usage(Frozen):
    """What one proposal cost; all zero for agents without a model."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0


class Proposal(Frozen):
    """Tests to run, and how they came about.

    Attributes:
        tests: in the order they are to run; an empty tuple ends nothing by itself.
        errors: what was dropped from the reply and why, one line each.
        raw: the reply as it came, empty for agents without a model.
        done: the agent has nothing more to propose.
    """

    tests: tuple[Test, ...] = ()
    usage: Usage = Usage()
    errors: tuple[str, ...] = ()
    raw: str = ""
    done: bool = Field(default=False)

"""What is known of a property: it can be hit, it cannot be hit, or nobody knows, with the reason."""

from __future__ import annotations

from typing import Literal

from dv_agent.designs.bounds import Count, PlainText
from dv_agent.designs.frozen import Frozen

Method = Literal["", "bounded", "satisfiability", "induction", "pdr"]


class Answer(Frozen):
    """The answer on one property.

    Attributes:
        verdict: ``reachable`` means in the environment of the proof, which allows more than tests do.
        method: how it was found: ``bounded`` model checking, ``satisfiability`` of a circuit without registers, mutual
            ``induction`` over `depth` cycles, or property directed reachability (``pdr``).
        depth: cycles from power-up to the hit; of an induction its depth; else those in which nothing hits it.
        reason: of an unknown property.
    """

    verdict: Literal["reachable", "unreachable", "unknown"]
    method: Method = ""
    depth: Count = 0
    reason: PlainText = ""

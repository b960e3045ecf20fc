"""A bus whose requester (master) is the design: what all such memories have in common."""

from __future__ import annotations

from typing import ClassVar

from dv_agent.designs.ports.buses.signals_by_role import BusPort
from dv_agent.designs.ports.grammar import Grammar, RandomOp, Timing
from dv_agent.designs.ports.grammar import Word as StepWord

LANGUAGE = """\
* KIND: {"serve": 4, "latency": 7, "stall": 2}: the next 4 requests are each held 2 cycles longer, and answered 7
  cycles later than possible. The test's "memory": {"PORT": [words]} gives its contents; the design may write to it.
"""


class ServingPort(BusPort):
    """A bus on which the design asks and the testbench answers, as a memory."""

    label: ClassVar[str] = "memory"
    plural: ClassVar[str] = "memories"
    silence: ClassVar[str] = "answering at once"

    def grammar(self) -> Grammar:
        """Return the grammar of how requests are answered."""
        return Grammar(
            counts="answers",
            timing=(Timing("latency"), Timing("stall")),
            words=(StepWord("serve", "items", {"latency": "gap", "stall": "stall"}),),
            random=(RandomOp("serve", 1, {"gap": "latency", "stall": "stall"}),),
            directed=({"serve": 2, "latency": 7, "stall": 2},),
            stalls=True,
        )

"""Strategies: what a prompt asks for and which parts it holds, by name."""

from __future__ import annotations

from dv_agent.designs.design import Frozen
from dv_agent.errors import UnknownNameError


class Strategy(Frozen):
    """One way to prompt.

    Attributes:
        tests: how many tests a reply is asked for.
        targets: how many holes are told in detail.
        without: names of parts that are left out, see `dv_agent.prompts.parts.PARTS`.
    """

    name: str
    description: str
    tests: int = 8
    targets: int = 24
    without: frozenset[str] = frozenset({"rtl"})


_ALL = (
    Strategy(
        name="default",
        description="specification, holes by family, the nearest ones in detail, what the last tests did",
    ),
    Strategy(name="rtl", description="as default, with the RTL where it fits", without=frozenset()),
    Strategy(
        name="plain",
        description="specification and the holes by family; no nearness and no test results (for comparison)",
        without=frozenset({"rtl", "targets", "results"}),
    ),
)
STRATEGIES = {one.name: one for one in _ALL}


def find_strategy(name: str) -> Strategy:
    """The strategy called `name`.

    Raises:
        UnknownNameError: with the nearest names.
    """
    if name not in STRATEGIES:
        raise UnknownNameError("prompt strategy", name, STRATEGIES)
    return STRATEGIES[name]

"""What is constant in an elaborated design: its instances, the signals of one value, and the branches never taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dv_agent.designs.constants.branch_facts import Branches, BranchFinder
from dv_agent.designs.constants.instance_nodes import Collector, Instance, Place
from dv_agent.designs.constants.known_values import Evaluator
from dv_agent.designs.constants.unchanging_signals import constant_signals


class Constants:
    """The constants of an elaborated design.

    Args:
        top: the elaborated instance.
        manager: pyslang's source manager.
        ties: input of the top -> its value.

    Attributes:
        evaluator: evaluates expressions, with what is known of the signals.
    """

    def __init__(self, top: Any, manager: Any, ties: Mapping[str, int]) -> None:
        self.collector = Collector(manager)
        self.instances = self.collector.collect(top)
        self.evaluator = constant_signals(self.instances, ties, self._unreached)

    def branches(self) -> dict[str, Branches]:
        """Return path of an instance -> its branches."""
        finder = BranchFinder(self.collector, self.evaluator)
        return {one.path: finder.of(one) for one in self.instances}

    def _unreached(self, evaluator: Evaluator) -> Any:
        finder = BranchFinder(self.collector, evaluator)
        found: dict[str, Branches] = {}

        def test(instance: Instance, place: Place) -> bool:
            if instance.path not in found:
                found[instance.path] = finder.of(instance)
            return bool(found[instance.path].why_never(place))

        return test

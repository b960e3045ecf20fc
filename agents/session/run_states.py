"""The run state of every node: kept while the session is open, simulated again from the record after that."""

from __future__ import annotations

from dataclasses import replace

from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.resimulation import UNLIMITED, different_tests, recorded_proposal, resimulate
from dv_agent.agents.session.nodes import Node
from dv_agent.agents.session.progress import OnProgress, Progress, no_progress
from dv_agent.agents.session.tree import Tree, Which
from dv_agent.agents.state import RunState, advance
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.errors import UsageError


class NodeStates:
    """Run states by node. A state that is asked for is simulated once, from the nearest state that is known.

    Args:
        origin: the run at whose end the root stands; None begins with nothing.
    """

    def __init__(self, bench: Testbench, tree: Tree, origin: RecordedRun | None) -> None:
        self._bench, self._tree, self._origin = bench, tree, origin
        self._known: dict[int, RunState] = {}

    def state(self, which: Which = None, on_progress: OnProgress = no_progress) -> RunState:
        """The state of a node.

        Raises:
            UsageError: recorded tests behave otherwise now.
            SimulationError: the simulator failed.
        """
        path = self._tree.path(which)
        start = max((place for place, one in enumerate(path) if one.id in self._known), default=0)
        if path[start].id not in self._known:
            self._known[0] = self._root(on_progress)
        for done, node in enumerate(path[start + 1 :], 1):
            on_progress(Progress("replaying", f"simulating node {node.id} again", done, len(path) - start - 1))
            self._known[node.id] = self._after(self._known[node.parent or 0], node)
        return self._known[path[-1].id]

    def keep(self, node: int, state: RunState) -> None:
        """Remember the state of a new node."""
        self._known[node] = state

    def _root(self, on_progress: OnProgress) -> RunState:
        if self._origin is None:
            return RunState(empty_coverage(self._bench.plan))

        def tell(turn: int, turns: int) -> None:
            on_progress(Progress("replaying", f"replaying turn {turn} of {turns} of the run", turn, turns))

        done = resimulate(self._origin, self._bench, on_turn=tell)
        self._same(done.different)
        return done.state

    def _after(self, state: RunState, node: Node) -> RunState:
        if node.turn is None or node.reply is None:
            return state
        after, again = advance(
            state, recorded_proposal(node.turn, (node.messages, node.reply.text)), self._bench, UNLIMITED
        )
        self._same(tuple(different_tests(node.turn, again)))
        return replace(after, spent=node.turn.spent)

    def _same(self, different: tuple[int, ...]) -> None:
        if different:
            raise UsageError(
                f"tests {different[:5]} behave otherwise than recorded; the session cannot go on with them"
            )

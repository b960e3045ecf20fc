"""Shared state of a session: the log, the tree built from it, the run states of its nodes, and the testbench."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace

from dv_agent.agents.models.chat_model import Message
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.resimulation import UNLIMITED, different_tests, recorded_proposal, resimulate
from dv_agent.agents.session.drafts.preview import Rendered, render_draft
from dv_agent.agents.session.log import ORIGIN, Line, SessionLog
from dv_agent.agents.session.nodes import Draft, Node
from dv_agent.agents.session.progress import OnProgress, Progress, no_progress
from dv_agent.agents.session.tree import Tree, Which, read_tree
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.text.wording import numbered
from dv_agent.errors import InputFileError, UsageError
from dv_agent.prompts.view import View

_RENDERED = 8


class SessionContext:
    """Log, tree, run states and testbench of a session, protected by one lock.

    Args:
        log: an open session folder.
        bench: the testbench of the session's design, on an open simulator.

    Raises:
        InputFileError: the log is inconsistent.
    """

    def __init__(self, log: SessionLog, bench: Testbench) -> None:
        self.log, self.bench, self.lock = log, bench, threading.RLock()
        try:
            self.tree = read_tree(log.header.draft, log.lines)
        except UsageError as error:
            raise InputFileError(log.folder, str(error)) from None
        self.origin = read_run(log.folder / ORIGIN) if log.header.origin else None
        self.states = NodeStates(bench, self.tree, self.origin)
        self._rendered: deque[tuple[int, Draft, Draft, Rendered]] = deque(maxlen=_RENDERED)

    def take(self, line: Line) -> None:
        """Write a line and apply it, always both; do nothing after the folder is closed."""
        with self.lock:
            if self.log.append(line):
                self.tree.take(line)

    def state(self, which: Which = None, on_progress: OnProgress = no_progress) -> RunState:
        """Return the run state of a node, see `NodeStates.state`."""
        with self.lock:
            return self.states.state(which, on_progress)

    def view(self, which: Which = None) -> View:
        """Return the view of a model at a node."""
        return make_view(self.bench, self.state(which), self.log.header.budget)

    def rendered(self, which: Which, draft: Draft) -> Rendered:
        """What `draft` comes to at a node, and how it differs from the prompt without changes and from the last one.

        The last few results are cached: a node's state never changes, and each is used again for sending and recording.
        """
        with self.lock:
            node = self.tree.node(which).id
            before = self.tree.before_changes(node, draft)
            for place, known, since, rendered in self._rendered:
                if place == node and known == draft and since == before:
                    return rendered
            last = self.tree.last_turn(node)
            sent = last.messages if last else ()
            found = render_draft(
                self.view(node), draft, self.log.header.seed, self._unchanged(node, draft, before), sent
            )
            self._rendered.append((node, draft, before, found))
            return found

    def _unchanged(self, node: int, draft: Draft, before: Draft) -> tuple[Message, ...]:
        """The prompt of a node without its unsent changes; empty where there are none, or where it has no prompt."""
        if draft == before:
            return ()
        try:
            return render_draft(self.view(node), before, self.log.header.seed).messages
        except UsageError:  # too long without the changes
            return ()


class NodeStates:
    """Run states by node. A requested state is simulated once, from the nearest ancestor whose state is known.

    Args:
        origin: the run whose end is the state of the root; None: the root is the empty state.
    """

    def __init__(self, bench: Testbench, tree: Tree, origin: RecordedRun | None) -> None:
        self._bench, self._tree, self._origin = bench, tree, origin
        self._known: dict[int, RunState] = {}

    def state(self, which: Which = None, on_progress: OnProgress = no_progress) -> RunState:
        """Return the state of a node.

        Raises:
            UsageError: recorded tests give another result now.
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
        """Store the state of a new node."""
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
                f"other results than recorded in {numbered('test', different)}; the session cannot go on from there"
            )

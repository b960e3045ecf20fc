"""What a session knows, in one place: the log and the tree that it makes, the states of its nodes, the testbench."""

from __future__ import annotations

import threading
from collections import deque

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.session.drafts.preview import Rendered, render_draft
from dv_agent.agents.session.log import ORIGIN, Line, SessionLog
from dv_agent.agents.session.nodes import Draft
from dv_agent.agents.session.progress import OnProgress, no_progress
from dv_agent.agents.session.run_states import NodeStates
from dv_agent.agents.session.tree import Which, read_tree
from dv_agent.agents.state import RunState, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.errors import InputFileError, UsageError
from dv_agent.prompts.view import View

_RENDERED = 8


class SessionContext:
    """Log, tree, states and testbench of a session, under one lock.

    Args:
        log: an open session folder.
        bench: the design of the session, on an open simulator.

    Raises:
        InputFileError: the log contradicts itself.
    """

    def __init__(self, log: SessionLog, bench: Testbench) -> None:
        self.log, self.bench, self.lock = log, bench, threading.RLock()
        try:
            self.tree = read_tree(log.header.draft, log.lines)
        except UsageError as error:
            raise InputFileError(log.folder, str(error)) from None
        self.origin = read_run(log.folder / ORIGIN) if log.header.origin else None
        self.states = NodeStates(bench, self.tree, self.origin)
        self._rendered: deque[tuple[int, Draft, Rendered]] = deque(maxlen=_RENDERED)

    def take(self, line: Line) -> None:
        """Write a line and apply it: never one without the other; nothing once the folder is closed."""
        with self.lock:
            if self.log.append(line):
                self.tree.take(line)

    def state(self, which: Which = None, on_progress: OnProgress = no_progress) -> RunState:
        """The run state of a node, see `States.state`."""
        with self.lock:
            return self.states.state(which, on_progress)

    def view(self, which: Which = None) -> View:
        """All that a model may know at a node."""
        return make_view(self.bench, self.state(which), self.log.header.budget)

    def rendered(self, which: Which, draft: Draft) -> Rendered:
        """What `draft` comes to at a node, with the difference to the last prompt on the way there.

        The last few are kept: a node's state never changes, and each is wanted again when it is sent and recorded.
        """
        with self.lock:
            node = self.tree.node(which).id
            for place, known, rendered in self._rendered:
                if place == node and known == draft:
                    return rendered
            last = self.tree.last_turn(node)
            found = render_draft(self.view(node), draft, self.log.header.seed, last.messages if last else ())
            self._rendered.append((node, draft, found))
            return found
